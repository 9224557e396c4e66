package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/tui/look"
	"holter/tui/widget"
)

// Sort keys that only clients have.
const (
	sortSince      filter.SortKey = "since"
	sortSeen       filter.SortKey = "seen"
	sortReconnects filter.SortKey = "reconnects"
	sortAgent      filter.SortKey = "agent"
)

// arrangeClients is p with its clients filtered and sorted.
func arrangeClients(p *picture, a arrangement) *picture {
	newest := p.Newest()
	chosen := choose(a, len(p.Clients), func(by finder) ([]*clientRow, error) {
		all := make([]clientRow, 0, len(p.Clients))
		rows := make([]*clientRow, 0, len(p.Clients))
		at := func(i int) clientRow { return clientRow{&p.Clients[i], newest[p.Clients[i].ID]} }
		err := by.among(len(p.Clients),
			func(i int) filter.Row { row := at(i); return p.clientRow(&row) },
			func(i int) {
				all = append(all, at(i))
				rows = append(rows, &all[len(all)-1])
			})
		return rows, err
	})
	chosen.hide(a, func(r *clientRow) bool { return r.State == model.Away })
	chosen.longest = longestOf(chosen.rows, func(r *clientRow) string { return nameOf(r, " ") })
	chosen.agents = longestOf(chosen.rows, func(r *clientRow) string { return r.UserAgent })
	chosen.outages = longestOf(chosen.rows, func(r *clientRow) string { return outageWords(r.Outage, " ") })
	for _, r := range chosen.rows {
		chosen.delays = max(chosen.delays, len(r.Reconnects))
	}
	slices.SortStableFunc(chosen.rows, clientOrder(a))
	fresh := *p
	fresh.clients = chosen
	return &fresh
}

// clientRow is a row as the filter of the page sees it.
func (p *picture) clientRow(r *clientRow) filter.Row {
	row := filter.Row{Now: p.Time}
	if r.connection != nil {
		row = p.rowOf(r.connection)
	}
	row.Client = r.Client
	return row
}

// choosesClient reports whether a filter chooses the client of a connection, whose row would be about this connection. One
// that is forgotten it does not choose.
func choosesClient(f filter.Filter, p *picture, c *model.Connection) bool {
	client := p.client(c.Client)
	return client != nil && f.Selects(p.clientRow(&clientRow{client, c}))
}

// clientOrder compares rows that are by id already.
func clientOrder(a arrangement) func(x, y *clientRow) int {
	compare := map[filter.SortKey]func(x, y *clientRow) int{
		filter.SortState:      func(x, y *clientRow) int { return cmp.Compare(urgency(x.State), urgency(y.State)) },
		filter.SortClient:     func(x, y *clientRow) int { return cmp.Compare(x.ID, y.ID) },
		filter.SortGeneration: func(x, y *clientRow) int { return cmp.Compare(x.Generation, y.Generation) },
		sortSince:             func(x, y *clientRow) int { return y.Since.Compare(x.Since) },
		sortSeen:              func(x, y *clientRow) int { return y.FirstSeen.Compare(x.FirstSeen) },
		sortAgent:             func(x, y *clientRow) int { return cmp.Compare(x.UserAgent, y.UserAgent) },
		sortReconnects:        func(x, y *clientRow) int { return cmp.Compare(lastDelay(x), lastDelay(y)) },
	}[a.Order.By]
	if a.Descending {
		return func(x, y *clientRow) int { return compare(y, x) }
	}
	return compare
}

// urgency is the place of a client's state among those that want attention.
func urgency(s model.State) int {
	return slices.Index([]model.State{model.Failed, model.Flapping, model.Suspect, model.Away, model.Normal}, s)
}

func lastDelay(r *clientRow) time.Duration {
	if n := len(r.Reconnects); n > 0 {
		return r.Reconnects[n-1]
	}
	return -1
}

// clientText writes the cells of the table of clients.
type clientText struct {
	page *clients
}

func (t *clientText) now() time.Time { return t.page.picture.Time }

