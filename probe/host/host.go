// Package host samples how busy the machine and this process are: evidence for whether holter itself
// was the one that was late.
package host

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"holter/model"
	"holter/probe/process"
)

const (
	// rest is how long a source that failed is left alone: most failures are for good, such as a
	// figure that the platform does not have.
	rest = 10 * time.Second

	// grace is how long Run waits at its end for readings under way. Their contexts have ended, but a
	// read of a file that hangs in the kernel heeds none.
	grace = time.Second
)

// Sampler reads the figures of a [model.Host] again and again. The zero Sampler is ready to use.
//
// Every source of figures is read in a goroutine of its own, so one that is slow, hangs or fails
// takes nothing from the others: its figures stay those of its last reading for up to three
// intervals, and are 0 then. One that failed has 0 at once and is asked again after 10 s.
type Sampler struct {
	sources []*source // nil for those of this machine
}

// Run hands a sample to emit at each interval, the first after one interval, as percentages need two
// readings; the Cores of two samples may share memory and are not written again. It returns nil when
// ctx has ended, and an error only for an interval that is not positive. It calls emit from its own
// goroutine, so an emit that waits delays the next sample and nothing else.
func (s *Sampler) Run(ctx context.Context, interval time.Duration, emit func(model.Host)) error {
	if interval <= 0 {
		return fmt.Errorf("sample the host: interval %v is not positive", interval)
	}
	p := newPanel(s.sources, interval)
	defer p.leave()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()

	p.ask(ctx) // what the first differences start from
	for {
		select {
		case <-ctx.Done():
			return nil
		case a := <-p.answers:
			p.take(a)
		case <-ticker.C:
			stuck := p.pending // asked an interval ago and silent still: not worth a wait
			p.ask(ctx)
			p.gather(ctx, stuck)
			if ctx.Err() == nil {
				emit(p.sample())
			}
		}
	}
}

// reader reads something of the machine: no figures without an error mean that it has none yet.
type reader func(context.Context) (figures, error)

// figures puts into a sample what was read.
type figures func(*model.Host)

// source is a reader and its last figures. No two readings of one source overlap, so a reader may keep
// what its next difference starts from.
type source struct {
	read  reader
	every time.Duration // at least this long between two readings; 0 for one each sample

	busy    bool      // a reading is under way
	due     time.Time // not to be asked before
	figures figures   // of the last reading; nil if it failed
	taken   time.Time // when figures came
}

type answer struct {
	source  *source
	figures figures
	err     error
}

// panel is the sources during one Run, which alone touches it; only read runs elsewhere.
type panel struct {
	sources  []*source
	interval time.Duration
	answers  chan answer // has room for all, so that a late source does not wait
	pending  int
}

func newPanel(sources []*source, interval time.Duration) *panel {
	if sources == nil {
		sources = machine()
	}
	return &panel{sources: sources, interval: interval, answers: make(chan answer, len(sources))}
}

// ask starts a reading of every source that is due and not being read still.
func (p *panel) ask(ctx context.Context) {
	now := time.Now()
	for _, s := range p.sources {
		if s.busy || now.Before(s.due) {
			continue
		}
		s.busy, s.due = true, now.Add(s.every)
		p.pending++
		process.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, p.interval)
			defer cancel()
			figures, err := s.read(ctx)
			p.answers <- answer{s, figures, err}
		})
	}
}

// gather takes answers until no more than stuck are missing. After half an interval it leaves the
// late ones to the next sample.
func (p *panel) gather(ctx context.Context, stuck int) {
	late := time.NewTimer(p.interval / 2)
	defer late.Stop()
	for p.pending > stuck {
		select {
		case a := <-p.answers:
			p.take(a)
		case <-late.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (p *panel) take(a answer) {
	p.pending--
	s, now := a.source, time.Now()
	s.busy = false
	if a.err != nil {
		s.figures, s.due = nil, now.Add(rest)
		return
	}
	s.figures, s.taken = a.figures, now
}

// sample puts the figures that are not too old together.
func (p *panel) sample() model.Host {
	now := time.Now()
	h := model.Host{Time: now}
	h.Process.Goroutines = runtime.NumGoroutine()
	for _, s := range p.sources {
		if s.figures != nil && now.Sub(s.taken) <= s.every+3*p.interval {
			s.figures(&h)
		}
	}
	return h
}

// leave waits for the readings under way, but no longer than grace.
func (p *panel) leave() {
	late := time.NewTimer(grace)
	defer late.Stop()
	for p.pending > 0 {
		select {
		case a := <-p.answers:
			p.take(a)
		case <-late.C:
			return
		}
	}
}
