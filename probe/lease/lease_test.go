package lease

import (
	"testing"
	"testing/synctest"
	"time"
)

const term = time.Millisecond

// granted is how long h waits for a lease.
func granted(t *testing.T, p *Pool[string], h string) time.Duration {
	t.Helper()
	start := time.Now()
	if !p.Acquire(t.Context().Done(), h) {
		t.Fatalf("no lease for %s", h)
	}
	return time.Since(start)
}

func TestLeaseEndsWhenGivenBackOrWithItsTerm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool[string](2, term)
		if a, b := granted(t, p, "a"), granted(t, p, "b"); a != 0 || b != 0 {
			t.Errorf("free leases were waited for: %v, %v", a, b)
		}
		time.AfterFunc(term/4, func() { p.Release("b") })
		if wait := granted(t, p, "c"); wait != term/4 {
			t.Errorf("c waited %v, want until b gave its lease back after %v", wait, term/4)
		}
		if wait := granted(t, p, "d"); wait != term*3/4 {
			t.Errorf("d waited %v, want until the term of a was over after %v", wait, term*3/4)
		}
		p.Release("a") // which is over
		if wait := granted(t, p, "e"); wait != term/4 {
			t.Errorf("e waited %v, want until the term of c was over after %v", wait, term/4)
		}
	})
}

func TestLeasesAreGrantedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool[string](1, term)
		var order string
		for _, h := range []string{"a", "b", "c", "d"} {
			go func() {
				granted(t, p, h)
				order += h
			}()
			synctest.Wait()
		}
		time.Sleep(4 * term)
		if order != "abcd" {
			t.Errorf("granted in the order %s", order)
		}
	})
}

func TestWaitingForALeaseCanBeEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool[string](1, term)
		granted(t, p, "a")
		done := make(chan struct{})
		results := make(chan bool)
		for range 2 { // the one waits for a lease, the other for its turn
			go func() { results <- p.Acquire(done, "b") }()
		}
		synctest.Wait()
		close(done)
		for range 2 {
			if <-results {
				t.Error("a lease was granted although the waiting had ended")
			}
		}
	})
}
