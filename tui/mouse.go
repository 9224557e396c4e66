package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/widget"
)

// cellAt is a place on the screen.
type cellAt struct{ x, y int }

// wheelRows is how many rows the wheel moves by.
const wheelRows = 3

// moused handles the mouse. A click counts when the button comes up where it went down, so that dragging does nothing.
func (a *App) moused(msg tea.MouseMsg) tea.Cmd {
	at := cellAt{msg.X, msg.Y}
	switch {
	case !a.fits(), a.aside:
	case msg.Button == tea.MouseButtonWheelUp:
		return a.wheel(at, tea.KeyUp)
	case msg.Button == tea.MouseButtonWheelDown:
		return a.wheel(at, tea.KeyDown)
	case msg.Action == tea.MouseActionPress && msg.Button == tea.MouseButtonLeft:
		a.pressed = &at
	case msg.Action == tea.MouseActionRelease && a.pressed != nil:
		down := *a.pressed
		a.pressed = nil
		if down == at {
			return a.click(at)
		}
	}
	return nil
}

// wheel moves the page by a few rows, or scrolls the text that the mouse is over, or a dialog that has one.
func (a *App) wheel(at cellAt, to tea.KeyType) tea.Cmd {
	msg := tea.KeyMsg{Type: to}
	var cmds []tea.Cmd
	for range wheelRows {
		switch d := a.dialog.(type) {
		case nil:
			if p, ok := a.page().(wheeler); !ok || !p.wheel(at.x, at.y-a.pageTop(), msg) {
				cmds = append(cmds, a.page().update(msg))
			}
		case scroller:
			d.scroll(msg)
		case *widget.Chooser:
			d.Update(msg)
		}
	}
	return tea.Batch(cmds...)
}

// click goes to a tab, presses a key that the footer names, or hands the click to the dialog or the page.
func (a *App) click(at cellAt) tea.Cmd {
	top, foot := a.headerHeight(), a.size.h-footerHeight
	switch d, ok := a.dialog.(clickable); {
	case at.y >= foot:
		if msg, ok := a.hints()[at.y-foot].At(at.x); ok {
			return a.press(msg)
		}
	case ok:
		open := a.dialog
		done, cmd := d.Click(at.x, at.y-top, a.size.w, foot-top)
		a.over(open, done)
		return cmd
	case a.dialog != nil:
	case at.y == top-1:
		if i := tabAt(a.labels(), at.x); i >= 0 {
			return a.show(i)
		}
	case at.y >= top && at.y < a.pageTop():
		a.openAdvice(at.y - top)
	case at.y >= top && at.y < a.pageTop()+a.pageHeight(a.page()):
		return a.clickPage(at.x, at.y-a.pageTop())
	}
	return nil
}

// doubleClick is how soon after a click another one on the same row opens it.
const doubleClick = 400 * time.Millisecond

// clicked is the row that was clicked last.
type clicked struct {
	row any // nil for none
	tab int
	at  time.Time
}

// clickPage goes to a row. The second click on it opens it: on it, and not on another that has come under the mouse since.
func (a *App) clickPage(x, y int) tea.Cmd {
	p, ok := a.page().(clicker)
	if !ok {
		return nil
	}
	row, cmd := p.click(x, y)
	before, now := a.clicked, clicked{row, a.at, a.clock()}
	a.clicked = now
	if row == nil || before.row != row || before.tab != a.at || now.at.Sub(before.at) > doubleClick {
		return cmd
	}
	a.clicked = clicked{}
	return tea.Batch(cmd, a.press(tea.KeyMsg{Type: tea.KeyEnter}))
}

// toggleMouse takes the mouse from the terminal, or gives it back to select text with.
func (a *App) toggleMouse() tea.Cmd {
	a.mouse = !a.mouse
	if a.mouse {
		a.status.say("mouse on: shift and drag selects text")
		return tea.EnableMouseCellMotion
	}
	a.status.say("mouse off: the terminal has it")
	return tea.DisableMouse
}
