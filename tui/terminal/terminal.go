// Package terminal is the terminal that a screen takes: whether there is one that can show it, how it was before, its size,
// what is written to it, and how it is given back.
//
// A terminal may stop taking bytes at any time: a line that stalls, a user who holds the picture, a machine at the other end
// that sleeps. So nothing here waits for it without end. Where the system allows it, the terminal is opened a second time, for
// this process alone, so that a write can be broken off; elsewhere a write may hang, and whoever gives the terminal back does
// so without it. The terminal's settings are restored in any case, for that never waits.
//
// A Terminal is made before a screen takes the terminal, and may be used from any goroutine. It starts no goroutines.
package terminal

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"
)

// What is written when a screen takes the terminal, and in the opposite order when it gives it back: the alternate screen, the
// cursor, lines that do not go on in the next one, and marks around what is pasted. Leaving also ends what the screen may have
// switched on: a picture that was not whole, a style, and reports of the mouse and of the focus.
const (
	take  = "\x1b[?1049h" + "\x1b[?25l" + "\x1b[?7l" + "\x1b[?2004h"
	leave = "\x1b[?2026l" + "\x1b[m" + "\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l" + "\x1b[?1004l" +
		"\x1b[?2004l" + "\x1b[?7h" + "\x1b[?25h" + "\x1b[?1049l"
)

const (
	piece    = 100 * time.Millisecond // how long a write waits for a terminal that takes nothing
	patience = 700 * time.Millisecond // how long a terminal that is given back may take nothing
)

// ErrGone is the error of a terminal that hung up.
var ErrGone = errors.New("the terminal is gone")

// errLeft is the error of a write to a terminal that was given back for good.
var errLeft = errors.New("the terminal was given back")

// Terminal is where a screen is shown. Without a real one, such as in a test, settings are nobody's and a write is just that.
type Terminal struct {
	in    *os.File // nil if keys do not come from a terminal
	out   io.Writer
	own   *os.File    // out, opened for this process alone; nil where that is not possible
	fd    int         // of out, -1 if that is no file. It is asked for the size, maybe while out is closed
	state *term.State // how in was, nil if it is no terminal

	mu    sync.Mutex   // held by the one who writes
	up    atomic.Bool  // the screen is shown
	raw   atomic.Bool  // keys come one by one
	left  atomic.Bool  // for good
	modes consoleModes // of a Windows console
}

// Open remembers how the terminal behind in and out is. Nil stands for standard input or output.
func Open(in io.Reader, out io.Writer) *Terminal {
	if in == nil {
		in = os.Stdin
	}
	if out == nil {
		out = os.Stdout
	}
	t := &Terminal{out: out, fd: -1}
	if isTerminal(in) {
		t.in = in.(*os.File)
		t.state, _ = term.GetState(int(t.in.Fd()))
	}
	if f, ok := out.(*os.File); ok {
		t.own, t.fd = reopen(f), int(f.Fd())
	}
	return t
}

// Interactive reports whether keys come in from a terminal and pictures go out to one.
func Interactive(in io.Reader, out io.Writer) bool { return isTerminal(in) && isTerminal(out) }

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Size is the cells of a line and the lines: 80 by 24 of a terminal that does not say, such as a serial one. It fails if there
// is no terminal, with ErrGone if it hung up.
func (t *Terminal) Size() (w, h int, err error) {
	if t.fd < 0 {
		return 0, 0, errors.ErrUnsupported
	}
	if w, h, err = term.GetSize(t.fd); hungUp(err) {
		err = ErrGone
	}
	if err == nil && (w == 0 || h == 0) {
		w, h = 80, 24
	}
	return w, h, err
}

// Take makes the terminal a screen's: keys come one by one and are not shown. It returns what must be written to it then.
func (t *Terminal) Take() (string, error) {
	t.up.Store(true)
	if t.state == nil {
		return take, nil
	}
	t.raw.Store(true)
	if _, err := term.MakeRaw(int(t.in.Fd())); err != nil {
		return take, err
	}
	return take, t.modes.set(t.out)
}

// Write writes what the terminal takes of p within a tenth of a second, or all of p where a write cannot be broken off. It
// returns how much was taken, and an error that is ErrGone if the terminal hung up.
func (t *Terminal) Write(p []byte) (n int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.left.Load() {
		return 0, errLeft
	}
	return t.write(p)
}

func (t *Terminal) write(p []byte) (int, error) {
	if t.own == nil {
		n, err := t.out.Write(p)
		return n, goneOr(err)
	}
	t.own.SetWriteDeadline(time.Now().Add(piece))
	n, err := t.own.Write(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	return n, goneOr(err)
}

func goneOr(err error) error {
	if hungUp(err) {
		return ErrGone
	}
	return err
}

// Aside shows what was there before the screen, and text below it. Keys remain the screen's. It reports whether the terminal
// took that. Take brings the screen back.
func (t *Terminal) Aside(text string) bool {
	wasUp := t.up.CompareAndSwap(true, false)
	if !t.lock() {
		return false
	}
	defer t.mu.Unlock()
	return (!wasUp || t.insist(leave)) && t.insist(text)
}

// Leave gives the terminal back, as it was before Take. It reports whether the terminal took what had to be written.
func (t *Terminal) Leave() bool {
	ok := t.Aside("")
	if t.raw.CompareAndSwap(true, false) { // restoring the settings waits for nothing
		term.Restore(int(t.in.Fd()), t.state)
		t.modes.restore(t.out)
	}
	return ok
}

// Close gives the terminal back for good, with text as the last that is written to it. Called again, it only waits for that.
func (t *Terminal) Close(text string) bool {
	if t.left.Swap(true) {
		return t.Leave()
	}
	ok := t.Leave() && t.Aside(text)
	if t.lock() {
		if t.own != nil {
			t.own.Close()
			t.own, t.out = nil, io.Discard
		}
		t.mu.Unlock()
	}
	return ok
}

// lock waits for whoever writes, who may not come back.
func (t *Terminal) lock() bool {
	for deadline := time.Now().Add(patience); !t.mu.TryLock(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// insist writes all of text, unless the terminal takes nothing of it for too long.
func (t *Terminal) insist(text string) bool {
	p := []byte(text)
	for last := time.Now(); len(p) > 0; {
		n, err := t.write(p)
		p = p[n:]
		switch {
		case err != nil:
			return false
		case n > 0:
			last = time.Now()
		case time.Since(last) > patience:
			return false
		}
	}
	return true
}

// Abort gives the terminal back before the program ends by a panic or a signal. A terminal that takes nothing would not take
// the message of a panic either, and the program would wait for that without end: then Abort ends it, with the exit code of a
// panic. It does nothing if no screen has the terminal.
func (t *Terminal) Abort() {
	if !t.Close("") && isTerminal(os.Stderr) {
		os.Exit(2)
	}
}
