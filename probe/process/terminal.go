package process

import (
	"io"
	"os"

	"golang.org/x/term"
)

// IsTerminal reports whether a stream that progress is written to is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
