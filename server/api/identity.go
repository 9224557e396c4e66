package api

import (
	"errors"
	"time"

	"holter/model"
)

// Client is one client over all its connections.
type Client struct {
	ID           string    `json:"id"`
	Generation   int       `json:"generation"`
	Connection   string    `json:"connection"` // the newest open one, empty while away
	State        string    `json:"state"`
	Since        time.Time `json:"since"`
	FirstSeen    time.Time `json:"first_seen"`
	UserAgent    string    `json:"user_agent"`
	ReconnectsMS []Millis  `json:"reconnects_ms"` // delays between an end and the next connection, oldest first
	Attempts     []Attempt `json:"attempts"`      // to come back, refused ones too, oldest first
}

// Attempt is one attempt of a client to come back.
type Attempt struct {
	Number  uint8  `json:"number"`   // since its connection ended, from 1; 0 if it may count otherwise
	DelayMS Millis `json:"delay_ms"` // since that end, or since the attempt before was refused
	AskedMS Millis `json:"asked_ms"` // the wait that the refusal asked for
	Refused bool   `json:"refused"`
	Free    bool   `json:"free"` // the delay is the client's own choice
}

// ClientDetail is a client with those of its connections that are on the list, oldest first.
type ClientDetail struct {
	Client
	Connections []Connection `json:"connections"`
}

// FromClient converts c.
func FromClient(c *model.Client) Client {
	w := Client{
		ID: c.ID, Generation: c.Generation, State: c.State.String(),
		Since: c.Since.UTC(), FirstSeen: c.FirstSeen.UTC(), UserAgent: c.UserAgent,
		ReconnectsMS: make([]Millis, len(c.Reconnects)), Attempts: make([]Attempt, len(c.Attempts)),
	}
	if c.Connection != 0 {
		w.Connection = c.Connection.String()
	}
	for i, d := range c.Reconnects {
		w.ReconnectsMS[i] = millis(d)
	}
	for i, a := range c.Attempts {
		w.Attempts[i] = Attempt{a.Number, millis(a.Delay), millis(a.Asked), a.Refused, a.Free}
	}
	return w
}

// Model converts c back. The error says which field is not valid.
func (c *Client) Model() (model.Client, error) {
	var parse parser
	m := model.Client{
		ID: text(c.ID), Generation: c.Generation, State: stateOf(c.State),
		Since: c.Since, FirstSeen: c.FirstSeen, UserAgent: text(c.UserAgent),
	}
	if c.Connection != "" {
		m.Connection = parse.id(c.Connection)
	}
	for _, d := range newest(c.ReconnectsMS, model.MaxReconnects) {
		m.Reconnects = append(m.Reconnects, d.Duration())
	}
	for _, a := range newest(c.Attempts, model.MaxReconnects) {
		m.Attempts = append(m.Attempts, model.Attempt{
			Number: a.Number, Delay: a.DelayMS.Duration(), Asked: a.AskedMS.Duration(), Refused: a.Refused, Free: a.Free,
		})
	}
	if m.ID == "" {
		parse.note(errors.New("a client without an id"))
	}
	return m, parse.wrap("client", c.ID)
}
