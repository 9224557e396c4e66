package tui

import (
	"cmp"
	"context"
	"slices"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/tui/look"
	"holter/tui/traffic"
	"holter/tui/widget"
)

// Sort keys that only the screen has: traffic is measured here.
const (
	sortTrafficIn  filter.SortKey = "traffic_in"
	sortTrafficOut filter.SortKey = "traffic_out"
)

// arrangement says which rows are shown and in which order. Rows that were arranged with another serial are out of date.
type arrangement struct {
	serial int
	search finder
	last   finder  // the filter before, whose rows stay while a filter that chooses nothing is being typed
	hides  bool    // rows of what is gone
	triage *triage // puts the rows into the order of the ward, nil for a list
	widget.Order
}

// with is another arrangement than a.
func (a arrangement) with(search, last finder, o widget.Order) arrangement {
	a.serial++
	a.search, a.last, a.Order = search, last, o
	return a
}

// arranged are rows, filtered and sorted.
type arranged[R any] struct {
	rows    []*R   // of the snapshot, unless it has none of this kind
	by      finder // what chose them
	hidden  int    // rows that it chose as well, of what is gone
	longest int    // name of a client, in cells
	agents  int    // longest user agent, in cells
	outages int    // longest words about what keeps a client out, in cells
	delays  int    // most times that a client came back after
	total   int
	open    int   // rows that want a monitor in the ward
	serial  int   // of the arrangement
	slow    error // why there are no rows, nil but for a filter that takes too long
}

// choose calls chosen for the search of an arrangement. While a search is typed, one that chooses nothing is most likely
// half a word: then the rows of the one before stay.
func choose[R any](a arrangement, total int, chosen func(finder) ([]*R, error)) *arranged[R] {
	by := a.search
	rows, err := chosen(by)
	if len(rows) == 0 && by.typing {
		if before, e := chosen(a.last); e == nil && len(before) > 0 {
			by, rows, err = a.last, before, nil
		}
	}
	if err != nil {
		rows = nil
	}
	return &arranged[R]{rows: rows, by: by, total: total, serial: a.serial, slow: err}
}

// searches bounds how long the filters of this screen take.
var searches = filter.NewBudget()

// among calls found for each of n rows that the filter selects. The error says that it takes too long.
func (f *finder) among(n int, row func(i int) filter.Row, found func(i int)) error {
	return searches.Select(context.Background(), f.filter, n, row, found)
}

// hide takes out the rows of what is gone, if an arrangement hides them.
func (r *arranged[R]) hide(a arrangement, gone func(*R) bool) {
	if !a.hides {
		return
	}
	before := len(r.rows)
	r.rows = slices.DeleteFunc(r.rows, gone)
	r.hidden = before - len(r.rows)
}

// longestOf is the cells of the longest of texts. Beyond what any column has room for it does not matter by how much.
func longestOf[R any](rows []*R, text func(*R) string) (longest int) {
	const enough = 256
	for _, row := range rows {
		if text := text(row); len(text) > longest {
			longest = max(longest, look.Width(text[:min(len(text), enough)]))
		}
	}
	return longest
}

// picture is one snapshot as the screen draws it. Nothing in it changes once it is made, so that
// commands may read it beside the screen.
type picture struct {
	*model.Snapshot
	counts   model.Counts
	faulty   int // connections that are disturbed on purpose
	readings []traffic.Reading
	advice   []model.Warning // the worst first
	waived   []model.Warning // the advice that is dismissed
	p50, p99 time.Duration   // of the open connections' RTT, 0 without any

	connections *arranged[model.Connection] // nil but on its page
	clients     *arranged[clientRow]        // nil but on its page
	outlook     *outlook                    // nil but on the page of storms
}

// newPicture counts and measures a snapshot. It is meant for a command: with ten thousand connections
// it takes milliseconds, and so does arranging them.
func newPicture(s *model.Snapshot, readings []traffic.Reading) *picture {
	p := &picture{Snapshot: s, counts: s.Count(), readings: readings, advice: model.Advice(s.Warnings), waived: model.Dismissed(s.Warnings)}
	p.p50, p.p99 = percentiles(s.Connections)
	for i := range s.Connections {
		if c := &s.Connections[i]; c.Open() && !c.Faults.None() {
			p.faulty++
		}
	}
	return p
}

// find is a connection of the snapshot, nil if it is not there.
func (p *picture) find(id model.ID) *model.Connection {
	i, ok := slices.BinarySearchFunc(p.Connections, id, func(c model.Connection, id model.ID) int {
		return cmp.Compare(c.ID, id)
	})
	if !ok {
		return nil
	}
	return &p.Connections[i]
}

