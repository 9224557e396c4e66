// Package terminal says whether there is a terminal for the screen, and gives it back in order when
// the program ends in a way that the screen cannot see coming.
package terminal

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Interactive reports whether a screen can be shown: keys come in from a terminal and pictures go out to one.
func Interactive(in io.Reader, out io.Writer) bool { return isTerminal(in) && isTerminal(out) }

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Terminal remembers how a terminal was.
type Terminal struct {
	in    *os.File
	out   io.Writer
	state *term.State // nil if in is no terminal
}

// Save remembers how the terminal behind in and out is now, before a screen takes it.
func Save(in io.Reader, out io.Writer) *Terminal {
	f, ok := in.(*os.File)
	if !ok {
		return &Terminal{}
	}
	state, _ := term.GetState(int(f.Fd()))
	return &Terminal{in: f, out: out, state: state}
}

// leave undoes, in this order, what a screen may have switched on: mouse reports, focus reports,
// bracketed paste, the hidden cursor, the alternate screen.
const leave = "\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l" + "\x1b[?1004l" + "\x1b[?2004l" + "\x1b[?25h" + "\x1b[?1049l"

// Restore puts the terminal back. It may be called from any goroutine, and does nothing without a
// terminal.
func (t *Terminal) Restore() {
	if t.state == nil {
		return
	}
	io.WriteString(t.out, leave)
	term.Restore(int(t.in.Fd()), t.state)
}
