package tui

import (
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/look"
	"holter/tui/paint"
)

// App is the root of the screen: it owns size, pages, dialog and message line, and hands each message to the page or
// dialog that it is for. Bubble Tea calls its methods, one at a time.
type App struct {
	setup
	drawing
	keys keyMap
	fx   *effects

	size    size
	advised int // lines of advice above the page
	tabs    []tab
	at      int     // the tab that is shown
	origin  int     // the tab that a detail was opened from
	dialog  dialog  // nil unless one is open
	pressed *cellAt // where the mouse button went down
	clicked clicked
	status  status
	past    pastFilters
	feed    feed

	live    *picture             // the newest, nil before the first
	frozen  *picture             // what is shown instead, nil while nothing is
	leaving bool                 // the last picture stays on the terminal
	aside   bool                 // the terminal shows what was there before
	rung    map[string]time.Time // when the alerts fired that the terminal has told of, by their id
	skips   paint.Skips
}

// setup is what a screen is told once.
type setup struct {
	clock    func() time.Time
	restyle  func(*look.Theme) *look.Styles
	theme    *look.Theme
	readOnly bool
	mouse    bool          // is on
	api      string        // root of the admin API's addresses, "" if it is not known
	every    time.Duration // the picture is renewed
	stops    bool          // ctrl+z stops the process
	foreign  func(*model.Connection) bool
	notify   string // how the terminal tells of alerts, "" for not at all
}

func newApp(fx *effects, o setup) *App {
	s := o.restyle(o.theme)
	a := &App{setup: o, drawing: drawing{s, zoom{firstZoom, firstZoom}}, keys: newKeyMap(s.Glyphs.Keys), fx: fx}
	a.keys.Demo.SetEnabled(fx.demo != nil)
	a.status = status{now: a.clock()}
	a.tabs = newTabs(&a.keys, fx, &a.status, &a.feed)
	return a
}

// page is the one that is shown.
func (a *App) page() page { return a.tabs[a.at].page }

// shown is the picture that is shown: the newest, or the frozen one.
func (a *App) shown() *picture {
	if a.frozen != nil {
		return a.frozen
	}
	return a.live
}

// Init starts the three loops: pictures, events, and what the user does.
func (a *App) Init() tea.Cmd {
	cmds := []tea.Cmd{a.refresh(0), a.fx.listen(0, 0), a.fx.pump(), a.fx.hear()}
	if a.mouse {
		cmds = append(cmds, tea.EnableMouseCellMotion)
	}
	return tea.Batch(cmds...)
}

// Update takes a message. A panic ends the screen, not the program around it.
func (a *App) Update(msg tea.Msg) (_ tea.Model, cmd tea.Cmd) {
	defer a.fx.recover()
	a.status.now = a.clock()
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a.resize(msg.Width, msg.Height)
	case heard:
		cmd = a.heard(msg)
	case tea.KeyMsg:
		cmd = a.typed(msg)
	case tea.MouseMsg:
		cmd = a.moused(msg)
	case paint.Skips:
		a.skips = msg
	case refreshed:
		cmd = a.refreshed(&msg)
	case rearranged:
		cmd = a.rearranged(msg.picture)
	case inspected:
		a.inspected(&msg)
	case happened:
		cmd = a.happened(&msg)
	case kicked:
		a.kicked(&msg)
	case foreignCount:
		cmd = a.counted(&msg)
	case reported:
		a.reported(&msg)
	case booked:
		a.booked(&msg)
	}
	a.makeRoom()
	return a, cmd
}

// refresh asks for the next picture, as the page that is shown wants it.
func (a *App) refresh(pause time.Duration) tea.Cmd {
	if a.frozen != nil {
		return a.fx.refresh(pause, nil, 0)
	}
	var id model.ID
	if p, ok := a.page().(opener); ok {
		id = p.opened()
	}
	return a.fx.refresh(pause, a.page().arrange(), id)
}

// refreshed shows the new picture and asks for the next. Without one the last picture stays.
func (a *App) refreshed(msg *refreshed) tea.Cmd {
	if msg.err != nil {
		a.status.failed = "no new picture: " + msg.err.Error()
		return a.refresh(retryEvery)
	}
	a.status.failed = ""
	a.status.seen = a.status.now.Add(-msg.picture.Age)
	a.live = msg.picture
	a.ring()
	if d, ok := a.dialog.(liveDialog); ok {
		d.refresh(a.live)
	}
	var cmd tea.Cmd
	if a.frozen == nil {
		if msg.detail != nil {
			a.inspected(msg.detail)
		}
		cmd = a.page().setPicture(a.live)
	}
	return tea.Batch(cmd, a.refresh(rest(a.every, msg.took)))
}

