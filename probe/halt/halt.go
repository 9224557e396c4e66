// Package halt tells why this process did not run for a while: it was stopped by a signal, the machine slept, or it got no
// processor.
//
// The owner of a Watch calls Look about once a second, so that there is something to compare with, and Why when it has found
// that it was late by some time: that is found by whoever keeps a schedule. Why names nothing for which it has no
// evidence. The package starts no goroutine and changes nothing: a process that is told to go on by SIGCONT goes on as
// before, and others may be notified of that signal as well.
package halt

import (
	"os"
	"sync"
	"time"

	"holter/model"
)

// Watch keeps what Why compares with. A nil Watch knows nothing. Any goroutine may call its methods.
type Watch struct {
	goOn chan os.Signal // buffered: a place for one signal

	mu      sync.Mutex    // protects all following
	resumed time.Time     // when a signal to go on was last found
	waited  time.Duration // at the last Look, as the functions of these names
	worked  time.Duration
	slept   time.Duration
}

// New makes a watch, which does nothing until Start.
func New() *Watch { return &Watch{goOn: make(chan os.Signal, 1)} }

// Start begins to notice stops, until Stop.
func (w *Watch) Start() {
	w.notify()
	w.Look()
}

// Stop ends what Start has begun.
func (w *Watch) Stop() { w.ignore() }

// Look takes the readings that the next Why compares with. The caller has not been late since the last one, or knows why.
func (w *Watch) Look() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.take(time.Now())
	w.waited, _ = waited()
	w.worked, _ = worked()
	w.slept, _ = slept()
}

// take finds out whether a signal to go on has come. It runs under mu.
func (w *Watch) take(now time.Time) {
	select {
	case <-w.goOn:
		w.resumed = now
	default:
	}
}

const (
	// goesOnWithin is how long after the end of a lateness the signal to go on may be found, or before, if that was noted
	// late.
	goesOnWithin = time.Second
	// most is the share of a lateness that must have been spent in one way for that to be its reason.
	most = 0.7
)

// Why returns why the caller was late by so long until some moment. It is to be called soon after that, but not at once: a
// signal takes a moment to be delivered.
func (w *Watch) Why(late time.Duration, until time.Time) model.LateKind {
	if w == nil {
		return model.LateUnknown
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.take(time.Now())
	least := time.Duration(most * float64(late))
	if now, ok := slept(); ok && now-w.slept >= least {
		return model.LateSlept
	}
	if !w.resumed.IsZero() && w.resumed.Sub(until).Abs() < goesOnWithin {
		return model.LateStopped
	}
	if now, ok := waited(); ok && now-w.waited >= least {
		return model.LateStarved
	}
	if now, ok := worked(); ok && now-w.worked >= least {
		return model.LateStarved
	}
	return model.LateUnknown
}

// Slept returns for how long the machine has slept since it was booted, as far as the platform tells. Its zero is any.
func (w *Watch) Slept() (d time.Duration, known bool) {
	if w == nil {
		return 0, false
	}
	return slept()
}
