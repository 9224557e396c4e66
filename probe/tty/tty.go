// Package tty tells whether a stream is a terminal: whether progress may be drawn over itself, or goes line by
// line into a file. It also breaks text into lines that fit one. It is apart from package process so that an application that embeds a monitor does not get a
// terminal library with it. Only the command's own instruments call it.
package tty

import (
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/term"
)

// Is reports whether a stream that progress is written to is a terminal.
func Is(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Wrap puts words into lines of at most width characters. A longer word has a line of its own.
func Wrap(words []string, width int) (lines []string) {
	line := ""
	for _, word := range words {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
