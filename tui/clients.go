package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/model/filter"
	"holter/tui/widget"
)

// clientRow is a client and its newest connection, nil while it is away and that is forgotten.
type clientRow struct {
	*model.Client
	connection *model.Connection
}

// clients is the page of the identities behind the connections.
type clients struct {
	sorted[clientRow, string]
}

func newClients(k *keyMap, fx *effects, st *status) *clients {
	p := &clients{newSorted[clientRow, string]("client", filter.ClientRows, k, fx, st)}
	p.arranges, p.again, p.gone = arrangeClients, p.rechoose, model.Away
	p.rowsOf = func(pic *picture) *arranged[clientRow] { return pic.clients }
	t := widget.NewTable(clientColumns(&clientText{page: p}), func(r *clientRow) model.State { return r.State })
	p.list = widget.NewList(t, func(r *clientRow) string { return r.ID })
	return p
}

func (p *clients) layOut(room size, d drawing) {
	p.room, p.drawing = room, d
	p.list.SetSize(room.w, room.h)
}

func (p *clients) setPicture(pic *picture) tea.Cmd {
	cmd, ok := p.accept(pic)
	if ok {
		p.list.Table.Fit(p.chosen.longest)
	}
	return cmd
}

func (p *clients) update(msg tea.KeyMsg) tea.Cmd {
	k := p.keys
	switch {
	case key.Matches(msg, k.Invert):
		return p.invert()
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
			p.unfollow()
		}
	}
	return nil
}

// toggleFollow pins the cursor to its client.
func (p *clients) toggleFollow() {
	row := p.list.Selected()
	switch {
	case row == nil:
		p.status.say("no client is selected")
	case p.list.Pinned():
		p.unfollow()
		p.status.say("no longer following")
	default:
		p.list.Pin(true)
		p.follow(row.ID, row.ID)
	}
}

func (p *clients) unfollow() {
	p.sorted.unfollow()
	p.list.Pin(false)
}

// following is the client under a cursor that is pinned, which may have been moved by a click.
func (p *clients) following() string {
	if row := p.list.Selected(); row != nil && p.list.Pinned() {
		return row.ID
	}
	return ""
}

func (p *clients) selected() *model.Connection {
	if row := p.list.Selected(); row != nil {
		return row.connection
	}
	return nil
}

func (p *clients) click(x, y int) tea.Cmd {
	if y == 0 {
		return p.sortAt(x)
	}
	p.list.Click(y)
	return nil
}

func (p *clients) view() []string {
	return p.lines(p.room, p.order.Order, func() []string {
		return []string{"", p.styles.Dim.String(" No client is known yet.")}
	})
}

func (p *clients) hints() []key.Binding {
	k := p.keys
	return []key.Binding{k.Open, k.Filter, k.NextTrouble, k.Follow, k.Sort}
}
