// Package compare measures heartbeats against each other: holter's three schemes and common fixed settings, over
// real connections, with the same faults.
//
// All of it runs in one process. A lab is a WebSocket server with an endpoint for each scheme. A trial is one
// connection from its opening to its end. The client connects to the server over a link, which copies bytes between
// two sockets. Faults are applied in the link, so that both ends run the same code as in applications. In holter's
// schemes the server's end is a monitor around a gorilla endpoint, and clients that beat use package pulse, as a
// swarm's do. In the fixed schemes the server is the chat example of gorilla/websocket, and its client only answers.
//
// The package owns the lab, the links and the report. It imports no monitor: main passes one in Options. It
// implements only the fixed heartbeats.
package compare

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"holter/model/heart"
	"holter/probe/process"
)

// Options set a comparison up.
type Options struct {
	Quick bool   `help:"Give a first impression in about 25 s: with fewer connections, faster beats, and shorter times for the fixed settings where the fault allows it."`
	Seed  uint64 `default:"1" help:"Seed for the random choices: when connections open, when faults begin, and how packets travel."`

	// Monitor makes the monitors that are measured. It must be set.
	Monitor NewMonitor `kong:"-"`

	// Progress is called a few times a second with one line, from a goroutine of Run's, if it is not nil.
	Progress func(string) `kong:"-"`
}

// scale is how much is done.
type scale struct {
	schemes   []scheme
	few, many int           // connections for each scheme and fault
	life      time.Duration // of a connection until it is struck at the latest, at true scale
	ramp      time.Duration // in which they open
	patience  time.Duration // after the fault, if that is longer than the scheme's limit
	cutAll    bool          // life is long enough to strike at true scale in every scheme
	cost      costScale
}

// quickInterval is that of holter's schemes in a quick comparison: with the default one it would take a minute
// until a monitor has seen enough.
const quickInterval = time.Second

func fullScale() *scale {
	return &scale{
		schemes: schemesAt(heart.DefaultRhythm().Interval),
		few:     40, many: 100, life: 90 * time.Second, ramp: 5 * time.Second, patience: 62 * time.Second, cutAll: true,
		cost: costScale{connections: 300, span: 2 * time.Second},
	}
}

func quickScale() *scale {
	return &scale{
		schemes: schemesAt(quickInterval),
		few:     8, many: 10, life: quickLife, ramp: time.Second,
		cost: costScale{connections: 60, span: 300 * time.Millisecond},
	}
}

// Run compares. It takes about three minutes, in which it keeps some 2400 connections; it fails if
// the process may not open enough sockets, or if ctx ends before it is done.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Quick {
		return run(ctx, quickScale(), o)
	}
	return run(ctx, fullScale(), o)
}

func run(ctx context.Context, scale *scale, o Options) (*Report, error) {
	trials := draw(scale, o)
	if err := process.CanOpen(len(trials) * socketsEach); err != nil {
		return nil, fmt.Errorf("%d connections over a link of their own: %w", len(trials), err)
	}
	begin := time.Now()
	report := newReport(o, scale.schemes)
	costs, err := weigh(ctx, scale, o)
	if err != nil {
		return nil, err
	}
	if err := observe(ctx, scale.schemes, trials, report, o); err != nil {
		return nil, err
	}
	report.price(costs)
	report.TookMS = millis(time.Since(begin))
	return report, nil
}

// socketsEach is what a connection over a link costs: two ends, and two in between.
const socketsEach = 4

// draw makes all trials. Each draws from a source of its own.
func draw(scale *scale, o Options) []*trial {
	var trials []*trial
	for i := range scale.schemes {
		s := &scale.schemes[i]
		for j := range faults {
			n := scale.few
			if faults[j].many {
				n = scale.many
			}
			for turn := range n {
				random := rand.New(rand.NewPCG(o.Seed, uint64(i)<<32|uint64(j)<<16|uint64(turn)))
				trials = append(trials, &trial{
					scheme: s, fault: &faults[j], turn: turn, random: random,
					plan: scale.plan(s, &faults[j], phase(turn, n, random), random),
				})
			}
		}
	}
	return trials
}

const (
	// quickLife is how long a connection lives in a quick comparison, at true scale.
	quickLife = 10 * time.Second
	// quickFixedLife is how long it lives in compressed time.
	quickFixedLife = 45 * time.Second
)

// phase draws at which phase of the beats a fault strikes, 0…1. The even and the odd turns each cover all phases
// evenly, so a few of the n connections give a fair mean.
func phase(turn, n int, random *rand.Rand) float64 {
	parts := (n + 1) / 2
	return (float64(turn/2) + random.Float64()) / float64(parts)
}

// plan says when a connection opens and when it is struck.
func (s *scale) plan(of *scheme, f *fault, phase float64, random *rand.Rand) plan {
	p := plan{pace: 1, life: s.life, cut: f.strike != nil, patience: max(s.patience, of.limit)}
	p.opens = time.Duration(random.Float64() * float64(s.ramp))
	before := time.Duration(phase * float64(of.ping))
	switch {
	case s.cutAll:
	case of.fixed() && !f.ownTime:
		p.pace, p.life = of.hurry, max(quickFixedLife, of.ping*5/4)
	case f.many:
		p.cut = false // there is no time to see the end of it
	default:
		before = min(before, s.life/2)
	}
	if p.cut {
		p.life -= before
	}
	return p
}

// observe runs all trials and puts their results into report.
func observe(ctx context.Context, schemes []scheme, trials []*trial, report *Report, o Options) error {
	lab, ctx, err := openLab(ctx, schemes, o.Monitor)
	if err != nil {
		return err
	}
	defer lab.close()
	var done atomic.Int64
	begin := time.Now()
	stop := every(o.Progress, func() string {
		return fmt.Sprintf("%d of %d connections done, %.0f s of about %.0f s",
			done.Load(), len(trials), time.Since(begin).Seconds(), expected(trials).Seconds())
	})
	defer stop()
	var mu sync.Mutex
	var parts []func(context.Context) error
	for _, t := range trials {
		t.lab = lab
		parts = append(parts, func(ctx context.Context) error {
			r, err := t.run(ctx)
			done.Add(1)
			mu.Lock()
			defer mu.Unlock()
			report.add(t, &r)
			return err
		})
	}
	err = process.Run(ctx, parts...)
	worst, often := lab.clock.Late()
	report.LateMS, report.LateOften = millis(worst), often
	return err
}

// expected is when the last trial is over.
func expected(trials []*trial) time.Duration {
	last := time.Duration(0)
	for _, t := range trials {
		takes := t.plan.life
		if t.plan.cut {
			takes += t.plan.patience
		}
		last = max(last, t.plan.opens+t.plan.pace.real(takes))
	}
	return last
}

// progressEvery is how often there is news.
const progressEvery = 250 * time.Millisecond

// every calls progress with what line says until the returned function is called.
func every(progress func(string), line func() string) (stop func()) {
	if progress == nil {
		return func() {}
	}
	over := make(chan struct{})
	var working process.Group
	working.Go(func() {
		ticker := time.NewTicker(progressEvery)
		defer ticker.Stop()
		for {
			progress(line())
			select {
			case <-ticker.C:
			case <-over:
				return
			}
		}
	})
	return func() {
		close(over)
		working.Wait()
	}
}
