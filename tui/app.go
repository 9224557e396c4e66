package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
)

// App is the root of the screen: it owns size, page, dialog and message line, and hands each message
// to whom it concerns. Its methods are called by Bubble Tea, one at a time.
type App struct {
	styles   *styles
	keys     keyMap
	fx       *effects
	clock    func() time.Time
	readOnly bool

	size   size
	page   *connections
	dialog dialog // nil unless one is open
	status status
	events events
}

func newApp(fx *effects, s *styles, clock func() time.Time, readOnly bool) *App {
	a := &App{styles: s, keys: newKeyMap(s.glyphs.keys), fx: fx, clock: clock, readOnly: readOnly}
	a.status = status{styles: s, now: clock()}
	a.page = newConnections(s, &a.keys, fx, &a.status)
	return a
}

// Init starts the two loops: pictures and events.
func (a *App) Init() tea.Cmd {
	return tea.Batch(a.fx.refresh(0, a.page.order, 0), a.fx.listen(0, 0))
}

// Update takes a message. A panic ends the screen, not the program around it.
func (a *App) Update(msg tea.Msg) (_ tea.Model, cmd tea.Cmd) {
	defer a.fx.recover()
	a.status.now = a.clock()
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a.resize(msg.Width, msg.Height)
	case tea.KeyMsg:
		cmd = a.typed(msg)
	case refreshed:
		cmd = a.refreshed(&msg)
	case rearranged:
		cmd = a.page.setPicture(msg.picture)
	case inspected:
		a.page.setDetail(&msg)
	case happened:
		cmd = a.happened(&msg)
	case kicked:
		a.kicked(&msg)
	}
	return a, cmd
}

func (a *App) resize(w, h int) {
	a.size = size{w, h}
	if !a.fits() {
		return
	}
	a.page.setSize(w, h-headerHeight-footerHeight-a.eventsHeight())
}

// refreshed shows the new picture and asks for the next. Without one the last picture stays.
func (a *App) refreshed(msg *refreshed) tea.Cmd {
	pause := refreshEvery
	var cmd tea.Cmd
	if msg.err != nil {
		a.status.failed = "no new picture: " + msg.err.Error()
		pause = retryEvery
	} else {
		a.status.failed = ""
		cmd = a.page.setPicture(msg.picture)
	}
	if msg.detail != nil {
		a.page.setDetail(msg.detail)
	}
	return tea.Batch(cmd, a.fx.refresh(pause, a.page.order, a.page.detail.id))
}

// happened shows the weightiest of the new events and waits for the next.
func (a *App) happened(msg *happened) tea.Cmd {
	if msg.err != nil {
		return a.fx.listen(retryEvery, a.events.seq)
	}
	if it, ok := a.events.add(msg.events, msg.first); ok {
		a.status.offer(it)
	}
	return a.fx.listen(refreshEvery, a.events.seq)
}

func (a *App) kicked(msg *kicked) {
	switch {
	case msg.err == nil:
		a.status.say("kicked " + msg.label + ": " + msg.how)
	case model.ErrorCode(msg.err) == model.NotFound || model.ErrorCode(msg.err) == model.Gone:
		a.status.complain("nothing to kick: " + msg.label + " is gone already")
	default:
		a.status.complain("could not kick " + msg.label + ": " + msg.err.Error())
	}
}

// typed takes keys apart that came in one read, such as those of a held key on a slow line: Bubble Tea
// makes them one message, and two escapes one with alt. What was pasted stays whole, and is text or
// nothing.
func (a *App) typed(msg tea.KeyMsg) tea.Cmd {
	if msg.Type == tea.KeyEsc && msg.Alt {
		esc := tea.KeyMsg{Type: tea.KeyEsc}
		return tea.Batch(a.press(esc), a.press(esc))
	}
	if msg.Type != tea.KeyRunes || msg.Paste || len(msg.Runes) == 1 {
		return a.press(msg)
	}
	var cmds []tea.Cmd
	for _, r := range msg.Runes {
		cmds = append(cmds, a.press(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: msg.Alt}))
	}
	return tea.Batch(cmds...)
}

