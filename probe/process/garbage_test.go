package process

import (
	"context"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// percent returns the collector's setting.
func percent() int {
	p := debug.SetGCPercent(100)
	debug.SetGCPercent(p)
	return p
}

func TestCollectGarbageFollowsTheConnections(t *testing.T) {
	t.Setenv("GOGC", "")
	defer debug.SetGCPercent(percent())
	synctest.Test(t, func(t *testing.T) {
		var connections atomic.Int64
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error)
		go func() { over <- CollectGarbage(ctx, 20, func() int { return int(connections.Load()) }) }()
		for _, step := range []struct {
			after time.Duration
			more  int64
			want  int
		}{
			{0, 0, growing},
			{calmAfter - time.Second/2, 0, growing},
			{time.Second, 0, 20},
			{time.Second, crowd - 1, 20},
			{time.Second, crowd, growing},
			{time.Second, -10 * crowd, growing},
			{calmAfter, 0, 20},
			{time.Second, 2 * crowd, growing},
		} {
			connections.Add(step.more)
			time.Sleep(step.after)
			synctest.Wait()
			if got := percent(); got != step.want {
				t.Errorf("%d more, %v later: %d %%, want %d", step.more, step.after, got, step.want)
			}
		}
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
}

func TestCollectGarbageLeavesGOGCAlone(t *testing.T) {
	t.Setenv("GOGC", "77")
	before := percent()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error)
		go func() { over <- CollectGarbage(ctx, 20, func() int { return 0 }) }()
		time.Sleep(2 * calmAfter)
		if got := percent(); got != before {
			t.Errorf("%d %%, want %d, unchanged", got, before)
		}
		stop()
		<-over
	})
}