// rowOf is a connection as the filter of a page sees it. It is that of the snapshot.
func (p *picture) rowOf(c *model.Connection) filter.Row {
	return p.row(c, traffic.Of(p.readings, c.ID))
}

// choosesConnection reports whether a filter chooses a connection of a picture.
func choosesConnection(f filter.Filter, p *picture, c *model.Connection) bool {
	return f.Selects(p.rowOf(c))
}

func (p *picture) row(c *model.Connection, flow traffic.Flow) filter.Row {
	return filter.Row{Connection: c, In: flow.In, Out: flow.Out, Now: p.Time}
}

// flowAt is the flow of the i-th connection of the snapshot, whose readings are in the same order.
func (p *picture) flowAt(i int) traffic.Flow {
	if i < len(p.readings) {
		return p.readings[i].Flow
	}
	return traffic.Flow{}
}

// isOpen reports whether a connection of the snapshot is open.
func (p *picture) isOpen(id model.ID) bool {
	c := p.find(id)
	return c != nil && c.Open()
}

// client is a client of the snapshot, nil if it is not there.
func (p *picture) client(id string) *model.Client {
	i, ok := slices.BinarySearchFunc(p.Clients, id, func(c model.Client, id string) int {
		return cmp.Compare(c.ID, id)
	})
	if !ok {
		return nil
	}
	return &p.Clients[i]
}

// lingers is how long it is news that a connection was lost.
const lingers = time.Minute

// lost reports whether a closed connection is news: it had failed, that was a moment ago, and its client is still away. Of
// a client's connections only the newest can be, because it came back after the others.
func (p *picture) lost(c *model.Connection) bool {
	if !c.State.Trouble() || p.Time.Sub(c.Close.At) > lingers {
		return false
	}
	client := p.client(c.Client)
	return client != nil && client.Connection == 0 && client.Generation == c.Generation
}

// arrangeConnections is p with its connections filtered and sorted.
func arrangeConnections(p *picture, a arrangement) *picture {
	chosen := choose(a, len(p.Connections), func(by finder) ([]*model.Connection, error) {
		rows := make([]*model.Connection, 0, len(p.Connections))
		err := by.among(len(p.Connections),
			func(i int) filter.Row { return p.row(&p.Connections[i], p.flowAt(i)) },
			func(i int) { rows = append(rows, &p.Connections[i]) })
		return rows, err
	})
	chosen.hide(a, func(c *model.Connection) bool { return !c.Open() && !p.lost(c) })
	chosen.longest = longestOf(chosen.rows, func(c *model.Connection) string { return c.Client })
	switch {
	case a.Order.By == sortTrafficIn, a.Order.By == sortTrafficOut:
		sortByTraffic(chosen.rows, p.readings, a)
	case a.triage == nil || a.Order.By != filter.SortState:
		filter.Sort(chosen.rows, a.Order.By, a.Descending, p.Time)
	}
	chosen.open = len(chosen.rows)
	if a.triage != nil {
		chosen.open = a.triage.rank(chosen.rows, p, a.Order)
	}
	fresh := *p
	fresh.connections = chosen
	return &fresh
}

// sortByTraffic sorts rows that are in the order of their ids. Rows with the same traffic keep that order.
func sortByTraffic(rows []*model.Connection, readings []traffic.Reading, a arrangement) {
	type entry struct {
		rate float64
		row  *model.Connection
	}
	entries := make([]entry, len(rows))
	for i, c := range rows {
		f := traffic.Of(readings, c.ID)
		entries[i] = entry{f.In, c}
		if a.Order.By == sortTrafficOut {
			entries[i].rate = f.Out
		}
	}
	slices.SortStableFunc(entries, func(x, y entry) int {
		if a.Descending {
			x, y = y, x
		}
		return cmp.Compare(x.rate, y.rate)
	})
	for i, e := range entries {
		rows[i] = e.row
	}
}

// percentiles are the RTTs that 50 % and 99 % of the open connections do not exceed.
func percentiles(conns []model.Connection) (p50, p99 time.Duration) {
	var rtts []time.Duration
	for i := range conns {
		if c := &conns[i]; c.Open() && c.RTT > 0 {
			rtts = append(rtts, c.RTT)
		}
	}
	if len(rtts) == 0 {
		return 0, 0
	}
	slices.Sort(rtts)
	return rtts[(len(rtts)-1)*50/100], rtts[(len(rtts)-1)*99/100]
}
