package tui

import (
	"math"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/model/filter"
	"holter/tui/flood"
	"holter/tui/look"
	"holter/tui/widget"
)

// events is the page of what happened, the newest last.
type events struct {
	listing[item, uint64]
	feed     *feed
	unfolded map[*flood.Flood]bool // the floods whose events are listed
}

// newestEvent is what the cursor follows at first.
const newestEvent = "newest"

func newEvents(k *keyMap, st *status, f *feed) *events {
	p := &events{listing: listing[item, uint64]{noun: "event", fields: filter.EventRows, keys: k, status: st, followed: newestEvent, chosen: new(arranged[item])},
		feed: f, unfolded: map[*flood.Flood]bool{}}
	p.again = p.hear
	columns := []widget.Column[item]{
		{Title: "TIME", Min: 8, Text: func(it *item, _ int) string { return look.Clock(it.At) }},
		{Title: "EVENT", Min: 9, Loud: true, Text: func(it *item, _ int) string {
			return p.styles.Glyphs.States[min(it.state, model.Unknown)] + " " + it.Kind
		}},
		{Title: "WHAT", Min: 30, Ample: 80, Text: func(it *item, w int) string { return it.what(w, &p.styles.Glyphs) }},
		{Title: "AGE", Min: 6, Rank: widget.Third, Right: true, Text: func(it *item, _ int) string { return it.age() }},
		{Title: "REMOTE", Min: 21, Rank: widget.Third, Text: func(it *item, w int) string {
			return p.styles.Glyphs.CutLeft(p.plain(it.remote(), math.MaxInt), w)
		}},
		{Title: "WHY", Min: 40, Rank: widget.Third, Text: func(it *item, w int) string { return p.plain(it.diagnosis().Detail, w) }},
	}
	t := widget.NewTable(columns, func(it *item) model.State { return it.state })
	p.list = widget.NewList(t, (*item).key)
	return p
}

func (p *events) plain(text string, w int) string {
	return p.styles.Glyphs.Cut(p.styles.Glyphs.Plain(text), w)
}

// what are the words of an event without the first one, where that is its kind again.
func (it *item) what(w int, g *look.Glyphs) string {
	kind := it.Kind + " "
	if it.members == nil && it.refusal == nil {
		return it.words(w, g)
	}
	return g.Cut(strings.TrimPrefix(it.words(w+len(kind), g), kind), w)
}

// age is that of the connection of an event, as it was then, "" where there is none.
func (it *item) age() string {
	if it.connection == nil {
		return ""
	}
	return look.Span(it.At.Sub(it.connection.Opened))
}

// remote is the address that an event is about, "" if there is none.
func (it *item) remote() string {
	switch {
	case it.connection != nil:
		return model.Address(it.connection.Remote)
	case it.refusal != nil:
		return it.refusal.Remote
	}
	return ""
}

func (it *item) diagnosis() (d model.Diagnosis) {
	switch {
	case it.connection != nil:
		return it.connection.Diagnosis
	case it.refusal != nil:
		return it.refusal.Diagnosis
	case it.service != nil:
		return it.service.Diagnosis
	}
	return d
}

func (p *events) layOut(room size, d drawing) {
	p.room, p.drawing = room, d
	p.list.SetSize(room.w, room.h)
}

// arrange does nothing: events come in order.
func (p *events) arrange() func(*picture) *picture { return nil }

func (p *events) setPicture(*picture) tea.Cmd { return p.hear() }

// hear shows what has happened since.
func (p *events) hear() tea.Cmd {
	items := p.feed.shown()
	all := rows(items, true, p.unfolded)
	p.set(choose(arrangement{search: p.search, last: p.chosen.by}, len(all), func(by finder) []*item {
		if by.filter.Empty() {
			return all
		}
		return rows(slices.DeleteFunc(slices.Clone(items), func(it *item) bool { return !by.filter.Selects(it.row()) }), false, p.unfolded)
	}))
	if p.followed != "" {
		p.list.MoveTo(len(p.chosen.rows) - 1)
	}
	return nil
}

// row is an event as the filter of the page sees it.
func (it *item) row() filter.Row {
	return filter.Row{Connection: it.connection, Service: it.service, Now: it.At, Event: &filter.Event{Kind: it.Kind, Text: it.text, Refusal: it.refusal}}
}

// read opens a row that is about no connection: the events of a flood below it, or the whole sentence of one.
func (p *events) read() (dialog, bool) {
	it := p.list.Selected()
	switch {
	case it == nil || it.connection != nil:
		return nil, false
	case it.members != nil:
		p.unfollow()
		if p.unfolded[it.Flood] = !p.unfolded[it.Flood]; !p.unfolded[it.Flood] {
			delete(p.unfolded, it.Flood)
		}
		p.hear()
		return nil, true
	}
	return newNote(p.styles, p.keys, look.Clock(it.At)+" "+it.Kind, it.text), true
}

