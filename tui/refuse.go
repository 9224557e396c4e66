package tui

import (
	"context"
	"fmt"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/look"
	"holter/tui/widget"
)

// refuseFor are the times to choose from, the usual one first.
var refuseFor = []time.Duration{10 * time.Second, time.Minute}

// askRefuse asks for how long upgrades are to be refused. Any other key leaves it.
func (a *App) askRefuse() {
	if a.live == nil || !a.mayAct() {
		return
	}
	items := []widget.Item{
		{Letter: "y", Label: "yes, for " + look.Interval(refuseFor[0]), Do: func() tea.Cmd { return a.fx.refuse(refuseFor[0]) }},
		{Letter: "m", Label: "for " + look.Interval(refuseFor[1]), Do: func() tea.Cmd { return a.fx.refuse(refuseFor[1]) }},
	}
	if a.refusing() > 0 {
		items = append(items, widget.Item{Letter: "0", Label: "let them in again", Do: func() tea.Cmd { return a.fx.refuse(0) }})
	}
	a.dialog = &widget.Menu{Styles: a.styles, Keys: &a.keys.Keys, Title: "refuse upgrades?", Items: items}
}

// refusing is for how much longer upgrades are refused.
func (a *App) refusing() time.Duration {
	if a.live == nil {
		return 0
	}
	return max(0, a.live.Monitor.RefusingUntil.Sub(a.live.Time))
}

// refuse has upgrades turned away, or let in again.
func (e *effects) refuse(length time.Duration) tea.Cmd {
	return e.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		err := e.source.Refuse(ctx, length)
		if length == 0 {
			return told{what: "let upgrades in", done: "upgrades are let in again", err: err}
		}
		return told{what: "refuse upgrades", done: fmt.Sprintf("upgrades are refused for %s: R ends it", look.Interval(length)), err: err}
	})
}
