package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/model/filter"
	"holter/tui/look"
	"holter/tui/widget"
)

// clientRow is a client and its newest connection, nil while it is away and that is forgotten.
type clientRow struct {
	*model.Client
	connection *model.Connection
}

// clients is the page of the identities behind the connections.
type clients struct {
	drawing
	keys   *keyMap
	fx     *effects
	status *status

	picture *picture
	order   arrangement
	search  finder
	list    widget.List[clientRow, string]
	size    size
}

func newClients(k *keyMap, fx *effects, st *status) *clients {
	p := &clients{keys: k, fx: fx, status: st, order: arrangement{Order: widget.Order{By: filter.SortState}}}
	t := widget.NewTable(clientColumns(&clientText{page: p}), func(r *clientRow) model.State { return r.State })
	p.list = widget.NewList(t, func(r *clientRow) string { return r.ID })
	return p
}

func (p *clients) layOut(room size, d drawing) {
	p.size, p.drawing = room, d
	p.list.SetSize(room.w, room.h)
}

func (p *clients) arrange() func(*picture) *picture {
	order := p.order
	return func(pic *picture) *picture { return arrangeClients(pic, order) }
}

func (p *clients) setPicture(pic *picture) tea.Cmd {
	rows := pic.clients
	if rows == nil || rows.serial != p.order.serial {
		return p.fx.rearrange(pic, p.arrange())
	}
	p.picture = pic
	p.list.Set(rows.rows)
	return nil
}

func (p *clients) update(msg tea.KeyMsg) tea.Cmd {
	k := p.keys
	switch {
	case key.Matches(msg, k.Invert):
		return p.setOrder(p.order.Inverted())
	case key.Matches(msg, k.NextTrouble):
		p.seek(1)
	case key.Matches(msg, k.PreviousTrouble):
		p.seek(-1)
	case key.Matches(msg, k.Follow):
		p.toggleFollow()
	case key.Matches(msg, k.Mark, k.Range):
		p.status.say("only connections can be marked")
	default:
		if p.list.Move(msg, &k.Keys) {
			p.list.Pin(false)
		}
	}
	return nil
}

func (p *clients) seek(step int) {
	if !p.list.Seek(step) {
		p.status.say("nobody on the list is in trouble")
	}
}

// toggleFollow pins the cursor to its client.
func (p *clients) toggleFollow() {
	row := p.list.Selected()
	switch {
	case row == nil:
		p.status.say("nobody is selected")
	case p.list.Pinned():
		p.list.Pin(false)
		p.status.say("following nobody any more")
	default:
		p.list.Pin(true)
		p.status.say("following " + row.ID + " until the cursor is moved")
	}
}

func (p *clients) following() string {
	if row := p.list.Selected(); row != nil && p.list.Pinned() {
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
	if row := p.list.Selected(); row != nil {
		return row.connection
	}
	return nil
}

func (p *clients) click(x, y int) tea.Cmd {
	if y == 0 {
		return p.list.Table.SortAt(x, p.order.Order, p.setOrder)
	}
	p.list.Click(y)
	return nil
}

func (p *clients) view() []string {
	switch {
	case p.picture == nil:
		return waiting(p.styles, p.size.h)
	case len(p.picture.Clients) == 0:
		return look.Fill([]string{"", p.styles.Dim.String(" No client is known yet.")}, p.size.h)
	case len(p.list.Rows) == 0:
		return noMatch(p.styles, "No client matches this filter:", p.search.text, p.size)
	}
	return p.list.View(p.styles, p.order.Order)
}

func (p *clients) sorts() []widget.Item    { return p.list.Table.SortItems(p.setOrder) }
func (p *clients) choices() widget.Choices { return &p.list.Table }
func (p *clients) finder() *finder         { return &p.search }

func (p *clients) refilter() tea.Cmd { return p.setOrder(p.order.Order) }

func (p *clients) setOrder(o widget.Order) tea.Cmd {
	var last finder
	if p.picture != nil {
		last = p.picture.clients.by
	}
	p.order = p.order.with(p.search, last, o)
	if p.picture == nil {
		return nil
	}
	return p.fx.rearrange(p.picture, p.arrange())
}

func (p *clients) tally() string {
	if p.picture == nil {
		return ""
	}
	return p.picture.clients.tally(&p.styles.Glyphs)
}

func (p *clients) served() bool { return p.picture == nil || p.picture.clients.serves(p.order) }

func (p *clients) hints() []key.Binding {
	k := p.keys
	return []key.Binding{k.Open, k.Filter, k.NextTrouble, k.Follow, k.Sort}
}
