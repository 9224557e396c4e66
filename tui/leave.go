package tui

import (
	"context"
	"fmt"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/widget"
)

// leave closes the detail that is open, or else quits.
func (a *App) leave() tea.Cmd {
	if a.closable() {
		return a.back()
	}
	return a.quit(false)
}

// closable reports whether the page shows a detail, which is closed before the screen is.
func (a *App) closable() bool {
	p, ok := a.page().(opener)
	return ok && p.entered()
}

// quit ends the screen, with the last picture left on the terminal if picture is set. Where connections of others may end
// with it, they are counted first.
func (a *App) quit(picture bool) tea.Cmd {
	if a.foreign == nil {
		return a.end(picture)
	}
	return a.fx.countForeign(a.foreigners, picture)
}

func (a *App) end(picture bool) tea.Cmd {
	a.leaving = picture
	return tea.Quit
}

// foreignCount is how many connections of others would end if the screen were left now. With an error it is unknown.
type foreignCount struct {
	n       int
	picture bool
	err     error
}

// countForeign counts in a new picture: the one that is shown may lack those that have just come.
func (e *effects) countForeign(count func(*model.Snapshot) int, picture bool) tea.Cmd {
	return e.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		s, err := e.source.Snapshot(ctx)
		return foreignCount{n: count(&s), picture: picture, err: err}
	})
}

// counted ends the screen where that harms nobody, and asks elsewhere. A dialog that has been opened meanwhile stays.
func (a *App) counted(msg *foreignCount) tea.Cmd {
	if msg.n == 0 && msg.err == nil {
		return a.end(msg.picture)
	}
	if a.dialog == nil || !a.fits() {
		a.ask(newLeaving(a, msg))
	}
	return nil
}

// leaveKey is the key that leaves, by what it does now.
func (a *App) leaveKey() key.Binding {
	k, does := a.keys.Quit, "quit"
	if a.closable() {
		does = "close"
	}
	k.SetHelp(k.Help().Key, does)
	return k
}

// foreigners is how many connections end with the screen, without those of this process's own clients.
func (a *App) foreigners(s *model.Snapshot) (n int) {
	for i := range s.Connections {
		if c := &s.Connections[i]; c.Open() && a.foreign(c) {
			n++
		}
	}
	return n
}

// remains is what stays on the terminal when the screen is left.
func (a *App) remains() string {
	if !a.leaving {
		return ""
	}
	return a.lastPicture() + "\n"
}

// stepAside gives the terminal's picture back for a while. Only where no connection hangs on this process is the process
// stopped: connections would neither beat nor get through.
func (a *App) stepAside() {
	if a.stops {
		a.fx.screen.Suspend()
		return
	}
	if a.aside {
		return
	}
	a.aside = true
	goesOn := "holter goes on"
	if a.live != nil {
		n := a.live.counts
		goesOn += fmt.Sprintf(", open connections: %d", n.Normal+n.Suspect+n.Failed)
	}
	a.fx.screen.Aside(goesOn + ". enter shows it again, ctrl+c ends it.\r\n")
}

// comeBack waits for enter. Whoever types a command, at a prompt that is none, has not pressed any keys of the screen.
func (a *App) comeBack(msg tea.KeyMsg) {
	if msg.Type == tea.KeyEnter || msg.Type == tea.KeyCtrlJ {
		a.aside = false
		a.fx.screen.Back()
	}
}

// leaveField is what can have the focus in the question.
type leaveField uint8

const (
	leaveStay leaveField = iota
	leaveQuit
)

// leaving is the question before the screen ends and connections of others with it. The focus is on Cancel, and q is no
// answer: pressed twice by accident it ends nothing. y is an answer as the first letter only, so that no word is.
type leaving struct {
	widget.Form[leaveField]
	keys  *keyMap
	count func(*model.Snapshot) int
	n     int
	end   func() tea.Cmd
}

func newLeaving(a *App, msg *foreignCount) *leaving {
	d := &leaving{Form: widget.NewForm[leaveField](a.styles, &a.keys.Keys), keys: &a.keys, count: a.foreigners, n: msg.n}
	d.end = func() tea.Cmd { return a.end(msg.picture) }
	d.Fields = []leaveField{leaveStay, leaveQuit}
	d.FocusOn(leaveStay)
	return d
}

// refresh takes a live picture.
func (d *leaving) refresh(p *picture) { d.n = d.count(p.Snapshot) }

func (d *leaving) Update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	switch k := d.keys; {
	case key.Matches(msg, k.Yes), key.Matches(msg, k.Press) && d.At == leaveQuit:
		return true, d.end()
	case d.Moved(msg):
		return false, nil
	case key.Matches(msg, k.Less, k.More):
		d.MoveFocus(1)
		return false, nil
	}
	return true, nil
}

// words say what would end.
func (d *leaving) words() string {
	if d.n == 1 {
		return "1 connection of others would be closed."
	}
	return fmt.Sprintf("%d connections of others would be closed.", d.n)
}

func (d *leaving) Footer(w int, message string) []string {
	return []string{message, d.Hints(w)[1].View(d.Styles)}
}

func (d *leaving) Hints(w int) [2]widget.Hints {
	k, yes := d.keys, d.keys.Yes
	yes.SetHelp(yes.Help().Key, "quit")
	return [2]widget.Hints{1: {Width: w, Keys: []key.Binding{yes, k.Cancel, k.NextField, k.Press}}}
}

// View draws the question over the page behind it.
func (d *leaving) View(page []string, w int) []string { return d.Draw(d.lines(), page, w) }

func (d *leaving) Click(x, y, w, h int) (done bool, cmd tea.Cmd) {
	if msg, ok := d.Form.Click(d.lines(), x, y, w, h); ok {
		return d.Update(msg)
	}
	return false, nil
}

func (d *leaving) lines() []widget.Line[leaveField] {
	return []widget.Line[leaveField]{
		widget.Words[leaveField](d.Styles.Strong.String("Quit holter?")),
		widget.Words[leaveField](d.words()),
		widget.Words[leaveField](""),
		d.Buttons("y quits", widget.Button[leaveField]{Field: leaveStay, Label: "Cancel"}, widget.Button[leaveField]{Field: leaveQuit, Label: "Quit"}),
	}
}

// pressSmall handles a key in a terminal that is too small for a picture.
func (a *App) pressSmall(msg tea.KeyMsg) tea.Cmd {
	d, asked := a.dialog.(*leaving)
	switch {
	case asked && key.Matches(msg, a.keys.Yes):
		return d.end()
	case asked:
		a.dialog = nil
	case key.Matches(msg, a.keys.Quit):
		return a.quit(false)
	}
	return nil
}
