package export

import (
	"io"
	"time"

	"holter/model"
)

// Client is a client as it is exported, with its newest connection, nil while there is none.
type Client struct {
	*model.Client
	Newest *model.Connection
	Now    time.Time
}

// Clients are functions that write clients, by the ending of the file.
func Clients(rows []Client, hide bool) map[string]func(io.Writer) error {
	return formats(clientColumns, rows, hide)
}

var clientColumns = []column[Client]{
	{"id", func(r *Client) any { return r.ID }},
	{"generation", func(r *Client) any { return r.Generation }},
	{"connection", func(r *Client) any { return currentID(r) }},
	{"state", func(r *Client) any { return r.State.String() }},
	{"since", func(r *Client) any { return moment(r.Since) }},
	{"in_state_ms", func(r *Client) any { return millis(r.Now.Sub(r.Since)) }},
	{"first_seen", func(r *Client) any { return moment(r.FirstSeen) }},
	{"user_agent", func(r *Client) any { return r.UserAgent }},
	{"remote", ofNewest(func(c *model.Connection) any { return model.Address(c.Remote) })},
	{"path", ofNewest(func(c *model.Connection) any { return c.Path })},
	{"rtt_ms", ofNewest(func(c *model.Connection) any { return known(c.RTT) })},
	{"cause", ofNewest(func(c *model.Connection) any { return string(c.Diagnosis.Cause) })},
	{"back_after_ms", func(r *Client) any { return backAfter(r) }},
	{"reconnects_ms", func(r *Client) any { return list(r.Reconnects) }},
	{"flaps", ofOutage(func(o *model.Outage) any { return o.Flaps })},
	{"flap_code", ofOutage(func(o *model.Outage) any { return positive(o.Close.Code) })},
	{"flap_every_ms", ofOutage(func(o *model.Outage) any { return known(o.Every) })},
	{"refusals", ofOutage(func(o *model.Outage) any { return o.Refusals })},
	{"refused_status", ofOutage(func(o *model.Outage) any { return positive(o.Status) })},
	{"refused_by", ofOutage(func(o *model.Outage) any { return named(string(o.By)) })},
	{"gave_up", ofOutage(func(o *model.Outage) any { return o.GaveUp })},
}

// currentID is the id of the connection that a client has now.
func currentID(r *Client) any {
	if r.Connection == 0 {
		return nil
	}
	return r.Connection.String()
}

// backAfter is how long the client took to come back the last time.
func backAfter(r *Client) any {
	if n := len(r.Reconnects); n > 0 {
		return millis(r.Reconnects[n-1])
	}
	return nil
}

// ofOutage is a figure of what keeps a client out.
func ofOutage(value func(*model.Outage) any) func(*Client) any {
	return func(r *Client) any {
		if r.Outage == nil {
			return nil
		}
		return value(r.Outage)
	}
}

// positive is n, or nothing for 0.
func positive(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// ofNewest is a figure of a client's newest connection.
func ofNewest(value func(*model.Connection) any) func(*Client) any {
	return func(r *Client) any {
		if r.Newest == nil {
			return nil
		}
		return value(r.Newest)
	}
}
