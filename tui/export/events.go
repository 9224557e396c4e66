package export

import (
	"io"
	"strings"

	"holter/model"
)

// Event is an event as it is exported, with the word and the sentence that the screen has for it.
type Event struct {
	*model.Event
	Kind, Text string
}

// Events are functions that write events, by the ending of the file.
func Events(rows []Event, hide bool) map[string]func(io.Writer) error {
	return formats(eventColumns, rows, hide)
}

var eventColumns = []column[Event]{
	{"seq", func(r *Event) any { return r.Seq }},
	{"time", func(r *Event) any { return moment(r.Time) }},
	{"type", func(r *Event) any { return string(r.Type) }},
	{"event", func(r *Event) any { return r.Kind }},
	{"what", func(r *Event) any { return r.Text }},
	{"id", ofConnection(func(c *model.Connection) any { return c.ID.String() })},
	{"client", either(func(c *model.Connection) any { return c.Client }, func(r *model.Refusal) any { return named(r.Client) })},
	{"generation", ofConnection(func(c *model.Connection) any { return c.Generation })},
	{"remote", either(func(c *model.Connection) any { return model.Address(c.Remote) }, func(r *model.Refusal) any { return named(r.Remote) })},
	{"path", ofConnection(func(c *model.Connection) any { return c.Path })},
	{"user_agent", ofConnection(func(c *model.Connection) any { return c.UserAgent })},
	{"from", ofChange(func(e *Event) any { return e.From.String() })},
	{"to", ofChange(func(e *Event) any { return e.To.String() })},
	{"cause", either(func(c *model.Connection) any { return named(string(c.Diagnosis.Cause)) }, func(r *model.Refusal) any { return named(string(r.Diagnosis.Cause)) })},
	{"cause_detail", either(func(c *model.Connection) any { return named(c.Diagnosis.Detail) }, func(r *model.Refusal) any { return named(r.Diagnosis.Detail) })},
	{"close_code", ofEnd(func(c *model.Close) any { return c.Code })},
	{"close_reason", ofEnd(func(c *model.Close) any { return c.Reason })},
	{"close_by", ofEnd(func(c *model.Close) any { return c.By.String() })},
	{"refused_status", ofRefusal(func(r *model.Refusal) any { return status(r) })},
	{"refused_reason", ofRefusal(func(r *model.Refusal) any { return r.Reason })},
	{"refused_by", ofRefusal(func(r *model.Refusal) any { return named(string(r.By)) })},
	{"retry_after_ms", ofRefusal(func(r *model.Refusal) any { return known(r.RetryAfter) })},
	{"faults", ofConnection(func(c *model.Connection) any { return named(strings.Join(c.Faults.Words(), " ")) })},
	{"storm", func(r *Event) any { return stormID(r) }},
	{"lost", func(r *Event) any { return lost(r) }},
}

func ofConnection(value func(*model.Connection) any) func(*Event) any {
	return either(value, func(*model.Refusal) any { return nil })
}

func ofRefusal(value func(*model.Refusal) any) func(*Event) any {
	return either(func(*model.Connection) any { return nil }, value)
}

// either is a figure of the connection that an event is about, or of the refusal that it is.
func either(connection func(*model.Connection) any, refusal func(*model.Refusal) any) func(*Event) any {
	return func(r *Event) any {
		switch {
		case r.Connection != nil:
			return connection(r.Connection)
		case r.Refusal != nil:
			return refusal(r.Refusal)
		}
		return nil
	}
}

func ofEnd(value func(*model.Close) any) func(*Event) any {
	return ofConnection(func(c *model.Connection) any {
		if c.Close == nil {
			return nil
		}
		return value(c.Close)
	})
}

// ofChange is a figure that only a change of state has.
func ofChange(value func(*Event) any) func(*Event) any {
	return func(r *Event) any {
		if r.Type != model.StateChanged {
			return nil
		}
		return value(r)
	}
}

func status(r *model.Refusal) any {
	if r.Status == 0 {
		return nil
	}
	return r.Status
}

func stormID(r *Event) any {
	if r.Storm == nil {
		return nil
	}
	return r.Storm.ID
}

// lost is how many events were lost.
func lost(r *Event) any {
	if r.Type != model.Dropped {
		return nil
	}
	return r.Count
}
