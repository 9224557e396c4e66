package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
)

// clientRow is a client and its newest connection, nil while it is away and that is forgotten.
type clientRow struct {
	*model.Client
	connection *model.Connection
}

// What clients can be sorted by beside model's keys.
const (
	sortSince      model.SortKey = "since"
	sortSeen       model.SortKey = "seen"
	sortReconnects model.SortKey = "reconnects"
	sortAgent      model.SortKey = "agent"
)

// clients is the page of the identities behind the connections.
type clients struct {
	styles *styles
	keys   *keyMap
	fx     *effects
	status *status

	picture *picture
	order   arrangement
	search  finder
	list    list[clientRow, string]
	size    size
}

func newClients(s *styles, k *keyMap, fx *effects, st *status) *clients {
	p := &clients{styles: s, keys: k, fx: fx, status: st, order: arrangement{key: model.SortState}}
	t := newTable(s, clientColumns(&clientText{styles: s, page: p}), func(r *clientRow) model.State { return r.State })
	p.list = newList(t, func(r *clientRow) string { return r.ID })
	return p
}

func (p *clients) setSize(w, h int) {
	p.size = size{w, h}
	p.list.setSize(p.size)
}

func (p *clients) arrange() func(*picture) *picture {
	order := p.order
	return func(pic *picture) *picture { return arrangeClients(pic, order) }
}

func (p *clients) setPicture(pic *picture) tea.Cmd {
	rows := pic.clients
	switch {
	case rows == nil || rows.serial != p.order.serial:
		return p.fx.rearrange(pic, p.arrange())
	case p.search.typing && rows.matched == 0 && len(p.list.rows) > 0:
		rows = rows.keeping(p.list.rows)
	}
	fresh := *pic
	fresh.clients = rows
	p.picture = &fresh
	p.list.set(rows.rows)
	return nil
}

func (p *clients) update(msg tea.KeyMsg) tea.Cmd {
	k := p.keys
	switch {
	case key.Matches(msg, k.Invert):
		return p.setOrder(p.order.key, !p.order.descending)
	case key.Matches(msg, k.NextTrouble):
		p.seek(1)
	case key.Matches(msg, k.PreviousTrouble):
		p.seek(-1)
	case key.Matches(msg, k.Follow):
		p.toggleFollow()
	case key.Matches(msg, k.Mark, k.Range):
		p.status.say("only connections can be marked")
	default:
		if p.list.move(msg, k) {
			p.list.cursor.pinned = false
		}
	}
	return nil
}

func (p *clients) seek(step int) {
	if !p.list.seek(step) {
		p.status.say("nobody on the list is in trouble")
	}
}

// toggleFollow pins the cursor to its client.
func (p *clients) toggleFollow() {
	row := p.list.selected()
	switch {
	case row == nil:
		p.status.say("nobody is selected")
	case p.list.cursor.pinned:
		p.list.cursor.pinned = false
		p.status.say("following nobody any more")
	default:
		p.list.cursor.pinned = true
		p.status.say("following " + row.ID + " until the cursor is moved")
	}
}

func (p *clients) following() string {
	if row := p.list.selected(); row != nil && p.list.cursor.pinned {
		return row.ID
	}
	return ""
}

// back drops the filter.
func (p *clients) back() (tea.Cmd, bool) {
	if p.search.text == "" {
		return nil, false
	}
	p.search = finder{}
	return p.refilter(), true
}

func (p *clients) selected() *model.Connection {
	if row := p.list.selected(); row != nil {
		return row.connection
	}
	return nil
}

func (p *clients) click(x, y int) tea.Cmd {
	if y == 0 {
		return sortAt(&p.list.table, x, p.order, p.setOrder)
	}
	p.list.click(y)
	return nil
}

func (p *clients) view() []string {
	switch {
	case p.picture == nil:
		return waiting(p.styles, p.size.h)
	case len(p.picture.Clients) == 0:
		return fill([]string{"", p.styles.dim.String(" No client is known yet.")}, p.size.h)
	case len(p.list.rows) == 0:
		return noMatch(p.styles, "No client matches this filter:", p.search.text, p.size)
	}
	return p.list.view(p.order.key, p.order.descending)
}

func (p *clients) sorts() []menuItem      { return sortItems(&p.list.table, p.setOrder) }
func (p *clients) choices() columnChoices { return &p.list.table }
func (p *clients) finder() *finder        { return &p.search }

func (p *clients) refilter() tea.Cmd { return p.setOrder(p.order.key, p.order.descending) }

func (p *clients) setOrder(by model.SortKey, descending bool) tea.Cmd {
	p.order = p.order.with(p.search.filter, by, descending)
	if p.picture == nil {
		return nil
	}
	return p.fx.rearrange(p.picture, p.arrange())
}

