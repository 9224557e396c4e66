package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/x/ansi"

	"holter/tui/advice"
	"holter/tui/chart"
	"holter/tui/look"
	"holter/tui/widget"
)

const (
	footerHeight = 2
	lowHeader    = 2  // lines above the page in a low terminal
	chartFrom    = 30 // lines of a terminal that has room for the chart of what happens
	chartLines   = 5
	tallFrom     = 36 // and for one whose bars can be compared
	eventsFrom   = 50 // and for events below the page
	eventLines   = 6
)

func (a *App) fits() bool { return a.size.w >= leastWidth && a.size.h >= leastHeight }

// resize lays all pages out for a terminal of w by h cells.
func (a *App) resize(w, h int) {
	a.size = size{w, h}
	if !a.fits() {
		return
	}
	a.layOut()
}

// layOut gives the page that is shown its room. Pages share what they show, so each is laid out when it is its turn.
func (a *App) layOut() {
	p := a.page()
	a.advised = a.adviceHeight(p)
	p.layOut(size{a.size.w, a.pageHeight(p)}, a.drawing)
}

// redraw hands another drawing to all pages.
func (a *App) redraw(d drawing) {
	a.drawing = d
	a.resize(a.size.w, a.size.h)
}

// headerHeight is the lines above the page, of which the last is that of the tabs.
func (a *App) headerHeight() int {
	if a.size.h < chartFrom {
		return lowHeader
	}
	return 3 + a.chartHeight()
}

// fills reports whether the page that is shown fills the screen.
func (a *App) fills() bool {
	_, ok := a.page().(filler)
	return ok
}

func (a *App) chartHeight() int {
	switch {
	case a.size.h < chartFrom, a.fills():
		return 0
	case a.size.h < tallFrom:
		return chartLines
	case a.size.h < eventsFrom:
		return chartLines + 2
	}
	return chartLines + 5
}

// eventsHeight is the lines for events below a page, with the rule above them: 0 in a low terminal, and below a page that
// lists events itself.
func (a *App) eventsHeight(p page) int {
	if _, lists := p.(chronicle); lists || a.fills() || a.size.h < eventsFrom {
		return 0
	}
	return eventLines + 1
}

// adviceHeight is the lines for the worst of the advice, between the tabs and a page that gives an overview.
func (a *App) adviceHeight(p page) int {
	if _, ok := p.(overviewer); !ok || a.fills() || a.shown() == nil {
		return 0
	}
	room := 1
	switch {
	case a.size.h >= eventsFrom:
		room = 5
	case a.size.h >= chartFrom:
		room = 3
	}
	return min(len(a.shown().advice), room)
}

// makeRoom lays the page out anew if there is more advice than before, or less.
func (a *App) makeRoom() {
	if a.fits() && a.advised != a.adviceHeight(a.page()) {
		a.layOut()
	}
}

// pageTop is the line in which the page begins.
func (a *App) pageTop() int { return a.headerHeight() + a.adviceHeight(a.page()) }

func (a *App) pageHeight(p page) int {
	return a.size.h - a.headerHeight() - a.adviceHeight(p) - footerHeight - a.eventsHeight(p)
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
	lines := a.header()
	var body []string
	if h := a.adviceHeight(a.page()); h > 0 {
		body = advice.Strip(a.shown().advice, a.keys.Advice.Help().Key, a.size.w, h, a.styles)
	}
	body = append(body, a.page().view()...)
	if h := a.eventsHeight(a.page()); h > 0 {
		body = append(body, a.styles.Rule("events", a.size.w))
		body = append(body, a.feed.view(a.styles, a.size.w, h-1)...)
	}
	if a.dialog != nil {
		body = a.dialog.View(body, a.size.w)
	}
	lines = append(lines, body...)
	if a.status.failed != "" {
		fade(a.styles, lines)
	}
	return strings.Join(append(lines, a.footer()...), "\n")
}

// lastPicture is what remains on the terminal: the screen without the lines that answer keys.
func (a *App) lastPicture() string {
	lines := strings.Split(a.View(), "\n")
	return strings.Join(lines[:max(0, len(lines)-footerHeight)], "\n")
}

// fade takes the colours out of lines that may be out of date.
func fade(s *look.Styles, lines []string) {
	for i := range lines {
		lines[i] = s.Dim.String(ansi.Strip(lines[i]))
	}
}

// header is what stands above the page.
func (a *App) header() []string {
	s, w, p := a.styles, a.size.w, a.shown()
	tabs := tabLine(s, a.labels(), a.at, a.notes(), w)
	if p == nil {
		return append(look.Fill([]string{" " + s.Title.String("holter")}, a.headerHeight()-1), tabs)
	}
	h := header{styles: s, picture: p, hosts: a.feed.hosts(), w: w}
	if a.headerHeight() == lowHeader {
		return []string{h.summary(), tabs}
	}
	lines := []string{h.monitor(), h.figures()}
	if high := a.chartHeight(); high > 0 {
		lines = append(lines, chart.Activity(p.Activity, p.Monitor.Started, p.Time, a.zoom.over(), w, high, s)...)
	}
	return append(lines, tabs)
}

// onLine reports whether a tab has a place on the line of pages: the one that is shown always has.
func (a *App) onLine(i int) bool {
	p, ok := a.tabs[i].page.(occasional)
	return !ok || i == a.at || a.shown() != nil && p.present(a.shown())
}

// leastNotes is the room beside the tabs from which all of them have their names.
const leastNotes = 24

