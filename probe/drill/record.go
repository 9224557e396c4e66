package drill

import (
	"slices"
	"time"

	"holter/model"
	"holter/model/reconnect"
)

// record follows what the clients do during a drill, from the target's events and snapshots. All its times are by
// the target's clock. Durations count from start. A record has no lock of its own: the runner's protects it.
type record struct {
	start       time.Time
	knownSince  time.Duration // when the first snapshot was taken; it contains earlier events
	lossesUntil time.Duration // later losses are not the drill's doing
	fromLoss    bool          // a client's recovery counts from its own loss, and not from the start
	stay        time.Duration // how long a connection must last so that its client is back
	heard       time.Duration // when the newest event happened
	regular     bool          // the target sends samples of its host: it is never silent for longer than a second
	clients     map[string]*client
	lost        int             // clients that lost their connection
	arrivals    []time.Duration // of clients that came back, and of refused upgrades
	refused     int
	missed      uint64    // events that were dropped on the way
	missedAt    time.Time // when events were missed; zero after a snapshot has filled the gap
	size        int       // bytes of memory, estimated
}

// Bounds for what is recorded of a target, whose events may be about more clients than there can be. A hundred
// thousand clients that try again and again are within them.
const (
	maxSize    = 128 << 20
	clientSize = 512 // of a client with an outage, besides its id
	timeSize   = 16  // of an arrival, or of an open connection
)

// client is what is known of the client with one id.
type client struct {
	open        []opening     // its open connections
	snapshotAt  time.Duration // time of the last snapshot; earlier events are part of it
	lastEventAt time.Duration // time of the newest event
	outage      *outage       // nil until the client loses its connection
	mixed       bool          // it is told apart from others only by order: see reconnect.Loss
}

// opening is a connection that is open.
type opening struct {
	id model.ID
	at time.Duration // below 0 if it was open before the start
}

// outage is what a client did after it had lost its connection. A second loss starts it again, if the client had stayed.
type outage struct {
	away     bool
	since    time.Duration // the loss that it began with; the client has not stayed since
	tried    bool
	back     time.Duration // when the connection opened that the client has now
	attempts *reconnect.Attempts

	ended    time.Duration // its newest connection
	refusals int           // in a row

	flaps int           // connections that were closed again before the client had stayed
	flap  model.Close   // of the newest of these
	every time.Duration // from one of these to the next, of late; 0 if there is only one
}

// newRecord makes a record of the clients in a snapshot from before the start.
func newRecord(s *model.Snapshot, start time.Time) *record {
	r := &record{start: start, knownSince: s.Time.Sub(start), lossesUntil: maxTime, stay: model.Stay, clients: make(map[string]*client)}
	for i := range s.Connections {
		if c := &s.Connections[i]; c.Open() {
			owner := r.client(c.Client)
			owner.open = append(owner.open, opening{c.ID, min(-1, r.offset(c.Opened))})
		}
	}
	for i := range s.Clients {
		if c := r.clients[s.Clients[i].ID]; c != nil {
			c.mixed = s.Clients[i].ByOrder
		}
	}
	return r
}

// present counts the clients that have a connection.
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
		r.size += clientSize + len(id)
	}
	return c
}

func (r *record) offset(t time.Time) time.Duration { return t.Sub(r.start) }

// apply updates the record by an event, unless a snapshot has already contained it. An event that there is no room
// for counts as missed.
func (r *record) apply(e *model.Event) {
	at := r.offset(e.Time)
	r.heard = max(r.heard, at)
	r.regular = r.regular || e.Type == model.HostSampled
	if r.size > maxSize && e.Type != model.Dropped {
		r.missed++
		return
	}
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
	case model.WarningRaised:
		r.rename(e.Warning)
	case model.Dropped:
		if at >= 0 {
			r.missed += e.Count
			r.missedAt = e.Time
		}
	}
}

// rename forgets a client whose name has turned out to be that of several: they have names of their own from now on.
func (r *record) rename(w *model.Warning) {
	if c := r.clients[w.Client]; w.Kind == model.SharedIdentity && c != nil && c.outage == nil {
		delete(r.clients, w.Client)
	}
}

func (r *record) opened(c *client, id model.ID, at time.Duration) {
	c.open = append(c.open, opening{id, at})
	r.size += timeSize
	r.returned(c, at)
}

// returned records that a client is connected. It does nothing if the client was not away.
func (r *record) returned(c *client, at time.Duration) {
	s := c.outage
	if s == nil || !s.away {
		return
	}
	s.away, s.tried, s.back, s.refusals = false, true, at, 0
	s.attempts.Try(model.Instant(at), 0, false, 0)
	r.arrivals = append(r.arrivals, at)
	r.size += timeSize
}

