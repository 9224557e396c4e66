package tui

import tea "github.com/charmbracelet/bubbletea"

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
			if p, ok := a.page().(wheeler); !ok || !p.wheel(at.x, at.y-a.headerHeight(), msg) {
				cmds = append(cmds, a.page().update(msg))
			}
		case scroller:
			d.scroll(msg)
		}
	}
	return tea.Batch(cmds...)
}

// click goes to a tab or hands the click to the page. Dialogs ignore clicks.
func (a *App) click(at cellAt) tea.Cmd {
	top := a.headerHeight()
	switch {
	case a.dialog != nil:
		return nil
	case at.y == top-1:
		if i := tabAt(a.labels(), at.x); i >= 0 {
			return a.show(i)
		}
		return nil
	case at.y >= top && at.y < top+a.pageHeight(a.page()):
		if p, ok := a.page().(clicker); ok {
			return p.click(at.x, at.y-top)
		}
	}
	return nil
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
