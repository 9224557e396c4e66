package tui

import (
	"github.com/charmbracelet/x/ansi"

	"holter/model"
)

// maxCopy bounds what is copied, in bytes. Terminals drop longer sequences, most from 100 kB of base64
// on, and say nothing.
const maxCopy = 64 << 10

// clipboardSequence puts text into the clipboard of the terminal when it is written to it (OSC 52),
// also from afar. Under tmux and screen it is wrapped so that it reaches the terminal around them; for
// tmux it is there unwrapped as well, which of the two counts being a matter of tmux's settings.
func clipboardSequence(text string, getenv func(string) string) (string, error) {
	if len(text) > maxCopy {
		return "", model.Errorf(model.Invalid, "too long to copy: %d kB, at most %d", len(text)>>10, maxCopy>>10)
	}
	const screenLimit = 76 // bytes in one device control string
	seq := ansi.SetSystemClipboard(text)
	switch {
	case getenv("TMUX") != "":
		return seq + ansi.TmuxPassthrough(seq), nil
	case getenv("STY") != "":
		return ansi.ScreenPassthrough(seq, screenLimit), nil
	}
	return seq, nil
}
