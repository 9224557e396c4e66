// Package compare measures heartbeats against each other: holter's three schemes and the customary
// fixed settings, over real connections, under the same faults.
package compare

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"holter/probe/process"
)

// Options set a comparison up.
type Options struct {
	Quick bool   `help:"A first look in some 20 s: few connections, and times compressed where the fault allows it."`
	Seed  uint64 `default:"1" help:"What all that is random is drawn from."`

	// Progress is called a few times a second with one line, if it is not nil.
	Progress func(string) `kong:"-"`
}

// scale is how much is done.
type scale struct {
	few, many int           // connections for each scheme and fault
	life      time.Duration // of a connection until it is struck at the latest, at true scale
	ramp      time.Duration // in which they open
	patience  time.Duration // after the fault, if that is longer than the scheme's limit
	cutAll    bool          // life is long enough to strike at true scale in every scheme
	cost      costScale
}

var (
	full  = scale{few: 40, many: 100, life: 90 * time.Second, ramp: 5 * time.Second, patience: 62 * time.Second, cutAll: true, cost: fullCost}
	quick = scale{few: 8, many: 10, life: 10 * time.Second, ramp: time.Second, cost: quickCost}
)

// Run compares. It takes about three minutes, in which it keeps some 2400 connections; it fails if
// the process may not have so many sockets, or if ctx ends before it is done.
func Run(ctx context.Context, o Options) (*Report, error) {
	scale := full
	if o.Quick {
		scale = quick
	}
	trials := draw(&scale, o)
	if err := process.CanOpen(len(trials) * socketsEach); err != nil {
		return nil, fmt.Errorf("%d connections over a link of their own: %w", len(trials), err)
	}
	begin := time.Now()
	report := newReport(o)
	costs, err := weigh(ctx, &scale.cost, o.Progress)
	if err != nil {
		return nil, err
	}
	if err := observe(ctx, trials, report, o.Progress); err != nil {
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
	for i := range schemes {
		for j := range faults {
			n := scale.few
			if faults[j].many {
				n = scale.many
			}
			for turn := range n {
				random := rand.New(rand.NewPCG(o.Seed, uint64(i)<<32|uint64(j)<<16|uint64(turn)))
				trials = append(trials, &trial{
					scheme: &schemes[i], fault: &faults[j], turn: turn, random: random,
					plan: scale.plan(&schemes[i], &faults[j], phase(turn, n, random), random),
				})
			}
		}
	}
	return trials
}

// quickLife is how long a connection lives in compressed time: the server's heart has seen the eight
// round trips by then, and the peer's rhythm, after which its limits are what they will be.
const quickLife = 45 * time.Second

// phase draws at which phase of the beats a fault strikes, 0…1. The n connections divide all phases
// between them, those with an odd turn for themselves, so that few are enough for a fair mean.
func phase(turn, n int, random *rand.Rand) float64 {
	parts := (n + 1) / 2
	return (float64(turn/2) + random.Float64()) / float64(parts)
}

// plan says when a connection opens and when it is struck.
func (s *scale) plan(of *scheme, f *fault, phase float64, random *rand.Rand) plan {
	p := plan{compression: 1, life: s.life, cut: f.strike != nil, patience: max(s.patience, of.limit)}
	p.opens = time.Duration(random.Float64() * float64(s.ramp))
	before := time.Duration(phase * float64(of.ping))
	switch {
	case s.cutAll:
	case !f.ownTime:
		p.compression, p.life = of.hurry, max(quickLife, of.ping*5/4)
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
func observe(ctx context.Context, trials []*trial, report *Report, progress func(string)) error {
	lab, err := openLab()
	if err != nil {
		return err
	}
	defer lab.close()
	var done atomic.Int64
	begin := time.Now()
	stop := every(progress, func() string {
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
	worst, often := lab.schedule.lateBy()
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
		last = max(last, t.plan.opens+time.Duration(float64(takes)/t.plan.compression))
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