// longAgent has room for all but the whole story that a browser tells of itself.
const longAgent = 120

func clientColumns(t *clientText) []widget.Column[clientRow] {
	type row = clientRow
	return []widget.Column[row]{
		{Title: "STATE", Sort: filter.SortState, Letter: "s", Inverse: true, Min: 10, Want: 10, Text: t.state, Vivid: t.vividState},
		{Title: "CLIENT", Sort: filter.SortClient, Letter: "c", Min: 12, Want: 32, Ample: 64, Fits: true,
			Text: t.name},
		{Title: "GEN", Sort: filter.SortGeneration, Letter: "g", Descending: true, Min: 4, Want: 4, Right: true,
			Text: func(r *row, _ int) string { return look.Count(r.Generation) }},
		{Title: "FOR", Sort: sortSince, Letter: "f", Descending: true, Min: 6, Want: 6, Right: true,
			Text: func(r *row, _ int) string { return look.Span(t.now().Sub(r.Since)) }},
		{Title: "SEEN", Sort: sortSeen, Letter: "e", Descending: true, Min: 6, Rank: widget.Third, Right: true,
			Text: func(r *row, _ int) string { return look.Span(t.now().Sub(r.FirstSeen)) }},
		{Title: "KEPT OUT BY", Min: 20, Want: 36, Fits: true, Text: t.keptOut},
		{Title: "NOW", Min: 8, Rank: widget.Third, Right: true, Text: t.current},
		{Title: "AGENT", Sort: sortAgent, Letter: "u", Min: 18, Ample: longAgent, Fits: true, Rank: widget.Third,
			Text: func(r *row, w int) string { return t.plain(r.UserAgent, w) }},
		{Title: "BACK AFTER", Sort: sortReconnects, Letter: "b", Descending: true, Min: 12, Want: 40, Fits: true, Text: t.delays},
	}
}

func (t *clientText) plain(s string, w int) string {
	g := &t.page.styles.Glyphs
	return g.Cut(g.Plain(s), w)
}

func (t *clientText) name(r *clientRow, w int) string {
	g := &t.page.styles.Glyphs
	return g.CutMiddle(g.Plain(nameOf(r, g.Shared)), w)
}

// nameOf is the client's name, behind a mark if it shares one with others.
func nameOf(r *clientRow, mark string) string {
	if r.Shared == "" {
		return r.ID
	}
	return mark + r.ID
}

func (t *clientText) state(r *clientRow, _ int) string {
	state := min(r.State, model.Unknown)
	return t.page.styles.Glyphs.States[state] + " " + state.String()
}

func (t *clientText) vividState(r *clientRow, w int) string {
	state := min(r.State, model.Unknown)
	return vividState(t.page.styles, state, state, w)
}

// keptOut is what keeps the client out: how its connections are closed again and how often, or how it is refused.
func (t *clientText) keptOut(r *clientRow, w int) string {
	return t.plain(outageWords(r.Outage, t.page.styles.Glyphs.Lost), w)
}

// outageWords are the newest of what keeps a client out, "" for nothing.
func outageWords(o *model.Outage, times string) string {
	if o == nil {
		return ""
	}
	words := o.Cause()
	switch {
	case o.Refusals > 0:
		words += fmt.Sprintf(" %s%d", times, o.Refusals)
	case o.Every > 0:
		words += fmt.Sprintf(", %s/s", look.Rate(1/o.Every.Seconds()))
	case o.Flaps > 0:
		words += " after " + look.Brief(o.Lasted)
	}
	if o.GaveUp {
		words = strings.TrimSuffix("gave up: "+words, ": ")
	}
	return words
}

// current is the id of the connection that the client has now.
func (t *clientText) current(r *clientRow, _ int) string {
	if r.Connection == 0 {
		return look.None
	}
	return r.Connection.String()
}

// delayWidth is the cells that a time takes, with a blank.
const delayWidth = 6

// delays are the times that the client took to reconnect, the newest first; the oldest are left out where they do not fit.
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
