package process

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
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
