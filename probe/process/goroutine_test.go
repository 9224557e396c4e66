package process

import (
	"context"
	"errors"
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
