package tui

import (
	"slices"
	"strings"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/tui/look"
	"holter/tui/widget"
)

// clientText writes the cells of the table of clients.
type clientText struct {
	page *clients
}

func (t *clientText) now() time.Time { return t.page.picture.Time }

func clientColumns(t *clientText) []widget.Column[clientRow] {
	type row = clientRow
	return []widget.Column[row]{
		{Title: "STATE", Sort: filter.SortState, Letter: "s", Inverse: true, Min: 9, Want: 9, Loud: true, Text: t.state},
		{Title: "CLIENT", Sort: filter.SortClient, Letter: "c", Min: 12, Want: 24,
			Text: func(r *row, w int) string { return t.plain(r.ID, w) }},
		{Title: "GEN", Sort: filter.SortGeneration, Letter: "g", Descending: true, Min: 4, Want: 4, Right: true,
			Text: func(r *row, _ int) string { return look.Count(r.Generation) }},
		{Title: "FOR", Sort: sortSince, Letter: "f", Descending: true, Min: 6, Want: 6, Right: true,
			Text: func(r *row, _ int) string { return look.Span(t.now().Sub(r.Since)) }},
		{Title: "SEEN", Sort: sortSeen, Letter: "e", Descending: true, Min: 6, Rank: widget.Third, Right: true,
			Text: func(r *row, _ int) string { return look.Span(t.now().Sub(r.FirstSeen)) }},
		{Title: "NOW", Min: 8, Rank: widget.Third, Right: true, Text: t.current},
		{Title: "AGENT", Sort: sortAgent, Letter: "u", Min: 18, Rank: widget.Third,
			Text: func(r *row, w int) string { return t.plain(r.UserAgent, w) }},
		{Title: "BACK AFTER", Sort: sortReconnects, Letter: "b", Descending: true, Min: 12, Want: 40, Text: t.delays},
	}
}

func (t *clientText) plain(s string, w int) string {
	g := &t.page.styles.Glyphs
	return g.Cut(g.Plain(s), w)
}

func (t *clientText) state(r *clientRow, _ int) string {
	state := min(r.State, model.Away)
	return t.page.styles.Glyphs.States[state] + " " + state.String()
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
