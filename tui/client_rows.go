package tui

import (
	"cmp"
	"slices"
	"time"

	"holter/model"
	"holter/model/filter"
)

// What clients can be sorted by beside model's keys.
const (
	sortSince      filter.SortKey = "since"
	sortSeen       filter.SortKey = "seen"
	sortReconnects filter.SortKey = "reconnects"
	sortAgent      filter.SortKey = "agent"
)

// arrangeClients is p with its clients filtered and sorted.
func arrangeClients(p *picture, a arrangement) *picture {
	newest := make(map[string]*model.Connection, len(p.Clients))
	for i := range p.Connections {
		newest[p.Connections[i].Client] = &p.Connections[i] // by id, so the last one stays
	}
	chosen := choose(a, len(p.Clients), func(by finder) []*clientRow {
		all := make([]clientRow, 0, len(p.Clients))
		rows := make([]*clientRow, 0, len(p.Clients))
		for i := range p.Clients {
			row := clientRow{&p.Clients[i], newest[p.Clients[i].ID]}
			if row.matches(by.filter, p.Time) {
				all = append(all, row)
				rows = append(rows, &all[len(all)-1])
			}
		}
		return rows
	})
	slices.SortStableFunc(chosen.rows, clientOrder(a))
	fresh := *p
	fresh.clients = chosen
	return &fresh
}

// matches reports whether a filter chooses the client's newest connection. Of a client that is away
// without one, it is asked about what is known.
func (r *clientRow) matches(f filter.Filter, now time.Time) bool {
	if r.connection != nil && r.State != model.Away {
		return f.Match(r.connection, now)
	}
	c := model.Connection{Client: r.ID, Generation: r.Generation, UserAgent: r.UserAgent}
	if r.connection != nil {
		c = *r.connection
	}
	c.State = r.State
	return f.Match(&c, now)
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
	return slices.Index([]model.State{model.Failed, model.Suspect, model.Away, model.Normal}, s)
}

func lastDelay(r *clientRow) time.Duration {
	if n := len(r.Reconnects); n > 0 {
		return r.Reconnects[n-1]
	}
	return -1
}
