package api

import (
	"time"

	"holter/model"
)

// Client is one identity over all its connections.
type Client struct {
	ID           string    `json:"id"`
	Generation   int       `json:"generation"`
	Connection   string    `json:"connection"` // the newest open one, empty while away
	State        string    `json:"state"`
	Since        time.Time `json:"since"`
	FirstSeen    time.Time `json:"first_seen"`
	UserAgent    string    `json:"user_agent"`
	ReconnectsMS []Millis  `json:"reconnects_ms"` // delays between an end and the next connection, oldest first
}

// ClientDetail is a client with its generations that are still known, oldest first.
type ClientDetail struct {
	Client
	Connections []Connection `json:"connections"`
}

// FromClient gives c its JSON.
func FromClient(c *model.Client) Client {
	w := Client{
		ID: c.ID, Generation: c.Generation, State: c.State.String(),
		Since: c.Since.UTC(), FirstSeen: c.FirstSeen.UTC(), UserAgent: c.UserAgent,
		ReconnectsMS: make([]Millis, len(c.Reconnects)),
	}
	if c.Connection != 0 {
		w.Connection = c.Connection.String()
	}
	for i, d := range c.Reconnects {
		w.ReconnectsMS[i] = millis(d)
	}
	return w
}

// Model is the client that c speaks of, or an error if it speaks of none.
func (c *Client) Model() (model.Client, error) {
	var parse parser
	m := model.Client{
		ID: text(c.ID), Generation: c.Generation, State: parse.state(c.State),
		Since: c.Since, FirstSeen: c.FirstSeen, UserAgent: text(c.UserAgent),
	}
	if c.Connection != "" {
		m.Connection = parse.id(c.Connection)
	}
	for _, d := range newest(c.ReconnectsMS, model.MaxReconnects) {
		m.Reconnects = append(m.Reconnects, d.Duration())
	}
	return m, parse.wrap("client", c.ID)
}
