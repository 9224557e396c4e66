package share

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

// slowSource takes a while for a snapshot.
type slowSource struct {
	taken, taking atomic.Int64
	atOnce        atomic.Bool
}

func (s *slowSource) Snapshot(ctx context.Context) (model.Snapshot, error) {
	n := s.taken.Add(1)
	if s.taking.Add(1) > 1 {
		s.atOnce.Store(true)
	}
	defer s.taking.Add(-1)
	time.Sleep(time.Second)
	return model.Snapshot{Refusals: model.Refusals{model.ReasonOther: uint64(n)}}, ctx.Err()
}

// However many ask at once, two snapshots are enough, and nobody gets one that was begun before the question.
func TestSnapshotsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(slowSource)
		p := From(s.Snapshot)
		var asking sync.WaitGroup
		ask := func(ctx context.Context, want uint64) {
			asking.Go(func() {
				if got, err := p.Take(ctx); ctx.Err() == nil && (err != nil || got.Refusals[model.ReasonOther] != want) {
					t.Errorf("got snapshot %d, %v, want %d", got.Refusals[model.ReasonOther], err, want)
				}
			})
		}
		ask(t.Context(), 1)
		synctest.Wait()
		gone, leave := context.WithCancel(t.Context())
		ask(gone, 2) // it takes the second one for all others, although its own reader goes
		synctest.Wait()
		for range 50 {
			ask(t.Context(), 2)
		}
		synctest.Wait()
		leave()
		time.Sleep(1500 * time.Millisecond) // the second one is being taken
		ask(t.Context(), 3)
		asking.Wait()
		if n := s.taken.Load(); n != 3 {
			t.Errorf("%d were taken", n)
		}
		if s.atOnce.Load() {
			t.Error("two were taken at once")
		}
		ask(t.Context(), 4)
		asking.Wait()
	})
}
