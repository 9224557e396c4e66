package tui

import (
	"fmt"
	"io"
	"os"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"holter/model"
	"holter/tui/widget"
)

// openCopy asks what to copy of the connection that is selected.
func (a *App) openCopy() {
	c, absent := a.chosen()
	if c == nil {
		a.status.say(absent)
		return
	}
	items := []widget.Item{
		a.copyItem("i", "id", c.ID.String()),
		a.copyItem("n", "name of the client", c.Client),
		a.copyItem("a", "address", model.Address(c.Remote)),
	}
	if a.api != "" && a.live.isOpen(c.ID) { // what is gone cannot be kicked
		items = append(items, a.copyItem("c", "curl of the kick", a.curlOfKick(c.ID)))
	}
	a.ask(&widget.Menu{Styles: a.styles, Keys: &a.keys.Keys, Title: "copy", Items: items})
}

func (a *App) copyItem(letter, label, text string) widget.Item {
	return widget.Item{Letter: letter, Label: label, Do: func() tea.Cmd { return a.fx.copy(text) }}
}

// curlOfKick is a command line that kicks a connection over the admin API.
func (a *App) curlOfKick(id model.ID) string {
	return fmt.Sprintf("curl -X DELETE -H \"Authorization: Bearer $HOLTER_TOKEN\" '%s/api/v1/connections/%s?code=%d'", a.api, id, kickCodes[0])
}

// copy puts text into the terminal's clipboard.
func (e *effects) copy(text string) tea.Cmd {
	return e.report("copy", func() (string, error) {
		seq, err := clipboardSequence(text, os.Getenv)
		if err == nil {
			_, err = io.WriteString(e.screen, seq)
		}
		return "copied, if the terminal allows it: " + text, err
	})
}

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
	seq := ansi.SetSystemClipboard(text)
	if getenv("TMUX") != "" {
		return seq + around(seq, getenv), nil
	}
	return around(seq, getenv), nil
}

// around wraps a sequence so that tmux and screen pass it on to the terminal around them. The bell needs no help.
func around(seq string, getenv func(string) string) string {
	const screenLimit = 76 // bytes in one device control string
	switch {
	case seq == "\a":
	case getenv("TMUX") != "":
		return ansi.TmuxPassthrough(seq)
	case getenv("STY") != "":
		return ansi.ScreenPassthrough(seq, screenLimit)
	}
	return seq
}
