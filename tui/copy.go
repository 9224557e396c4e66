package tui

import (
	"fmt"
	"io"
	"os"
	"sync"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/widget"
)

// openCopy asks what to copy of the connection that is selected.
func (a *App) openCopy() {
	c := a.selected()
	if c == nil {
		a.status.say("nobody is selected")
		return
	}
	items := []widget.Item{a.copyItem("i", "id", c.ID.String()), a.copyItem("a", "address", model.Address(c.Remote))}
	if a.api != "" {
		items = append(items, a.copyItem("c", "curl of the kick", a.curlOfKick(c.ID)))
	}
	a.dialog = &widget.Menu{Styles: a.styles, Keys: &a.keys.Keys, Title: "copy", Items: items}
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
	return e.tell("copy", func() (string, error) {
		seq, err := clipboardSequence(text, os.Getenv)
		if err == nil {
			_, err = io.WriteString(e.out, seq)
		}
		return "copied, if the terminal allows it: " + text, err
	})
}

// sharedOutput is the terminal for pictures and for what else is written to it, one write after
// another. It is the file that it wraps in all else, so that Bubble Tea finds its size.
type sharedOutput struct {
	*os.File
	mu sync.Mutex
}

func (o *sharedOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.File.Write(p)
}

// WriteString keeps callers from the file's own.
func (o *sharedOutput) WriteString(s string) (int, error) { return o.Write([]byte(s)) }
