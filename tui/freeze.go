package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"
)

// frozen is a picture that stays, and how far events had come.
type frozen struct {
	picture *picture
	seq     uint64
}

// toggleFreeze holds the picture, or lets it go. A frozen one can still be scrolled, sorted, filtered
// and opened; commands are about what is there now.
func (a *App) toggleFreeze() tea.Cmd {
	switch {
	case a.frozen != nil:
		a.frozen = nil
		a.status.say("live again")
		return a.page().setPicture(a.live)
	case a.live != nil:
		a.frozen = &frozen{a.live, a.feed.seq}
		a.status.say("frozen: keys that change something still act on what is live")
	}
	return nil
}

// banner says how old a frozen picture is, and how much has happened since.
func (a *App) banner() string {
	if a.frozen == nil {
		return ""
	}
	age := a.live.Time.Sub(a.frozen.picture.Time)
	return fmt.Sprintf("FROZEN %s, %d events since", span(age), a.feed.since(a.frozen.seq))
}
