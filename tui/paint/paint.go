// Package paint shows pictures on a terminal, and writes no more than what differs from the picture before.
//
// Painter compares pictures cell by cell. Screen owns the terminal from beginning to end: it writes from a goroutine of its
// own, so that neither the pictures nor the servers behind them wait for a terminal that is slow or takes nothing. A picture is
// begun only when the terminal has taken the one before. Meanwhile the newest is kept and the others are left out, and Screen
// counts them, so that the picture can say it. Model puts a Bubble Tea program on a Screen: Bubble Tea runs the program, and
// draws nothing.
//
// Nothing else may write to the terminal while a Screen has it. What is no picture, such as a text for the clipboard, goes
// through Screen.Write. The room knows nothing of what pictures show.
package paint

import (
	"context"
	"errors"
	"sync"
	"time"

	"holter/tui/terminal"
)

const (
	// frameTime is the least time from one picture to the next.
	frameTime = 50 * time.Millisecond
	// slowFrom is how long the terminal may take for a picture before it counts as slow.
	slowFrom = 250 * time.Millisecond
	// overWithin bounds the wait for a write that cannot be broken off.
	overWithin = 300 * time.Millisecond
)

const (
	mouseOn  = "\x1b[?1002h\x1b[?1006h"
	mouseOff = "\x1b[?1006l\x1b[?1002l"
)

// Screen shows pictures on a terminal.
type Screen struct {
	term    *terminal.Terminal
	wake    chan struct{}
	over    chan struct{} // closed when run is over
	painter Painter       // run's
	pace    pace          // run's

	mu      sync.Mutex
	picture string // the newest
	w, h    int    // that it is drawn for
	fresh   bool   // it was not begun
	forget  bool   // the terminal may show anything
	other   []byte // to be written that is no picture
	mouse   bool
	aside   bool         // no pictures are shown
	then    func() error // for run to do first, nil for nothing
	running bool         // run has begun
	closed  bool
	busy    time.Time // when the terminal was given what it has not taken yet, zero if it has taken all
	skips   Skips
}

// Skips are the pictures that were left out because the terminal had not taken those before.
type Skips struct {
	Pictures int
	Last     time.Time
}

// New makes a screen of a terminal, which must be raw by then: see terminal.Terminal.Take. enter is written first.
func New(t *terminal.Terminal, enter string) *Screen {
	return &Screen{term: t, wake: make(chan struct{}, 1), over: make(chan struct{}), other: []byte(enter)}
}

// Show shows a picture for a terminal of w by h cells, as soon as the terminal has taken the picture before.
func (s *Screen) Show(picture string, w, h int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if picture == s.picture && w == s.w && h == s.h {
		return
	}
	if now := time.Now(); s.fresh && !s.busy.IsZero() && now.Sub(s.busy) > slowFrom {
		s.skips.Pictures++
		s.skips.Last = now
	}
	s.picture, s.w, s.h, s.fresh = picture, w, h, true
	s.wakeUp()
}

// Write has the terminal take bytes that are no part of a picture, and does not wait for it. There is no error.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.other = append(s.other, p...)
	s.wakeUp()
	return len(p), nil
}

// Mouse takes the mouse from the terminal, or gives it back.
func (s *Screen) Mouse(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mouse == on {
		return
	}
	s.mouse = on
	if !s.aside {
		s.switchMouse()
		s.wakeUp()
	}
}

func (s *Screen) switchMouse() {
	if s.mouse {
		s.other = append(s.other, mouseOn...)
	} else {
		s.other = append(s.other, mouseOff...)
	}
}

// Skipped tells of the pictures that were left out so far.
func (s *Screen) Skipped() Skips {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.skips
}

// Aside shows what was on the terminal before the screen, with a text below, until Back. Keys still come in.
func (s *Screen) Aside(text string) { s.step(func() error { s.term.Aside(text); return nil }) }

// Suspend gives the terminal back and stops the process. When the process goes on, the pictures are shown again.
func (s *Screen) Suspend() {
	s.step(func() error {
		s.term.Leave()
		terminal.Suspend()
		s.Back()
		return nil
	})
}

// step ends the showing of pictures. run calls then.
func (s *Screen) step(then func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aside, s.then = true, then
	s.wakeUp()
}

// Back shows the pictures again.
func (s *Screen) Back() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aside, s.then = false, s.retake
	s.wakeUp()
}

// retake takes the terminal again, which may show anything.
func (s *Screen) retake() error {
	enter, err := s.term.Take()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget, s.fresh = true, true
	s.other = append([]byte(enter), s.other...)
	if s.mouse {
		s.switchMouse()
	}
	s.wakeUp()
	return err
}

// isAside reports whether the pictures are not shown for now.
func (s *Screen) isAside() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.aside
}

func (s *Screen) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run writes until ctx ends, or until the terminal is gone or cannot be taken again. It is called once.
func (s *Screen) run(ctx context.Context) error {
	if !s.begin() {
		return nil
	}
	defer close(s.over)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		}
		began := time.Now()
		if err := s.work(ctx); err != nil {
			return err
		}
		rest := time.NewTimer(max(frameTime-time.Since(began), s.pace.rest(time.Now())))
		select {
		case <-ctx.Done():
		case <-rest.C:
		}
		rest.Stop()
		s.rested()
	}
}

// rested says that the terminal may have taken what it was given.
func (s *Screen) rested() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = time.Time{}
}

// work does what is to be done first, and then writes.
func (s *Screen) work(ctx context.Context) error {
	s.mu.Lock()
	then := s.then
	s.then = nil
	s.mu.Unlock()
	if then != nil {
		if err := then(); err != nil {
			return err
		}
	}
	return s.write(ctx, s.next())
}

func (s *Screen) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = !s.closed
	return s.running
}

// next is what is to be written now.
func (s *Screen) next() []byte {
	s.mu.Lock()
	if s.aside {
		s.mu.Unlock()
		return nil
	}
	out, fresh, picture, w, h := s.other, s.fresh, s.picture, s.w, s.h
	s.other, s.fresh, s.busy = nil, false, time.Now()
	if s.forget {
		s.forget = false
		s.painter.Forget()
	}
	s.mu.Unlock()
	if !fresh || w <= 0 || h <= 0 {
		return out
	}
	painted, whole := s.painter.Paint(picture, w, h, s.pace.limit(time.Now()))
	if !whole {
		s.mu.Lock()
		s.fresh = true
		s.wakeUp()
		s.mu.Unlock()
	}
	return append(out, painted...)
}

// write writes p, unless the screen ends or steps aside first.
func (s *Screen) write(ctx context.Context, p []byte) error {
	var err error
	n := 0
	for n < len(p) && err == nil && ctx.Err() == nil && !s.isAside() {
		var k int
		k, err = s.term.Write(p[n:])
		n += k
		s.pace.took(k, n < len(p), time.Now())
	}
	if n < len(p) {
		s.mu.Lock()
		s.forget = true
		s.mu.Unlock()
	}
	if errors.Is(err, terminal.ErrGone) {
		return err
	}
	return nil
}

// Close gives the terminal back, with text as the last that is on it. What the program was run with must have ended, such as
// the context of Model.
func (s *Screen) Close(text string) {
	s.mu.Lock()
	running := s.running
	s.closed, s.aside = true, true
	s.mu.Unlock()
	if running {
		select {
		case <-s.over:
		case <-time.After(overWithin):
		}
	}
	s.term.Close(text)
}
