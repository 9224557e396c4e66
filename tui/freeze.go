package tui

import (
	"fmt"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/look"
)

// toggleFreeze freezes the picture, or lets it go on. A frozen picture can be scrolled, sorted, filtered and opened;
// commands that change something act on the live connections.
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

// banner says how old a frozen picture is, and how much has happened since, or that a storm is on. Like all notes it has
// forms, the shortest last, and none where there is nothing to say.
func (a *App) banner() []string {
	if a.frozen == nil {
		return a.warning()
	}
	age := a.live.Time.Sub(a.frozen.Time)
	words := "FROZEN " + look.Span(age)
	return []string{fmt.Sprintf("%s, %d new", words, a.feed.since()), words}
}

// warning tells of a storm that is on, unless the page does.
func (a *App) warning() []string {
	if p, ok := a.page().(stormTeller); ok && p.tellsStorm() || a.live == nil || a.live.Storm() == nil {
		return nil
	}
	s := a.live.Storm()
	n, how := s.Gone(), "away"
	if s.Unsettled() {
		n, how = s.Flapping, "flapping"
	}
	return []string{fmt.Sprintf("STORM %d of %d %s", n, s.Clients, how), fmt.Sprintf("STORM %d %s", n, how), "STORM"}
}

// A picture older than late is one that came over a slow line, if it is the present one: see Source.
const (
	late     = 2 * time.Second
	slowLine = 6 * time.Second // nothing at all of a newer picture for so long would have been an error
)

// lag says how old the newest picture is, if it is old. A frozen one is old on purpose.
func (a *App) lag() []string {
	if a.live == nil || a.frozen != nil || a.live.Age <= late || a.status.failed != "" {
		return nil
	}
	old := look.Span(a.live.Age) + " old"
	if a.live.Age <= slowLine {
		return []string{old + " picture", old}
	}
	return []string{old + " picture: slow line", "slow line: " + look.Span(a.live.Age)}
}

// skipsFor is how long the screen says that it skipped pictures.
const skipsFor = 5 * time.Second

// skipping says that the terminal does not take all pictures.
func (a *App) skipping() []string {
	if a.skips.Pictures == 0 || a.status.now.Sub(a.skips.Last) > skipsFor {
		return nil
	}
	skipped := fmt.Sprintf("skipped %d", a.skips.Pictures)
	return []string{"slow terminal: " + skipped, skipped}
}
