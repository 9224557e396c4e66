package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/widget"
)

// heard takes keys and mouse reports that came together, and waits for more. The screen is drawn once for all of them.
func (a *App) heard(msg heard) tea.Cmd {
	cmds := []tea.Cmd{a.together(msg.msgs)}
	if !msg.last {
		cmds = append(cmds, a.fx.hear())
	}
	return tea.Batch(cmds...)
}

// together handles what came at once. Letters behind one that has answered a question are dropped: they were meant for
// that, and nobody has seen what they would be about now.
func (a *App) together(msgs []tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	answered := false
	for _, m := range msgs {
		switch m := m.(type) {
		case tea.KeyMsg:
			if answered && widget.IsText(m) {
				continue
			}
			before := a.dialog
			cmds = append(cmds, a.press(m))
			_, asks := before.(asker)
			answered = answered || asks && widget.IsText(m) && a.dialog != before
		case tea.MouseMsg:
			cmds = append(cmds, a.moused(m))
		}
	}
	return tea.Batch(cmds...)
}

// typed takes keys from Bubble Tea's own reader, which makes one message of those that came in one read, and of two escapes
// one with alt. A paste stays one message, and is text or nothing.
func (a *App) typed(msg tea.KeyMsg) tea.Cmd {
	if msg.Type == tea.KeyEsc && msg.Alt {
		esc := tea.KeyMsg{Type: tea.KeyEsc}
		return tea.Batch(a.press(esc), a.press(esc))
	}
	if msg.Type != tea.KeyRunes || msg.Paste || len(msg.Runes) == 1 {
		return a.press(msg)
	}
	var keys []tea.Msg
	for _, r := range msg.Runes {
		one := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: msg.Alt}
		if r == ' ' {
			one.Type = tea.KeySpace
		}
		keys = append(keys, one)
	}
	return a.together(keys)
}

// press handles a key: first what works everywhere, then the dialog, then the page. In a terminal that is too small for a
// picture, only the keys that end or suspend the screen work.
func (a *App) press(msg tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(msg, a.keys.Interrupt):
		return tea.Quit
	case key.Matches(msg, a.keys.Suspend):
		a.stepAside()
		return nil
	case a.aside:
		a.comeBack(msg)
		return nil
	case !a.fits():
		return a.pressSmall(msg)
	case a.dialog != nil:
		return a.answer(msg)
	}
	for _, take := range []func(tea.KeyMsg) (tea.Cmd, bool){a.programKey, a.pageKey, a.viewKey, a.actKey} {
		if cmd, ok := take(msg); ok {
			return cmd
		}
	}
	return a.page().update(msg)
}

// answer gives a key to the dialog.
func (a *App) answer(msg tea.KeyMsg) tea.Cmd {
	d := a.dialog
	done, cmd := d.Update(msg)
	a.over(d, done)
	return cmd
}

// ask opens a dialog. What was said before is not about it.
func (a *App) ask(d dialog) {
	a.dialog = d
	a.status.hush()
}

// over closes a dialog that is done, unless it has led to another.
func (a *App) over(d dialog, done bool) {
	if done && a.dialog == d {
		a.dialog = nil
	}
}

// programKey handles the keys that are about the screen itself.
func (a *App) programKey(msg tea.KeyMsg) (tea.Cmd, bool) {
	k := &a.keys
	switch {
	case key.Matches(msg, k.Quit):
		return a.leave(), true
	case key.Matches(msg, k.QuitLeaving):
		return a.quit(true), true
	case key.Matches(msg, k.Help):
		a.ask(newHelp(a.styles, k, a.tabs[a.at].name, a.offered(), a.sorts(), a.fieldHelp(), a.size.w, a.pageHeight(a.page())))
	case key.Matches(msg, k.Theme):
		a.changeTheme()
	case key.Matches(msg, k.Mouse):
		return a.toggleMouse(), true
	case key.Matches(msg, k.Mask):
		a.toggleMask()
	default:
		return nil, false
	}
	return nil, true
}

// pageKey handles the keys that change the page.
func (a *App) pageKey(msg tea.KeyMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(msg, a.keys.NextPage):
		return a.show(a.beside(1)), true
	case key.Matches(msg, a.keys.PreviousPage):
		return a.show(a.beside(len(a.tabs) - 1)), true
	case key.Matches(msg, a.keys.Back):
		return a.back(), true
	case key.Matches(msg, a.keys.Open) && !a.opens():
		return a.jump(), true
	}
	for i := range a.tabs {
		if key.Matches(msg, a.tabs[i].key) {
			return a.show(i), true
		}
	}
	return nil, false
}

// beside is the next tab on the line in steps around its ends.
func (a *App) beside(step int) int {
	at := (a.at + step) % len(a.tabs)
	for !a.onLine(at) {
		at = (at + step) % len(a.tabs)
	}
	return at
}

