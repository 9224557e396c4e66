// Package host samples how busy the machine and this process are. The figures are evidence for or against the
// machine when heartbeats are late.
//
// A Sampler owns its sources and starts one goroutine for each reading. It only reports figures and judges nothing,
// and it changes no setting of the process: a library may run it inside an application. Package server runs one for
// each monitor.
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
	// retryAfter is how long a source that failed is not read. Most failures are permanent, such as a figure that the
	// platform does not have.
	retryAfter = 10 * time.Second

	// grace is how long Run waits at its end for unfinished readings. Their contexts have ended, but a read that
	// hangs in the kernel does not notice.
	grace = time.Second
)

// Sampler reads the figures of a [model.Host] at each interval. The zero Sampler is ready to use.
//
// Each source of figures is read in a goroutine of its own, so that a source which is slow, hangs or fails does not
// affect the others. If a reading is late, the samples contain the figures of the last one for up to three intervals,
// and 0 after that. If a reading fails, its figures are 0 at once, and the source is read again after 10 s.
type Sampler struct {
	sources []*source // nil for the sources of this machine
}

// Run calls emit with a sample at each interval. The first sample comes after one interval, because percentages need
// two readings. Samples may share the memory of Cores, which is not written again. Run returns nil when ctx has ended,
// and an error only if the interval is not positive. It calls emit in the caller's goroutine, so that an emit which
// blocks delays the next sample and nothing else.
func (s *Sampler) Run(ctx context.Context, interval time.Duration, emit func(model.Host)) error {
	if interval <= 0 {
		return fmt.Errorf("sample the host: interval %v is not positive", interval)
	}
	p := newReadings(s.sources, interval)
	defer p.wait()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()

	p.startDue(ctx) // the first readings, from which the first differences are taken
	for {
		select {
		case <-ctx.Done():
			return nil
		case a := <-p.answers:
			p.store(a)
		case <-ticker.C:
			stuck := p.pending // started an interval ago and not finished: do not wait for these
			p.startDue(ctx)
			p.collect(ctx, stuck)
			if ctx.Err() == nil {
				emit(p.sample())
			}
		}
	}
}

// reader reads some figures of the machine. It returns nil without an error if there are none yet.
type reader func(context.Context) (figures, error)

// figures sets the fields of a sample that a reader has read.
type figures func(*model.Host)

// source is a reader and its last figures. Two readings of one source never overlap, so that a reader may keep the
// values for its next difference without a lock.
type source struct {
	read  reader
	every time.Duration // the least time between two readings; 0 for one reading at each sample

	busy    bool      // a reading has been started and is not finished
	due     time.Time // when to start the next reading at the earliest
	figures figures   // of the last reading; nil if it failed
	taken   time.Time // when that reading finished
}

type answer struct {
	source  *source
	figures figures
	err     error
}

// readings are the sources during one Run. Only the goroutine in Run uses its fields; the functions read run in
// goroutines of their own and send an answer.
type readings struct {
	sources  []*source
	interval time.Duration
	answers  chan answer // has room for all sources, so that a late one does not block
	pending  int
}

func newReadings(sources []*source, interval time.Duration) *readings {
	if sources == nil {
		sources = machine()
	}
	return &readings{sources: sources, interval: interval, answers: make(chan answer, len(sources))}
}

// startDue starts a reading of each source that is due, unless its last reading is not finished.
func (p *readings) startDue(ctx context.Context) {
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

// collect stores answers until no more than stuck are missing, or for half an interval. Answers that come later are
// part of the next sample.
func (p *readings) collect(ctx context.Context, stuck int) {
	late := time.NewTimer(p.interval / 2)
	defer late.Stop()
	for p.pending > stuck {
		select {
		case a := <-p.answers:
			p.store(a)
		case <-late.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (p *readings) store(a answer) {
	p.pending--
	s, now := a.source, time.Now()
	s.busy = false
	if a.err != nil {
		s.figures, s.due = nil, now.Add(retryAfter)
		return
	}
	s.figures, s.taken = a.figures, now
}

// sample makes a sample of all figures that are not too old.
func (p *readings) sample() model.Host {
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

// wait waits until all readings are finished, but no longer than grace.
func (p *readings) wait() {
	late := time.NewTimer(grace)
	defer late.Stop()
	for p.pending > 0 {
		select {
		case a := <-p.answers:
			p.store(a)
		case <-late.C:
			return
		}
	}
}
