package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
)

// toggleFollow pins the cursor to the client that it is on, over all connections of that client, until the cursor is moved.
func (p *connections) toggleFollow() {
	row := p.selected()
	switch {
	case p.followed != "":
		p.unfollow()
		p.status.say("no longer following")
	case row == nil:
		p.status.say("no connection is selected")
	default:
		p.list.Pin(true)
		p.list.GoTo(row.ID)
		p.follow(row.Client, row.Client)
	}
}

func (p *connections) unfollow() {
	p.sorted.unfollow()
	p.list.Pin(p.detail.stage != shut)
}

// followClient moves the cursor to the connection that the followed client has now.
func (p *connections) followClient() tea.Cmd {
	if p.followed == "" {
		return nil
	}
	c := p.picture.client(p.followed)
	if c == nil {
		p.status.complain(p.followed + " is gone: no longer following")
		p.unfollow()
		return nil
	}
	if c.Connection == 0 || c.Connection == p.list.Keyed() || !p.list.GoTo(c.Connection) {
		return nil
	}
	p.status.say(fmt.Sprintf("%s is back: generation %d", p.followed, c.Generation))
	return p.followCursor()
}

// followGeneration lets a detail that stands alone go on with the client's next connection, if the connection was open when
// the detail was opened.
func (p *connections) followGeneration() tea.Cmd {
	if p.detail.stage != whole || !p.detail.live {
		return nil
	}
	next := p.nextGeneration(p.detail.connection())
	if next == nil {
		return nil
	}
	p.detail.goOn(next, p.now())
	p.list.GoTo(next.ID)
	return p.fx.inspect(next.ID)
}

// nextGeneration is the open connection of c's client if it came after c, nil otherwise.
func (p *connections) nextGeneration(c *model.Connection) *model.Connection {
	client := p.picture.client(c.Client)
	if client == nil || client.Connection <= c.ID || c.Open() {
		return nil
	}
	return p.picture.find(client.Connection)
}