// rest is the pause after a refresh that took the given time.
func rest(every, took time.Duration) time.Duration {
	return max(every, min(restFactor*took, longestRest))
}

// inspected hands a detail to the page that shows such.
func (a *App) inspected(d *inspected) {
	if p, _, ok := able[opener](a.tabs); ok {
		p.setDetail(d)
	}
}

// rearranged shows a picture in another order, unless it has become out of date meanwhile.
func (a *App) rearranged(p *picture) tea.Cmd {
	if p.Snapshot != a.shown().Snapshot {
		return a.page().setPicture(a.shown())
	}
	return a.page().setPicture(p)
}

// happened shows the weightiest of the new events and waits for the next.
func (a *App) happened(msg *happened) tea.Cmd {
	if msg.err != nil {
		return a.fx.listen(retryEvery, a.feed.seq)
	}
	if it, ok := a.feed.add(msg.events, msg.first); ok {
		a.status.offer(it)
	}
	var cmd tea.Cmd
	if p, ok := a.page().(chronicle); ok {
		cmd = p.hear() // at once, or the message line would have them before the list
	}
	return tea.Batch(cmd, a.fx.listen(a.every, a.feed.seq))
}

// reported shows what became of something that was asked for.
func (a *App) reported(msg *reported) {
	if msg.err != nil {
		a.status.complain("could not " + msg.what + ": " + msg.err.Error())
		return
	}
	a.status.say(msg.done)
}

// show goes to a page. Its rows are those of the picture that is shown.
func (a *App) show(at int) tea.Cmd {
	a.at, a.origin = at, at
	if a.fits() {
		a.layOut()
	}
	if p := a.shown(); p != nil {
		return a.page().setPicture(p)
	}
	return nil
}

// selected is the connection that a command is about, nil for none.
func (a *App) selected() *model.Connection {
	if p, ok := a.page().(selector); ok {
		return p.selected()
	}
	return nil
}

// chosen is the connection that is selected, or why there is none.
func (a *App) chosen() (c *model.Connection, absent string) {
	if c := a.selected(); c != nil {
		return c, ""
	}
	if p, ok := a.page().(absentee); ok {
		return nil, p.absent()
	}
	return nil, "no connection is selected"
}

// jump opens the connection that is selected on a page without details of its own, or lists those that a row stands for.
func (a *App) jump() tea.Cmd {
	if p, ok := a.page().(grouper); ok {
		return a.listGroup(p.group())
	}
	if p, ok := a.page().(reader); ok {
		if d, opened := p.read(); opened {
			if d != nil {
				a.ask(d)
			}
			return nil
		}
	}
	c, absent := a.chosen()
	to, at, ok := able[opener](a.tabs)
	if c == nil || !ok {
		a.status.say("there is no connection to open: " + absent)
		return nil
	}
	if now := a.shown().find(c.ID); now != nil {
		c = now
	}
	from := a.at
	cmd := tea.Batch(a.show(at), to.openConnection(c))
	a.origin = from
	return cmd
}

// listGroup lists the connections that a filter chooses.
func (a *App) listGroup(text string) tea.Cmd {
	_, at, ok := able[lister](a.tabs)
	if text == "" || !ok {
		a.status.say("nothing is known by which to list these connections")
		return nil
	}
	return a.filterPage(at, text)
}

// filterPage shows a page with the rows that a filter chooses, with all if it has no filter.
func (a *App) filterPage(at int, text string) tea.Cmd {
	p, ok := a.tabs[at].page.(filteredPage)
	if !ok {
		return a.show(at)
	}
	f, err := p.place().Parse(text)
	if err != nil {
		a.status.complain(err.Error())
		return nil
	}
	a.past.add(text)
	cmd, by := a.show(at), finder{text: text, filter: f}
	if to, ok := p.(lister); ok {
		return tea.Batch(cmd, to.listBy(by))
	}
	*p.finder() = by
	return tea.Batch(cmd, p.refilter())
}

// visit shows the evidence of a piece of advice.
func (a *App) visit(to model.Place) tea.Cmd {
	at := slices.IndexFunc(a.tabs, func(t tab) bool { return t.name == to.Page })
	if at < 0 {
		a.status.say("there is no page with the evidence on this screen")
		return nil
	}
	if p, ok := a.tabs[at].page.(pointer); ok {
		return tea.Batch(a.show(at), p.point(to.Query, a.shown()))
	}
	return a.filterPage(at, to.Query)
}

// back goes one step back: on the page, or to the page that a detail was opened from.
func (a *App) back() tea.Cmd {
	if a.origin != a.at {
		if p, ok := a.page().(opener); ok {
			p.closeConnection()
		}
		return a.show(a.origin)
	}
	cmd, _ := a.page().back()
	return cmd
}