// press takes a key: first what works everywhere, then the dialog, then what is typed into the page.
// A screen that draws nothing obeys nothing but the keys that end it.
func (a *App) press(msg tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(msg, a.keys.Interrupt):
		return tea.Quit
	case !a.fits():
		if key.Matches(msg, a.keys.Quit) {
			return tea.Quit
		}
		return nil
	case a.dialog != nil:
		done, cmd := a.dialog.update(msg)
		if done {
			a.dialog = nil
		}
		return cmd
	case a.page.typing():
		return a.page.update(msg)
	}
	return a.command(msg)
}

// command takes a key that nobody is typing with.
func (a *App) command(msg tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(msg, a.keys.Quit):
		return tea.Quit
	case key.Matches(msg, a.keys.Help):
		a.dialog = newHelp(a.styles, &a.keys, a.size.w, a.size.h-headerHeight-footerHeight)
	case key.Matches(msg, a.keys.Kick):
		a.askKick()
	default:
		return a.page.update(msg)
	}
	return nil
}

// askKick opens the dialog for the connection that is selected now.
func (a *App) askKick() {
	c := a.page.selected()
	switch {
	case c == nil:
		a.status.say("nobody is selected")
	case a.readOnly:
		a.status.complain("read-only: this screen changes nothing")
	case !c.Open():
		a.status.complain("nothing to kick: " + who(c) + " is gone already")
	default:
		a.dialog = newKickDialog(a.styles, &a.keys, a.fx, c)
	}
}

const (
	headerHeight = 2
	footerHeight = 2
	eventsFrom   = 50 // lines of a terminal that has room for events below the page
	eventLines   = 6
)

func (a *App) fits() bool { return a.size.w >= leastWidth && a.size.h >= leastHeight }

// eventsHeight is the room for events with the rule above them, 0 in a low terminal.
func (a *App) eventsHeight() int {
	if a.size.h < eventsFrom {
		return 0
	}
	return eventLines + 1
}

// View draws the screen: never more lines than the terminal has, and none wider.
func (a *App) View() string {
	defer a.fx.recover()
	if a.size == (size{}) {
		return ""
	}
	if !a.fits() {
		return a.tooSmall()
	}
	lines := headerLines(a.styles, a.page.picture, a.page.tally(), a.size.w)
	body := a.page.view()
	if h := a.eventsHeight(); h > 0 {
		body = append(body, a.styles.rule("events", a.size.w))
		body = append(body, a.events.view(a.styles, a.size.w, h-1)...)
	}
	if a.dialog != nil {
		body = a.dialog.view(body, a.size.w)
	}
	lines = append(lines, body...)
	return strings.Join(append(lines, a.footer()...), "\n")
}

// footer is the message line and the line of keys.
func (a *App) footer() []string {
	w := a.size.w
	if a.dialog != nil {
		return []string{a.status.view(w), hints(a.styles, w, a.dialog.hints())}
	}
	if lines := a.page.overrides(w); lines != nil {
		return lines
	}
	badge := ""
	if a.readOnly {
		badge = a.styles.strong.String(" read-only ")
	}
	keys := hints(a.styles, w-width(badge), a.page.hints(), a.keys.Help, a.keys.Quit)
	return []string{a.status.view(w), pad(keys, w-width(badge)) + badge}
}

// tooSmall says what is needed and what there is.
func (a *App) tooSmall() string {
	text := fmt.Sprintf("holter needs %dx%d cells, this terminal has %dx%d.\nq quits",
		leastWidth, leastHeight, a.size.w, a.size.h)
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		lines = append(lines, wrap(line, a.size.w)...)
	}
	return strings.Join(lines[:min(len(lines), a.size.h)], "\n")
}