// viewKey handles the keys that change how things are shown.
func (a *App) viewKey(msg tea.KeyMsg) (tea.Cmd, bool) {
	k := &a.keys
	switch {
	case key.Matches(msg, k.Filter):
		a.openFilter()
	case key.Matches(msg, k.Sort):
		a.openSort()
	case key.Matches(msg, k.Columns):
		a.openColumns()
	case key.Matches(msg, k.Hide):
		return a.hideClosed(), true
	case key.Matches(msg, k.Advice):
		a.openAdvice(0)
	case key.Matches(msg, k.Alerts):
		a.openAlerts()
	case key.Matches(msg, k.Freeze):
		return a.toggleFreeze(), true
	case key.Matches(msg, k.ZoomIn):
		return a.zoomBy(-1), true
	case key.Matches(msg, k.ZoomOut):
		return a.zoomBy(1), true
	default:
		return nil, false
	}
	return nil, true
}

// actKey handles the keys that do something beyond the screen.
func (a *App) actKey(msg tea.KeyMsg) (tea.Cmd, bool) {
	k := &a.keys
	switch {
	case key.Matches(msg, k.Kick):
		a.askKick()
	case key.Matches(msg, k.KickAll):
		a.askKickAll()
	case key.Matches(msg, k.Faults):
		a.askFaults()
	case key.Matches(msg, k.Refuse):
		a.askRefuse()
	case key.Matches(msg, k.Write):
		a.openWrite()
	case key.Matches(msg, k.Copy):
		a.openCopy()
	case key.Matches(msg, k.Demo):
		return a.startDemo(), true
	default:
		return nil, false
	}
	return nil, true
}

func (a *App) openFilter() {
	if p, ok := a.page().(filteredPage); ok {
		a.ask(newFiltering(a.styles, &a.keys, p, &a.past))
		return
	}
	a.status.say("nothing to filter on this page")
}

// fieldHelp are the fields of the filter of the page that is shown.
func (a *App) fieldHelp() []entry {
	if p, ok := a.page().(filteredPage); ok {
		return fieldHelp(a.styles, p.place())
	}
	return nil
}

// opens reports whether the page that is shown has details of its own.
func (a *App) opens() bool {
	_, ok := a.page().(opener)
	return ok
}

// sorts are the letters that sort the page that is shown.
func (a *App) sorts() []widget.Item {
	if p, ok := a.page().(sorter); ok {
		return p.sorts()
	}
	return nil
}

func (a *App) openSort() {
	items := a.sorts()
	if len(items) == 0 {
		a.status.say("nothing to sort on this page")
		return
	}
	a.ask(&widget.Menu{Styles: a.styles, Keys: &a.keys.Keys, Title: "sort by", Items: items})
}

// hideClosed hides the rows of what is gone, or shows them again.
func (a *App) hideClosed() tea.Cmd {
	if p, ok := a.page().(hider); ok {
		return p.hide()
	}
	a.status.say("no closed rows to hide on this page")
	return nil
}

func (a *App) openColumns() {
	var table widget.Choices
	if p, ok := a.page().(columns); ok {
		table = p.choices()
	}
	if table == nil {
		a.status.say("no columns on this page")
		return
	}
	a.ask(&widget.Chooser{Styles: a.styles, Keys: &a.keys.Keys, Table: table})
}

// zoomBy changes how much of time or of beats is shown, and says so of what is on the screen.
func (a *App) zoomBy(step int) tea.Cmd {
	p, zooms := a.page().(zoomer)
	charted := a.chartHeight() > 0
	if !charted && !zooms {
		a.status.say("nothing to zoom on this page")
		return nil
	}
	to, ok := a.zoom.by(step, a.walled())
	if !ok {
		a.status.say("this is as far as it goes")
		return nil
	}
	a.redraw(drawing{a.styles, to})
	words := a.zoom.words()
	if zooms {
		words = p.zoomed(charted)
	}
	a.status.say(words)
	return nil
}

// walled reports whether monitors of the ward are shown.
func (a *App) walled() bool {
	p, ok := a.page().(waller)
	return ok && p.walled()
}

// changeTheme draws everything in the next theme.
func (a *App) changeTheme() {
	a.theme = a.theme.Next()
	a.redraw(drawing{a.restyle(a.theme).Masking(a.styles.Masked()), a.zoom})
	a.status.say("theme " + a.styles.Theme.Name)
}

// toggleMask hides addresses, or shows them again.
func (a *App) toggleMask() {
	a.redraw(drawing{a.styles.Masking(!a.styles.Masked()), a.zoom})
	if a.styles.Masked() {
		a.status.say("addresses are masked")
	} else {
		a.status.say("addresses are shown")
	}
}
