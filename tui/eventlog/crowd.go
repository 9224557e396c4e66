package eventlog

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"holter/model"
)

const (
	mostNames   = 8 // of clients in the line of a crowd
	mostReasons = 3
)

// crowd is the events of a kind that have one line together.
type crowd struct {
	level   slog.Level
	kind    string // such as "refused"
	event   model.EventType
	count   int
	clients []string       // the first ones
	known   map[string]int // events by client
	reasons map[string]int // events by reason
}

// kindOf is the kind of an event that may come in crowds, "" for the others.
func kindOf(e *model.Event) string {
	switch e.Type {
	case model.ConnectionOpened:
		return "opened"
	case model.ConnectionClosed:
		return "closed"
	case model.ConnectionRefused:
		return "refused"
	case model.StateChanged:
		return e.To.String()
	case model.CauseFound:
		return "understood"
	case model.FaultSet:
		return "disturbed"
	case model.TokenExpiring:
		return "expiring"
	case model.ServiceChanged:
		return "services " + e.To.String()
	}
	return ""
}

func (c *crowd) add(e *model.Event) {
	if c.known == nil {
		c.known, c.reasons = map[string]int{}, map[string]int{}
	}
	c.count++
	client, reason := about(e)
	if client != "" && c.known[client] == 0 && len(c.clients) < mostNames {
		c.clients = append(c.clients, client)
	}
	c.known[client]++
	if reason != "" {
		c.reasons[reason]++
	}
}

// about says which client an event is about, and why it happened.
func about(e *model.Event) (client, reason string) {
	if r := e.Refusal; r != nil {
		return cmp.Or(r.Client, r.Remote), r.Answer()
	}
	c := e.Connection
	switch {
	case e.Service != nil:
		return e.Service.ID, string(e.Service.Diagnosis.Cause)
	case c == nil:
	case e.Type == model.ConnectionClosed && c.Close != nil:
		return c.Client, strings.TrimSpace(fmt.Sprintf("%d %s", c.Close.Code, model.WithoutRetryAfter(c.Close.Reason))) + " by " + c.Close.By.String()
	case e.Type == model.FaultSet:
		return c.Client, c.Faults.String()
	default:
		return c.Client, string(c.Diagnosis.Cause)
	}
	return "", ""
}

// line is all of the crowd in one.
func (c *crowd) line() line {
	delete(c.known, "")
	names := strings.Join(c.clients, ", ")
	if n := len(c.known) - len(c.clients); n > 0 {
		names += fmt.Sprintf(" and %d more", n)
	}
	message, of := "connections "+c.kind, "clients"
	if c.event == model.ServiceChanged {
		message, of = c.kind, "services"
	}
	attrs := []slog.Attr{slog.String("event", string(c.event)), slog.Int("count", c.count), slog.Int(of, len(c.known)), slog.String("names", names)}
	if len(c.reasons) > 0 {
		attrs = append(attrs, slog.String("reasons", c.why()))
	}
	return line{c.level, message, attrs}
}

// why are the commonest reasons.
func (c *crowd) why() string {
	reasons := slices.SortedFunc(maps.Keys(c.reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.reasons[b], c.reasons[a]), strings.Compare(a, b))
	})
	var words []string
	for _, r := range reasons[:min(len(reasons), mostReasons)] {
		words = append(words, fmt.Sprintf("%s (%d)", r, c.reasons[r]))
	}
	if n := len(reasons) - len(words); n > 0 {
		words = append(words, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(words, ", ")
}
