// Package tty tells whether a stream is a terminal: whether progress may be drawn over itself, or goes line by
// line into a file. It is apart from package process so that an application that embeds a monitor does not get a
// terminal library with it. Only the command's own instruments call it.
package tty

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Is reports whether a stream that progress is written to is a terminal.
func Is(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
