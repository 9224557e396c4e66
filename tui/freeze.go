package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"
)

// toggleFreeze holds the picture, or lets it go. A frozen one can still be scrolled, sorted, filtered
// and opened; commands are about what is there now.
func (a *App) toggleFreeze() tea.Cmd {
	switch {
	case a.frozen != nil:
		a.frozen = nil
		a.feed.release()
		a.status.say("live again")
		return a.page().setPicture(a.live)
	case a.live != nil:
		a.frozen = a.live
		a.feed.hold()
		a.status.say("frozen: keys that change something still act on what is live")
	}
	return nil
}

// banner says how old a frozen picture is, and how much has happened since.
func (a *App) banner() string {
	if a.frozen == nil {
		return ""
	}
	age := a.live.Time.Sub(a.frozen.Time)
	return fmt.Sprintf("FROZEN %s, %d events since", span(age), a.feed.since())
}