// labels are the tabs. In a narrow terminal only the page that is shown has its name, and also where the user has asked for
// a tally that needs the room. What happens changes nothing about them: they are clicked on.
func (a *App) labels() []string {
	words, asked := labels(a.tabs, a.onLine), 0
	if p, ok := a.page().(counter); ok {
		asked = p.claims()
	}
	if tabsWidth(words)+leastNotes+asked <= a.size.w {
		return words
	}
	for i := range words {
		if i != a.at && words[i] != "" {
			words[i] = a.tabs[i].digit
		}
	}
	return words
}

// urgent are the notes about what is unusual, as far as possible in so few words that the room is enough, and then how
// many rows are shown.
func (a *App) urgent(room int) (notes []part) {
	const position = 12 // cells of a tally that has its first figures at least
	tally := ""
	if p, ok := a.page().(counter); ok {
		tally = p.tally()
	}
	least := a.styles.Glyphs.Cut(tally, position)
	for brief := range 3 {
		notes = nil
		for _, forms := range [][]string{a.lag(), a.skipping(), a.banner(), a.alarms()} {
			if len(forms) > 0 {
				notes = append(notes, part{forms[min(brief, len(forms)-1)], a.styles.Alarm})
			}
		}
		if measure(append(notes, part{text: least})) <= room {
			break
		}
	}
	left := room - measure(notes) - 2
	if tally = piecesIn(tally, left); look.Width(tally) <= left || left >= position {
		notes = append(notes, part{tally, a.styles.Accent})
	}
	return notes
}

// piecesIn leaves out pieces at the end of a text that do not fit into w cells. Two blanks are between them.
func piecesIn(text string, w int) string {
	for end := len(text); look.Width(text) > w && end > 0; text = text[:end] {
		if end = strings.LastIndex(text, "  "); end < 0 {
			break
		}
	}
	return text
}

// notes stand at the right end of the line of pages: what is urgent, then the address and the upstream as far as there is
// room.
func (a *App) notes() []part {
	room := a.size.w - tabsWidth(a.labels())
	notes := a.urgent(room)
	for _, p := range a.route() {
		if measure(append(notes, p)) > room {
			break
		}
		notes = append(notes, p)
	}
	return notes
}

// route is where clients connect, unless the header has another line for it, and the upstream of a proxy.
func (a *App) route() (parts []part) {
	if a.shown() == nil {
		return nil
	}
	m, g := &a.shown().Monitor, &a.styles.Glyphs
	if a.headerHeight() == lowHeader {
		parts = append(parts, part{g.Plain(m.Address), a.styles.Accent})
	}
	if m.Upstream != "" {
		parts = append(parts, part{g.Arrow + " " + g.Plain(m.Upstream), a.styles.Accent})
	}
	return parts
}

// lists reports whether an event can be seen above the message line.
func (a *App) lists(seq uint64) bool {
	if p, ok := a.page().(chronicle); ok {
		return p.lists(seq)
	}
	below := a.feed.newest(feedRoom(a.size.w, a.eventsHeight(a.page())-1))
	return slices.ContainsFunc(below, func(it *item) bool { return it.shows(seq) })
}

// footer is the message line and the line of keys.
func (a *App) footer() []string {
	message := a.status.view(a.styles, a.size.w, a.lists)
	if a.dialog != nil {
		return a.dialog.Footer(a.size.w, message)
	}
	keys := a.hints()[1]
	return []string{message, look.Pad(keys.View(a.styles), keys.Width) + a.badges()}
}

// hints are the keys that the lines of the footer name.
func (a *App) hints() [2]widget.Hints {
	if a.dialog != nil {
		return a.dialog.Hints(a.size.w)
	}
	return [2]widget.Hints{1: {Width: a.size.w - look.Width(a.badges()), Keys: a.offered(), Always: []key.Binding{a.keys.Help, a.leaveKey()}}}
}

// offered are the keys that the page names, without those that would be refused.
func (a *App) offered() []key.Binding {
	return slices.DeleteFunc(a.page().hints(), func(k key.Binding) bool {
		return !k.Enabled() || a.isReadOnly() && slices.Contains(a.keys.changing(), k.Help())
	})
}

// badges are what is unusual about the screen.
func (a *App) badges() string {
	var words []string
	if a.frozen != nil {
		words = append(words, "FROZEN")
	}
	if a.live != nil && a.live.faulty > 0 {
		words = append(words, look.Plural(a.live.faulty, "FAULT"))
	}
	if a.live != nil && !a.live.Monitor.DrainingUntil.IsZero() {
		words = append(words, "DRAINING "+look.Span(max(0, a.live.Monitor.DrainingUntil.Sub(a.live.Time))+time.Second-1))
	}
	if left := a.refusing(); left > 0 {
		words = append(words, "REFUSING "+look.Span(left+time.Second-1))
	}
	if p, ok := a.page().(follower); ok && p.following() != "" {
		words = append(words, "FOLLOW "+a.styles.Glyphs.Cut(a.styles.Glyphs.Plain(p.following()), 16))
	}
	if a.styles.Masked() {
		words = append(words, "MASKED")
	}
	if a.isReadOnly() {
		words = append(words, "READ-ONLY")
	}
	if len(words) == 0 {
		return ""
	}
	return a.styles.Strong.String(a.styles.Glyphs.Cut(" "+strings.Join(words, " ")+" ", a.size.w/2))
}

// tooSmall says what is needed and what there is.
func (a *App) tooSmall() string {
	text := fmt.Sprintf("holter needs %dx%d cells, this terminal has %dx%d.\nq quits",
		leastWidth, leastHeight, a.size.w, a.size.h)
	if d, asked := a.dialog.(*leaving); asked {
		text = d.words() + "\ny quits"
	}
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		lines = append(lines, look.Wrap(line, a.size.w)...)
	}
	return strings.Join(lines[:min(len(lines), a.size.h)], "\n")
}
