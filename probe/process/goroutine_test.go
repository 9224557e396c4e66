package process

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestGroupWaits(t *testing.T) {
	var group Group
	var ended atomic.Int32
	for range 10 {
		group.Go(func() { ended.Add(1) })
	}
	group.Wait()
	if n := ended.Load(); n != 10 {
		t.Errorf("%d of 10 ended before Wait returned", n)
	}
}

func TestRunEndsAllAtTheFirstError(t *testing.T) {
	broken, late := errors.New("broken"), errors.New("late")
	err := Run(t.Context(),
		func(context.Context) error { return nil },
		func(ctx context.Context) error { <-ctx.Done(); return late },
		func(context.Context) error { return broken },
	)
	if err != broken {
		t.Errorf("error %v, want that of the first part that failed", err)
	}
}

func TestRunGoesOnAfterAPartThatEndsWell(t *testing.T) {
	ended := make(chan struct{})
	err := Run(t.Context(),
		func(context.Context) error { close(ended); return nil },
		func(ctx context.Context) error { <-ended; return ctx.Err() },
	)
	if err != nil {
		t.Errorf("error %v", err)
	}
}

func TestTogetherEndsWithTheFirst(t *testing.T) {
	broken := errors.New("broken")
	untilStopped := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for name, c := range map[string]struct {
		first Part
		want  error
	}{
		"an error":   {func(context.Context) error { return broken }, broken},
		"a good end": {func(context.Context) error { return nil }, nil},
	} {
		if err := Together(t.Context(), untilStopped, c.first, untilStopped); err != c.want {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
	err := Together(t.Context(), untilStopped, func(context.Context) error { panic("of the machine") })
	if err == nil || !strings.HasPrefix(err.Error(), "panic: of the machine\n") || !strings.Contains(err.Error(), "TestTogether") {
		t.Errorf("a panic: error %v", err)
	}
}

func TestBesideOutlastsThePart(t *testing.T) {
	part, side := errors.New("part"), errors.New("side")
	ctx, stop := context.WithCancel(t.Context())
	order := make(chan string, 2)
	err := Beside(
		func(ctx context.Context) error {
			<-ctx.Done()
			order <- "side"
			return side
		},
		func(ctx context.Context) error {
			stop()
			<-ctx.Done()
			order <- "part"
			return part
		},
	)(ctx)
	if !errors.Is(err, part) || !errors.Is(err, side) {
		t.Errorf("error %v, want both", err)
	}
	if first := <-order; first != "part" {
		t.Errorf("the %s ended first", first)
	}
}

// Only after SIGTERM does a part run on until it is wound up. It may end before that.
func TestGently(t *testing.T) {
	for name, c := range map[string]struct {
		cause  error
		wind   time.Duration
		part   time.Duration // after which it ends by itself; 0 for never
		length time.Duration
	}{
		"interrupted":                {nil, time.Minute, 0, 0},
		"terminated":                 {ErrTerminated, time.Minute, 0, time.Minute},
		"ended while it is wound up": {ErrTerminated, time.Minute, 10 * time.Second, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				below, stop := context.WithCancel(ctx) // as that of a command is
				defer stop()
				last := errors.New("the part's")
				ended := make(chan error, 1)
				go func() {
					ended <- Gently(func(ctx context.Context) {
						select {
						case <-ctx.Done():
						case <-time.After(c.wind):
						}
					}, func(ctx context.Context) error {
						var itself <-chan time.Time
						if c.part > 0 {
							itself = time.After(time.Hour + c.part)
						}
						select {
						case <-ctx.Done():
						case <-itself:
						}
						return last
					})(below)
				}()
				time.Sleep(time.Hour)
				begin := time.Now()
				cancel(c.cause)
				if err := <-ended; err != last || time.Since(begin) != c.length {
					t.Errorf("ended with %v after %v, want after %v", err, time.Since(begin), c.length)
				}
			})
		})
	}
}

func TestGentlyEndsWithItsPart(t *testing.T) {
	done := errors.New("done")
	err := Gently(func(context.Context) { t.Error("wound up") }, func(context.Context) error { return done })(t.Context())
	if err != done {
		t.Errorf("error %v", err)
	}
}
