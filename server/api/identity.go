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
	ReconnectsMS []Millis  `json:"reconnects_ms"`   // delays between an end and the next connection, oldest first
	Attempts     []Attempt `json:"attempts"`        // to come back, refused ones too, oldest first
	Outage       *Outage   `json:"outage"`          // what keeps the client out; null for nothing
	Shared       string    `json:"shared_identity"` // the name that it shares with others, empty for none
	ByOrder      bool      `json:"by_order"`        // address and user agent are shared too: only the order of coming back tells it apart
}

// Outage is what has kept a client out since it last stayed, or since it came first.
type Outage struct {
	Flaps    int    `json:"flaps"` // connections that were closed again within seconds
	Code     int    `json:"code"`  // of the newest of these, as the next three; 0 if there is none
	Reason   string `json:"reason"`
	By       string `json:"by"`
	LastedMS Millis `json:"lasted_ms"`
	EveryMS  Millis `json:"every_ms"` // from one of these to the next, of late; 0 if there is only one

	Refusals      int           `json:"refusals"` // in a row, up to now
	Status        int           `json:"status"`   // of the newest refusal, as the next two; 0 if there is none
	RefusedBy     model.Refuser `json:"refused_by"`
	RefusedReason string        `json:"refused_reason"`

	GaveUp bool `json:"gave_up"` // silent for clearly longer than its policy allows
}

// Attempt is one attempt of a client to come back.
type Attempt struct {
	Number  uint8  `json:"number"`   // since its connection ended, from 1; 0 if it may count otherwise
	DelayMS Millis `json:"delay_ms"` // since that end, or since the attempt before was refused
	AskedMS Millis `json:"asked_ms"` // the wait that the refusal before it asked for
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
		Since: c.Since.UTC(), FirstSeen: c.FirstSeen.UTC(), UserAgent: c.UserAgent, Shared: c.Shared, ByOrder: c.ByOrder,
		ReconnectsMS: make([]Millis, len(c.Reconnects)), Attempts: make([]Attempt, len(c.Attempts)),
	}
	if c.Connection != 0 {
		w.Connection = c.Connection.String()
	}
	for i, d := range c.Reconnects {
		w.ReconnectsMS[i] = millis(d)
	}
	w.Outage = fromOutage(c.Outage)
	for i, a := range c.Attempts {
		w.Attempts[i] = Attempt{a.Number, millis(a.Delay), millis(a.Asked), a.Refused, a.Free}
	}
	return w
}

func fromOutage(o *model.Outage) *Outage {
	if o == nil {
		return nil
	}
	w := &Outage{
		Flaps: o.Flaps, LastedMS: millis(o.Lasted), EveryMS: millis(o.Every),
		Refusals: o.Refusals, Status: o.Status, RefusedBy: o.By, RefusedReason: o.Reason, GaveUp: o.GaveUp,
	}
	if o.Flaps > 0 {
		w.Code, w.Reason, w.By = o.Close.Code, o.Close.Reason, o.Close.By.String()
	}
	return w
}

func (o *Outage) model() *model.Outage {
	if o == nil {
		return nil
	}
	m := &model.Outage{
		Flaps: o.Flaps, Lasted: o.LastedMS.Duration(), Every: o.EveryMS.Duration(),
		Refusals: o.Refusals, Status: o.Status, By: model.Refuser(text(string(o.RefusedBy))), Reason: text(o.RefusedReason), GaveUp: o.GaveUp,
	}
	if o.Flaps > 0 {
		m.Close = model.Close{Code: o.Code, Reason: text(o.Reason), By: closerOf(o.By)}
	}
	return m
}

// Model converts c back. The error says which field is not valid.
func (c *Client) Model() (model.Client, error) {
	var parse parser
	m := model.Client{
		ID: text(c.ID), Generation: c.Generation, State: stateOf(c.State),
		Since: c.Since, FirstSeen: c.FirstSeen, UserAgent: text(c.UserAgent), Shared: text(c.Shared), ByOrder: c.ByOrder,
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
	m.Outage = c.Outage.model()
	if m.ID == "" {
		parse.note(errors.New("a client without an id"))
	}
	return m, parse.wrap("client", c.ID)
}