func (p *clients) tally() string {
	if p.picture == nil || p.search.text == "" {
		return ""
	}
	rows := p.picture.clients
	return fmt.Sprintf("%d/%d %s", rows.matched, rows.total, p.styles.glyphs.plain(p.search.text))
}

func (p *clients) hints() []key.Binding {
	k := p.keys
	return []key.Binding{k.Open, k.Filter, k.NextTrouble, k.Follow, k.Sort}
}

// clientText writes the cells of the table of clients.
type clientText struct {
	styles *styles
	page   *clients
}

func (t *clientText) now() time.Time { return t.page.picture.Time }

func clientColumns(t *clientText) []column[clientRow] {
	type row = clientRow
	return []column[row]{
		{title: "STATE", sort: model.SortState, letter: "s", inverse: true, min: 9, want: 9, loud: true, text: t.state},
		{title: "CLIENT", sort: model.SortClient, letter: "c", min: 12, want: 24,
			text: func(r *row, w int) string { return t.plain(r.ID, w) }},
		{title: "GEN", sort: model.SortGeneration, letter: "g", descending: true, min: 4, want: 4, right: true,
			text: func(r *row, _ int) string { return count(r.Generation) }},
		{title: "FOR", sort: sortSince, letter: "f", descending: true, min: 6, want: 6, right: true,
			text: func(r *row, _ int) string { return span(t.now().Sub(r.Since)) }},
		{title: "SEEN", sort: sortSeen, letter: "e", descending: true, min: 6, rank: rankThird, right: true,
			text: func(r *row, _ int) string { return span(t.now().Sub(r.FirstSeen)) }},
		{title: "NOW", min: 8, rank: rankThird, right: true, text: t.current},
		{title: "AGENT", sort: sortAgent, letter: "u", min: 18, rank: rankThird,
			text: func(r *row, w int) string { return t.plain(r.UserAgent, w) }},
		{title: "BACK AFTER", sort: sortReconnects, letter: "b", descending: true, min: 12, want: 40, text: t.delays},
	}
}

func (t *clientText) plain(s string, w int) string {
	g := &t.styles.glyphs
	return g.cut(g.plain(s), w)
}

func (t *clientText) state(r *clientRow, _ int) string {
	state := min(r.State, model.Away)
	return t.styles.glyphs.states[state] + " " + state.String()
}

// current is the connection that it has now.
func (t *clientText) current(r *clientRow, _ int) string {
	if r.Connection == 0 {
		return none
	}
	return r.Connection.String()
}

// delays are how long it took to come back each time, the newest first: those that do not fit are the
// oldest.
func (t *clientText) delays(r *clientRow, w int) string {
	var b strings.Builder
	for _, d := range slices.Backward(r.Reconnects) {
		word := brief(max(d, time.Microsecond))
		if width(b.String())+width(word)+1 > w {
			break
		}
		b.WriteString(word + " ")
	}
	return strings.TrimSuffix(b.String(), " ")
}

// arrangeClients is p with its clients filtered and sorted.
func arrangeClients(p *picture, a arrangement) *picture {
	newest := make(map[string]*model.Connection, len(p.Clients))
	for i := range p.Connections {
		newest[p.Connections[i].Client] = &p.Connections[i] // by id, so the last one stays
	}
	rows := make([]clientRow, 0, len(p.Clients))
	for i := range p.Clients {
		row := clientRow{&p.Clients[i], newest[p.Clients[i].ID]}
		if row.matches(a.filter, p.Time) {
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, clientOrder(a))
	fresh := *p
	fresh.clients = &arranged[clientRow]{rows: rows, matched: len(rows), total: len(p.Clients), serial: a.serial}
	return &fresh
}

// matches reports whether a filter chooses the client's newest connection. Of a client that is away
// without one, it is asked about what is known.
func (r *clientRow) matches(f model.Filter, now time.Time) bool {
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
func clientOrder(a arrangement) func(x, y clientRow) int {
	compare := map[model.SortKey]func(x, y clientRow) int{
		model.SortState:      func(x, y clientRow) int { return cmp.Compare(urgency(x.State), urgency(y.State)) },
		model.SortClient:     func(x, y clientRow) int { return cmp.Compare(x.ID, y.ID) },
		model.SortGeneration: func(x, y clientRow) int { return cmp.Compare(x.Generation, y.Generation) },
		sortSince:            func(x, y clientRow) int { return y.Since.Compare(x.Since) },
		sortSeen:             func(x, y clientRow) int { return y.FirstSeen.Compare(x.FirstSeen) },
		sortAgent:            func(x, y clientRow) int { return cmp.Compare(x.UserAgent, y.UserAgent) },
		sortReconnects:       func(x, y clientRow) int { return cmp.Compare(lastDelay(&x), lastDelay(&y)) },
	}[a.key]
	if a.descending {
		return func(x, y clientRow) int { return compare(y, x) }
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
