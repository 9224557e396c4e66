package tui

import (
	"fmt"
	"slices"

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
	p.fit()
}

// fit gives the list the lines that the warnings leave.
func (p *clients) fit() { p.list.SetSize(p.room.w, p.room.h-len(p.warnings())) }

// roomForLine is the lines of the page that allow for a further line of warnings.
const roomForLine = 8

// warnings are what is wrong with the clients' names, in a line or, where there is room, in as many as it takes.
func (p *clients) warnings() []string {
	if p.picture == nil {
		return nil
	}
	g, all := &p.styles.Glyphs, slices.DeleteFunc(slices.Clone(p.picture.Warnings), func(w model.Warning) bool { return w.Kind != model.SharedIdentity || w.Dismissed })
	if len(all) == 0 {
		return nil
	}
	w := &all[len(all)-1]
	text := fmt.Sprintf("%s%s: %d connections at once are named %s", g.Shared, w.Kind, w.Connections, g.Plain(w.Client))
	if w.Identity != "" {
		text = fmt.Sprintf("%s%s: --identity %s is different for each of %d connections named %s", g.Shared, w.Kind, g.Plain(w.Identity), w.Connections, g.Plain(w.Client))
	}
	if n := len(all) - 1; n > 0 {
		text = fmt.Sprintf("%s and %d more", text, n)
	}
	lines := g.WrapCut(text, p.room.w-1, max(1, p.room.h/roomForLine))
	for i := range lines {
		lines[i] = " " + p.styles.States[model.Suspect].String(lines[i])
	}
	return lines
}

func (p *clients) setPicture(pic *picture) tea.Cmd {
	cmd, ok := p.accept(pic)
	if ok {
		p.fit()
		p.list.Table.Fit("CLIENT", p.chosen.longest)
		p.list.Table.Fit("AGENT", p.chosen.agents)
		p.list.Table.Fit("KEPT OUT BY", p.chosen.outages)
		p.list.Table.Fit("BACK AFTER", p.chosen.delays*delayWidth)
		p.keepFollowing()
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

// keepFollowing ends following where the client has left the list: the cursor is on another one now.
func (p *clients) keepFollowing() {
	if p.followed != "" && p.followed != p.list.Keyed() {
		p.status.complain(p.followed + " is no longer on the list: no longer following")
		p.unfollow()
	}
}

// seek goes to the next client in trouble.
func (p *clients) seek(step int) {
	if p.sorted.seek(step) {
		p.unfollow()
	}
}

func (p *clients) selected() *model.Connection {
	row := p.list.Selected()
	if row == nil || p.stale() && !p.search.filter.Selects(p.picture.clientRow(row)) {
		return nil
	}
	return row.connection
}

// absent says why there is no connection for the row under the cursor.
func (p *clients) absent() string {
	row := p.list.Selected()
	switch {
	case row != nil && row.connection == nil && row.Generation == 0 && row.Outage != nil:
		return row.ID + " has never had a connection: " + outageWords(row.Outage, p.styles.Glyphs.Lost)
	case row != nil && row.connection == nil:
		return row.ID + " is away, and its last connection is forgotten"
	}
	return "no client is selected"
}

func (p *clients) click(x, y int) (row any, cmd tea.Cmd) {
	y -= len(p.warnings())
	if y < 0 {
		return nil, nil
	}
	if y == 0 {
		return nil, p.sortAt(x)
	}
	if !p.list.Click(x, y) {
		return nil, nil
	}
	p.unfollow()
	return p.list.Clicked(x), nil
}

func (p *clients) view() []string {
	warnings := p.warnings()
	room := size{p.room.w, p.room.h - len(warnings)}
	return append(warnings, p.lines(room, p.order.Order, func() []string {
		return []string{"", p.styles.Dim.String(" No client is known yet.")}
	})...)
}

func (p *clients) hints() []key.Binding {
	k := p.keys
	return []key.Binding{k.Open, k.Filter, k.NextTrouble, k.Follow, k.Sort}
}