func (r *record) closed(c *client, was *model.Connection, at time.Duration) {
	since := r.offset(was.Opened)
	c.open = slices.DeleteFunc(c.open, func(o opening) bool { return o.id == was.ID })
	replaced := slices.ContainsFunc(c.open, func(o opening) bool { return o.at >= 0 && o.at >= since })
	if at < 0 || slices.ContainsFunc(c.open, func(o opening) bool { return o.at < 0 || o.at < since }) {
		return
	}
	loss := reconnect.Loss{
		Pool:   model.Pool{UserAgent: was.UserAgent, Path: was.Path},
		Failed: was.State == model.Failed || replaced,
		First:  was.Generation == 1,
		Lasted: r.start.Add(at).Sub(was.Opened),
		Path:   2 * was.RTT, // the TCP handshake, and half a round trip before and after it
		Mixed:  c.mixed,
	}
	if was.Close != nil {
		loss.Close = *was.Close
	}
	if replaced { // the client knew of the end, and was back, before the socket was gone
		at = c.open[0].at
	}
	r.lostConnection(c, at, &loss)
	if replaced {
		r.returned(c, at)
	}
}

// lostConnection records that a client lost its last connection. A loss counts until lossesUntil, and after that
// only if the client had not stayed.
func (r *record) lostConnection(c *client, at time.Duration, l *reconnect.Loss) {
	s := c.outage
	switch {
	case s == nil && at > r.lossesUntil:
		return
	case s == nil:
		s = &outage{since: at, attempts: new(reconnect.Attempts)}
		c.outage = s
		r.lost++
	case s.away:
		return
	case at-s.back < r.stay:
		s.short(at, l)
	case at > r.lossesUntil:
		return
	default:
		*s = outage{since: at, back: s.back, attempts: s.attempts}
	}
	s.away, s.ended = true, at
	s.attempts.Lose(model.Instant(at), l)
}

// short records that a connection has not lasted. A client that comes now and then, and leaves by itself, has done what it
// came for.
func (s *outage) short(at time.Duration, l *reconnect.Loss) {
	if reconnect.Left(&l.Close) && s.back-s.ended >= model.Stay {
		s.flaps = 0
		return
	}
	if s.flaps > 0 {
		s.every = reconnect.Smooth(s.every, at-s.ended)
	}
	s.flaps, s.flap = s.flaps+1, l.Close
}

// now returns until when the record is complete, at a time since the start. Events may be late, and one that is still
// under way may say that a client has not stayed.
func (r *record) now(at time.Duration) time.Duration {
	if r.regular {
		return min(at, r.heard)
	}
	return at
}

// stayed reports whether the client is back for good.
func (s *outage) stayed(now, stay time.Duration) bool { return !s.away && now-s.back >= stay }

// flapping reports whether the client's connections are closed again and again.
func (s *outage) flapping() bool { return s.flaps >= reconnect.FewestFlaps }

// count returns how many clients are back, how many flap, and how many have a connection, opened before a time, which has
// yet to last.
func (r *record) count(now, opened time.Duration) (back, flapping, settling int) {
	now = r.now(now)
	for _, c := range r.clients {
		switch s := c.outage; {
		case s == nil:
		case s.stayed(now, r.stay):
			back++
		case s.flapping():
			flapping++
		case !s.away && s.back <= opened:
			settling++
		}
	}
	return back, flapping, settling
}

// refusal records a refused upgrade. c is nil if the client is unknown.
func (r *record) refusal(c *client, at, retryAfter time.Duration) {
	r.refused++
	r.arrivals = append(r.arrivals, at)
	r.size += timeSize
	if c != nil && c.outage != nil && c.outage.away {
		c.outage.refused()
		c.outage.attempts.Try(model.Instant(at), 0, true, retryAfter)
	}
}

// refused records a refusal. Several in a row keep the client out, and no longer short connections.
func (s *outage) refused() {
	s.tried = true
	if s.refusals++; s.refusals >= reconnect.FewestFlaps {
		s.flaps = 0
	}
}

// catchUp updates the record by a snapshot if events were missed before it.
func (r *record) catchUp(s *model.Snapshot) {
	if r.missedAt.IsZero() || !s.Time.After(r.missedAt) {
		return
	}
	r.missedAt = time.Time{}
	open := make(map[string][]*model.Connection) // by client, oldest first
	for i := range s.Connections {
		if c := &s.Connections[i]; c.Open() {
			open[c.Client] = append(open[c.Client], c)
		}
	}
	at := r.offset(s.Time)
	for i := range s.Clients {
		if r.size > maxSize {
			r.missed++
			return
		}
		known := &s.Clients[i]
		if c := r.client(known.ID); c.lastEventAt < at {
			c.snapshotAt = at
			r.reconcile(c, known, open[known.ID])
		}
	}
}

// reconcile updates a client by what a snapshot says of it.
func (r *record) reconcile(c *client, known *model.Client, open []*model.Connection) {
	was, stayed := len(c.open) > 0, false
	now := make([]opening, len(open))
	for i, o := range open {
		now[i] = opening{o.ID, r.offset(o.Opened)}
		stayed = stayed || slices.ContainsFunc(c.open, func(known opening) bool { return known.id == o.ID })
	}
	c.open, c.mixed = now, known.ByOrder
	if was && !stayed {
		r.lostConnection(c, max(0, r.lossTime(known, open)), &reconnect.Loss{Pool: model.Pool{UserAgent: known.UserAgent}, Mixed: c.mixed})
	}
	if len(open) > 0 {
		r.returned(c, max(0, r.offset(open[0].Opened)))
	}
}

// lossTime returns when a client lost its connections, by a snapshot in which it has none of them.
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
