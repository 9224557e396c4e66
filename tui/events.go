package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/look"
	"holter/tui/widget"
)

// events is the page of what happened, the newest last.
type events struct {
	drawing
	keys   *keyMap
	status *status
	feed   *feed

	search finder
	follow bool // the cursor stays on the newest
	chosen *arranged[item]
	list   widget.List[item, uint64]
	size   size
}

func newEvents(k *keyMap, st *status, f *feed) *events {
	p := &events{keys: k, status: st, feed: f, follow: true, chosen: new(arranged[item])}
	columns := []widget.Column[item]{
		{Title: "TIME", Min: 8, Text: func(it *item, _ int) string { return look.Clock(it.at) }},
		{Title: "EVENT", Min: 9, Loud: true, Text: func(it *item, _ int) string {
			return p.styles.Glyphs.States[min(it.state, model.Away)] + " " + it.kind
		}},
		{Title: "WHAT", Min: 30, Text: func(it *item, w int) string { return p.styles.Glyphs.Cut(p.styles.Glyphs.Plain(it.text), w) }},
	}
	t := widget.NewTable(columns, func(it *item) model.State { return it.state })
	p.list = widget.NewList(t, func(it *item) uint64 { return it.seq })
	return p
}

func (p *events) layOut(room size, d drawing) {
	p.size, p.drawing = room, d
	p.list.SetSize(room.w, room.h)
}

// arrange does nothing: events come in order.
func (p *events) arrange() func(*picture) *picture { return nil }

// setPicture shows what has happened since.
func (p *events) setPicture(*picture) tea.Cmd {
	items := p.feed.shown()
	p.chosen = choose(arrangement{search: p.search, last: p.chosen.by}, len(items), func(by finder) []*item {
		var rows []*item
		for i := range items {
			if by.text == "" || by.finds(&items[i]) {
				it := items[i] // the feed moves its own
				rows = append(rows, &it)
			}
		}
		return rows
	})
	p.list.Set(p.chosen.rows)
	if p.follow {
		p.list.MoveTo(len(p.chosen.rows) - 1)
	}
	return nil
}

// finds reports whether the filter chooses the connection that an event is about, or what was typed
// is part of its words.
func (f *finder) finds(it *item) bool {
	if c := it.connection; c != nil && f.filter.Match(c, it.at) {
		return true
	}
	words := strings.ToLower(it.kind + " " + it.text)
	return strings.Contains(words, strings.ToLower(f.text))
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
			p.follow = p.list.At() == len(p.list.Rows)-1 && key.Matches(msg, k.Bottom)
		}
	}
	return nil
}

func (p *events) toggleFollow() {
	p.follow = !p.follow
	if !p.follow {
		p.status.say("following the newest no more")
		return
	}
	p.list.MoveTo(len(p.list.Rows) - 1)
	p.status.say("following the newest until the cursor is moved")
}

func (p *events) following() string {
	if p.follow {
		return "newest"
	}
	return ""
}

func (p *events) seek(step int) {
	p.follow = false
	if !p.list.Seek(step) {
		p.status.say("nobody on the list is in trouble")
	}
}

// back drops the filter.
func (p *events) back() (tea.Cmd, bool) {
	if p.search.text == "" {
		return nil, false
	}
	p.search = finder{}
	return p.refilter(), true
}

// selected is the connection that the event is about, as it was then.
func (p *events) selected() *model.Connection {
	if it := p.list.Selected(); it != nil {
		return it.connection
	}
	return nil
}

func (p *events) click(_, y int) tea.Cmd {
	if p.list.Click(y) {
		p.follow = false
	}
	return nil
}

func (p *events) sorts() []widget.Item    { return nil }
func (p *events) choices() widget.Choices { return &p.list.Table }
func (p *events) finder() *finder         { return &p.search }

func (p *events) refilter() tea.Cmd { return p.setPicture(nil) }

func (p *events) tally() string { return p.chosen.tally(&p.styles.Glyphs) }

func (p *events) served() bool { return p.chosen.serves(arrangement{search: p.search}) }

func (p *events) hints() []key.Binding {
	k := p.keys
	return []key.Binding{k.Open, k.Filter, k.Follow, k.NextTrouble, k.Freeze}
}

func (p *events) view() []string {
	switch {
	case p.chosen.total == 0:
		return look.Fill([]string{"", p.styles.Dim.String(" Nothing has happened yet.")}, p.size.h)
	case len(p.list.Rows) == 0:
		return noMatch(p.styles, "No event matches this filter:", p.search.text, p.size)
	}
	return p.list.View(p.styles, widget.Order{})
}