// back folds floods that are unfolded, then drops the filter.
func (p *events) back() (tea.Cmd, bool) {
	if len(p.unfolded) == 0 {
		return p.listing.back()
	}
	if it := p.list.Selected(); it != nil && it.inside && p.unfolded[it.Flood] {
		p.list.GoTo(p.heading(it))
	}
	clear(p.unfolded)
	return p.hear(), true
}

// heading is the key of the row of the flood that an item is listed below.
func (p *events) heading(it *item) uint64 {
	i := slices.IndexFunc(p.list.Rows, func(row *item) bool { return row.members != nil && row.Flood == it.Flood })
	return p.list.Rows[max(i, 0)].key()
}

func (p *events) update(msg tea.KeyMsg) tea.Cmd {
	k := p.keys
	switch {
	case key.Matches(msg, k.Follow):
		p.toggleFollow()
	case key.Matches(msg, k.NextTrouble):
		p.seek(1)
	case key.Matches(msg, k.PreviousTrouble):
		p.seek(-1)
	case key.Matches(msg, k.Invert):
		p.status.say("events stay in the order of time")
	case key.Matches(msg, k.Mark, k.Range):
		p.status.say("only connections can be marked")
	default:
		if p.list.Move(msg, &k.Keys) {
			p.followed = ""
			if key.Matches(msg, k.Bottom) && len(p.list.Rows) > 0 {
				p.followed = newestEvent
			}
		}
	}
	return nil
}

func (p *events) toggleFollow() {
	if p.followed != "" {
		p.unfollow()
		p.status.say("no longer following")
		return
	}
	p.list.MoveTo(len(p.list.Rows) - 1)
	p.follow(newestEvent, "the newest")
}

func (p *events) seek(step int) {
	p.unfollow()
	p.listing.seek(step)
}

// selected is the connection that the event is about, as it was then.
func (p *events) selected() *model.Connection {
	if it := p.list.Selected(); it != nil {
		return it.connection
	}
	return nil
}

// absent says why there is no connection for the row under the cursor.
func (p *events) absent() string { return "this event is about no connection that was let in" }

func (p *events) click(x, y int) (row any, cmd tea.Cmd) {
	if !p.list.Click(x, y) {
		return nil, nil
	}
	p.unfollow()
	return p.list.Clicked(x), nil
}

// lists reports whether an event is on the list and not scrolled away.
func (p *events) lists(seq uint64) bool {
	return slices.ContainsFunc(p.list.Seen(), func(it *item) bool { return it.shows(seq) })
}

func (p *events) hints() []key.Binding {
	k := p.keys
	return []key.Binding{k.Open, k.Filter, k.Follow, k.NextTrouble, k.Freeze}
}

func (p *events) view() []string {
	return p.lines(p.room, widget.Order{}, func() []string {
		return []string{"", p.styles.Dim.String(" Nothing has happened yet.")}
	})
}

// note is a dialog with a text that is too long for a line.
type note struct {
	styles *look.Styles
	keys   *keyMap
	title  string
	lines  func(w int) []string // of at most w cells
	widest int
	view   viewport.Model
}

// noteWidth is the most cells of a note's lines.
const noteWidth = 76

func newNote(s *look.Styles, k *keyMap, title, text string) *note {
	lines := func(w int) []string { return look.Wrap(s.Glyphs.Plain(text), w) }
	return &note{styles: s, keys: k, title: title, lines: lines, widest: noteWidth, view: viewport.New(noteWidth, 1)}
}

func (d *note) Update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	if key.Matches(msg, d.keys.Back, d.keys.Open, d.keys.Quit) {
		return true, nil
	}
	d.scroll(msg)
	return false, nil
}

func (d *note) scroll(msg tea.KeyMsg) { widget.Scroll(&d.view, msg, &d.keys.Keys) }

func (d *note) View(page []string, w int) []string {
	d.view.Width = min(d.widest, w-6)
	lines := d.lines(d.view.Width)
	d.view.Height = max(1, min(len(lines), len(page)-3))
	d.view.SetContent(strings.Join(lines, "\n"))
	d.view.SetYOffset(d.view.YOffset)
	shown := append([]string{d.styles.Strong.String(d.styles.Glyphs.Cut(d.title, d.view.Width))}, widget.Window(d.styles, &d.view)...)
	return widget.Over(page, widget.Box(d.styles, shown, d.view.Width+widget.BarWidth), w)
}

func (d *note) Footer(w int, message string) []string {
	return []string{message, d.Hints(w)[1].View(d.styles)}
}

func (d *note) Hints(w int) [2]widget.Hints {
	k := d.keys
	return [2]widget.Hints{1: {Width: w, Keys: []key.Binding{k.Up, k.Down}, Always: []key.Binding{k.Back}}}
}
