package tui

import (
	"slices"
	"strings"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/tui/look"
)

// clientText writes the cells of the table of clients.
type clientText struct {
	styles *look.Styles
	page   *clients
}

func (t *clientText) now() time.Time { return t.page.picture.Time }

func clientColumns(t *clientText) []column[clientRow] {
	type row = clientRow
	return []column[row]{
		{title: "STATE", sort: filter.SortState, letter: "s", inverse: true, min: 9, want: 9, loud: true, text: t.state},
		{title: "CLIENT", sort: filter.SortClient, letter: "c", min: 12, want: 24,
			text: func(r *row, w int) string { return t.plain(r.ID, w) }},
		{title: "GEN", sort: filter.SortGeneration, letter: "g", descending: true, min: 4, want: 4, right: true,
			text: func(r *row, _ int) string { return look.Count(r.Generation) }},
		{title: "FOR", sort: sortSince, letter: "f", descending: true, min: 6, want: 6, right: true,
			text: func(r *row, _ int) string { return look.Span(t.now().Sub(r.Since)) }},
		{title: "SEEN", sort: sortSeen, letter: "e", descending: true, min: 6, rank: rankThird, right: true,
			text: func(r *row, _ int) string { return look.Span(t.now().Sub(r.FirstSeen)) }},
		{title: "NOW", min: 8, rank: rankThird, right: true, text: t.current},
		{title: "AGENT", sort: sortAgent, letter: "u", min: 18, rank: rankThird,
			text: func(r *row, w int) string { return t.plain(r.UserAgent, w) }},
		{title: "BACK AFTER", sort: sortReconnects, letter: "b", descending: true, min: 12, want: 40, text: t.delays},
	}
}

func (t *clientText) plain(s string, w int) string {
	g := &t.styles.Glyphs
	return g.Cut(g.Plain(s), w)
}

func (t *clientText) state(r *clientRow, _ int) string {
	state := min(r.State, model.Away)
	return t.styles.Glyphs.States[state] + " " + state.String()
}

// current is the connection that it has now.
func (t *clientText) current(r *clientRow, _ int) string {
	if r.Connection == 0 {
		return look.None
	}
	return r.Connection.String()
}

// delays are how long it took to come back each time, the newest first: those that do not fit are the
// oldest.
func (t *clientText) delays(r *clientRow, w int) string {
	var b strings.Builder
	for _, d := range slices.Backward(r.Reconnects) {
		word := look.Brief(max(d, time.Microsecond))
		if look.Width(b.String())+look.Width(word)+1 > w {
			break
		}
		b.WriteString(word + " ")
	}
	return strings.TrimSuffix(b.String(), " ")
}
