package tui

import (
	"math"
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/model/filter"
	"holter/tui/look"
	"holter/tui/widget"
)

// events is the page of what happened, the newest last.
type events struct {
	listing[item, uint64]
	feed *feed
}

// newestEvent is what the cursor follows at first.
const newestEvent = "newest"

func newEvents(k *keyMap, st *status, f *feed) *events {
	p := &events{listing: listing[item, uint64]{noun: "event", fields: filter.EventRows, keys: k, status: st, followed: newestEvent, chosen: new(arranged[item])}, feed: f}
	p.again = p.hear
	columns := []widget.Column[item]{
		{Title: "TIME", Min: 8, Text: func(it *item, _ int) string { return look.Clock(it.at) }},
		{Title: "EVENT", Min: 9, Loud: true, Text: func(it *item, _ int) string {
			return p.styles.Glyphs.States[min(it.state, model.Unknown)] + " " + it.kind
		}},
		{Title: "WHAT", Min: 30, Ample: 80, Text: func(it *item, w int) string { return p.plain(it.text, w) }},
		{Title: "AGE", Min: 6, Rank: widget.Third, Right: true, Text: p.about(func(c *model.Connection, it *item, _ int) string {
			return look.Span(it.at.Sub(c.Opened))
		})},
		{Title: "REMOTE", Min: 21, Rank: widget.Third, Text: p.about(func(c *model.Connection, _ *item, w int) string {
			return p.styles.Glyphs.CutLeft(p.plain(model.Address(c.Remote), math.MaxInt), w)
		})},
		{Title: "WHY", Min: 40, Rank: widget.Third, Text: p.about(func(c *model.Connection, _ *item, w int) string {
			return p.plain(c.Diagnosis.Detail, w)
		})},
	}
	t := widget.NewTable(columns, func(it *item) model.State { return it.state })
	p.list = widget.NewList(t, func(it *item) uint64 { return it.seq })
	return p
}

func (p *events) plain(text string, w int) string {
	return p.styles.Glyphs.Cut(p.styles.Glyphs.Plain(text), w)
}

// about is the text of a cell about the connection of an event, as it was then. It is empty where there is none.
func (p *events) about(text func(c *model.Connection, it *item, w int) string) func(*item, int) string {
	return func(it *item, w int) string {
		if it.connection == nil {
			return ""
		}
		return text(it.connection, it, w)
	}
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
	p.set(choose(arrangement{search: p.search, last: p.chosen.by}, len(items), func(by finder) []*item {
		var rows []*item
		for i := range items {
			if by.filter.Selects(items[i].row()) {
				it := items[i] // the feed reuses its array
				rows = append(rows, &it)
			}
		}
		return rows
	}))
	if p.followed != "" {
		p.list.MoveTo(len(p.chosen.rows) - 1)
	}
	return nil
}

// row is an event as the filter of the page sees it.
func (it *item) row() filter.Row {
	return filter.Row{Connection: it.connection, Now: it.at, Event: &filter.Event{Kind: it.kind, Text: it.text, Refusal: it.refusal}}
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

func (p *events) click(_, y int) tea.Cmd {
	if p.list.Click(y) {
		p.unfollow()
	}
	return nil
}

// lists reports whether an event is on the list and not scrolled away.
func (p *events) lists(seq uint64) bool {
	return slices.ContainsFunc(p.list.Seen(), func(it *item) bool { return it.seq == seq })
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
