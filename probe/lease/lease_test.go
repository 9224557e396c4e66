package lease

import (
	"testing"
	"testing/synctest"
	"time"
)

const term = time.Millisecond

// granted returns how long h had to wait for a lease.
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
			t.Errorf("a and b waited %v and %v although leases were free", a, b)
		}
		time.AfterFunc(term/4, func() { p.Release("b") })
		if wait := granted(t, p, "c"); wait != term/4 {
			t.Errorf("c waited %v, want until b gave its lease back after %v", wait, term/4)
		}
		if wait := granted(t, p, "d"); wait != term*3/4 {
			t.Errorf("d waited %v, want until the term of a was over after %v", wait, term*3/4)
		}
		p.Release("a") // whose lease has ended with its term
		if wait := granted(t, p, "e"); wait != term/4 {
			t.Errorf("e waited %v, want until the term of c was over after %v", wait, term/4)
		}
	})
}

func TestLeasesAreGrantedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool[string](1, term)
		holders := []string{"a", "b", "c", "d"}
		order := make(chan string, len(holders))
		for _, h := range holders {
			go func() {
				granted(t, p, h)
				order <- h
			}()
			synctest.Wait()
		}
		for _, h := range holders {
			if got := <-order; got != h {
				t.Errorf("granted to %s, want %s first", got, h)
			}
		}
	})
}

func TestWaitingForALeaseCanBeEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool[string](1, term)
		granted(t, p, "a")
		done := make(chan struct{})
		waiting := make(chan bool)
		go func() { waiting <- p.Acquire(done, "b") }()
		synctest.Wait()
		close(done)
		if <-waiting {
			t.Error("b was granted a lease after it had stopped waiting")
		}
		if wait := granted(t, p, "c"); wait != term {
			t.Errorf("c waited %v after b had left, want until the term of a was over after %v", wait, term)
		}
	})
}
