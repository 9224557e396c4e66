//go:build unix

package halt

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"holter/model"
)

// why asks until the answer is as wanted, or for a while.
func why(w *Watch, late time.Duration, until time.Time, want model.LateKind) (got model.LateKind) {
	for limit := time.Now().Add(5 * time.Second); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		if got = w.Why(late, until); got == want {
			break
		}
	}
	return got
}

func TestStopped(t *testing.T) {
	w := New()
	w.Start()
	defer w.Stop()
	if got := w.Why(300*time.Millisecond, time.Now()); got != model.LateUnknown {
		t.Errorf("%s before anything happened", got)
	}
	unix.Kill(unix.Getpid(), unix.SIGCONT)
	resumed := time.Now()
	if got := why(w, 300*time.Millisecond, resumed, model.LateStopped); got != model.LateStopped {
		t.Errorf("%s after a signal to go on", got)
	}
	if got := w.Why(300*time.Millisecond, resumed.Add(time.Minute)); got != model.LateUnknown {
		t.Errorf("%s a minute after a signal to go on", got)
	}
}

// The process is busy itself.
func TestStarved(t *testing.T) {
	w := New()
	w.Start()
	defer w.Stop()
	const late = 200 * time.Millisecond
	before, _ := worked()
	for now := before; now-before < late; now, _ = worked() {
	}
	if got := w.Why(late, time.Now()); got != model.LateStarved {
		t.Errorf("%s after the process has worked for %v", got, late)
	}
	w.Look()
	if got := w.Why(time.Hour, time.Now()); got != model.LateUnknown {
		t.Errorf("%s, and what was before the last look counts", got)
	}
}

func TestReadings(t *testing.T) {
	if d, ok := worked(); !ok || d <= 0 {
		t.Errorf("worked for %v, %t", d, ok)
	}
	if a, ok := slept(); ok {
		if b, _ := slept(); (b - a).Abs() > time.Second {
			t.Errorf("slept for %v and for %v", a, b)
		}
	}
	if d, ok := waited(); ok && d < 0 {
		t.Errorf("waited for %v", d)
	}
}

func TestNoWatch(t *testing.T) {
	var w *Watch
	w.Look()
	if _, known := w.Slept(); known || w.Why(time.Second, time.Now()) != model.LateUnknown {
		t.Error("it knows something")
	}
}

func BenchmarkLook(b *testing.B) {
	w := New()
	for b.Loop() {
		w.Look()
	}
}

func BenchmarkSlept(b *testing.B) {
	for b.Loop() {
		slept()
	}
}
