package drill

import (
	"slices"
	"time"

	"holter/model"
	"holter/model/reconnect"
)

// record is what clients did since the start, from the events of the holter that they are connected to.
// All its times are that holter's, and count from the start. It belongs to one goroutine.
type record struct {
	start       time.Time
	knownSince  time.Duration // what was before is known
	lossesUntil time.Duration // losses from here on are everyday ones
	clients     map[string]*client
	lost        int             // clients that lost their connection
	back        int             // of them, back for now
	arrivals    []time.Duration // of those who came back or were refused
	refused     int
	missed      uint64    // events that did not come through
	missedAt    time.Time // when events were missed, until a snapshot has filled the gap
}

// client is one identity.
type client struct {
	open        []model.ID    // connections
	snapshotAt  time.Duration // from a snapshot, up to then
	lastEventAt time.Duration // by the newest event
	outage      *outage       // nil until it loses its connection
}

// outage is how a client came back from its newest loss.
type outage struct {
	away     bool
	lost     time.Duration
	tried    time.Duration // the newest attempt since
	back     time.Duration
	attempts *reconnect.Attempts
}

// newRecord begins with who is there before the start.
func newRecord(s *model.Snapshot, start time.Time) *record {
	r := &record{start: start, knownSince: s.Time.Sub(start), lossesUntil: maxTime, clients: make(map[string]*client)}
	for i := range s.Connections {
		if c := &s.Connections[i]; c.Open() {
			who := r.client(c.Client)
			who.open = append(who.open, c.ID)
		}
	}
	return r
}

// present is how many clients have a connection.
func (r *record) present() (n int) {
	for _, c := range r.clients {
		if len(c.open) > 0 {
			n++
		}
	}
	return n
}

func (r *record) client(id string) *client {
	c := r.clients[id]
	if c == nil {
		c = &client{snapshotAt: r.knownSince}
		r.clients[id] = c
	}
	return c
}

func (r *record) offset(t time.Time) time.Duration { return t.Sub(r.start) }

// apply takes an event in, unless what it tells is known already.
func (r *record) apply(e *model.Event) {
	at := r.offset(e.Time)
	switch e.Type {
	case model.ConnectionOpened, model.ConnectionClosed:
		c := r.client(e.Connection.Client)
		if at < c.snapshotAt {
			return
		}
		c.lastEventAt = max(c.lastEventAt, at)
		if e.Type == model.ConnectionOpened {
			r.opened(c, e.Connection.ID, at)
		} else {
			r.closed(c, e.Connection, at)
		}
	case model.ConnectionRefused:
		if at >= 0 {
			r.refusal(r.clients[e.Refusal.Client], at, e.Refusal.RetryAfter)
		}
	case model.Dropped:
		if at >= 0 {
			r.missed += e.Count
			r.missedAt = e.Time
		}
	}
}

func (r *record) opened(c *client, id model.ID, at time.Duration) {
	c.open = append(c.open, id)
	r.returned(c, at)
}

// returned notes a return, if that is what it is.
func (r *record) returned(c *client, at time.Duration) {
	s := c.outage
	if s == nil || !s.away {
		return
	}
	s.away, s.tried, s.back = false, at, at
	s.attempts.Try(model.Instant(at), 0, false, 0)
	r.arrivals = append(r.arrivals, at)
	r.back++
}

func (r *record) closed(c *client, was *model.Connection, at time.Duration) {
	c.open = slices.DeleteFunc(c.open, func(id model.ID) bool { return id == was.ID })
	if len(c.open) > 0 || at < 0 {
		return
	}
	loss := reconnect.Loss{
		Pool:   model.Pool{UserAgent: was.UserAgent, Path: was.Path},
		Failed: was.State == model.Failed,
		First:  was.Generation == 1,
		Lasted: r.start.Add(at).Sub(was.Opened),
		Path:   2 * was.RTT, // TCP's handshake, and half a trip before and after it
	}
	if was.Close != nil {
		loss.Close = *was.Close
	}
	r.lostConnection(c, at, &loss)
}

// lostConnection notes a loss: one while the disturbance lasts, or too soon after the return from it.
func (r *record) lostConnection(c *client, at time.Duration, l *reconnect.Loss) {
	s := c.outage
	switch {
	case s == nil && at > r.lossesUntil:
		return
	case s == nil:
		s = &outage{attempts: new(reconnect.Attempts)}
		c.outage = s
		r.lost++
	case s.away || at > r.lossesUntil && at-s.back > reconnect.Settled:
		return
	default:
		r.back--
	}
	s.away, s.lost, s.tried = true, at, 0
	s.attempts.Lose(model.Instant(at), l)
}

// refusal takes a refusal in; c is nil if it was of somebody who is not known.
func (r *record) refusal(c *client, at, retryAfter time.Duration) {
	r.refused++
	r.arrivals = append(r.arrivals, at)
	if c != nil && c.outage != nil && c.outage.away {
		c.outage.tried = at
		c.outage.attempts.Try(model.Instant(at), 0, true, retryAfter)
	}
}

// catchUp learns from a snapshot what the events that were missed had to tell.
func (r *record) catchUp(s *model.Snapshot) {
	if r.missedAt.IsZero() || !s.Time.After(r.missedAt) {
		return
	}
	r.missedAt = time.Time{}
	open := make(map[string][]*model.Connection) // by client, the oldest first
	for i := range s.Connections {
		if c := &s.Connections[i]; c.Open() {
			open[c.Client] = append(open[c.Client], c)
		}
	}
	at := r.offset(s.Time)
	for i := range s.Clients {
		known := &s.Clients[i]
		if c := r.client(known.ID); c.lastEventAt < at {
			c.snapshotAt = at
			r.reconcile(c, known, open[known.ID])
		}
	}
}

// reconcile brings a client to what a snapshot says of it.
func (r *record) reconcile(c *client, known *model.Client, open []*model.Connection) {
	was, stayed := len(c.open) > 0, false
	ids := make([]model.ID, len(open))
	for i, o := range open {
		ids[i] = o.ID
		stayed = stayed || slices.Contains(c.open, o.ID)
	}
	c.open = ids
	if was && !stayed {
		r.lostConnection(c, max(0, r.lossTime(known, open)), &reconnect.Loss{Pool: model.Pool{UserAgent: known.UserAgent}})
	}
	if len(open) > 0 {
		r.returned(c, max(0, r.offset(open[0].Opened)))
	}
}

// lossTime is when a client lost the connections that it had.
func (r *record) lossTime(known *model.Client, open []*model.Connection) time.Duration {
	if len(open) == 0 {
		return r.offset(known.Since)
	}
	at := r.offset(open[0].Opened)
	if n := len(known.Reconnects); n > 0 {
		at -= known.Reconnects[n-1]
	}
	return at
}
