package hub

import (
	"strings"
	"time"

	"holter/model"
	"holter/model/habit"
)

// leastBetween is the least time between two looks at the data of a connection, however often it beats.
const leastBetween = 250 * time.Millisecond

// betweenLooks returns the time from one look at the data of a connection to the next: it is looked at when it is due for
// a beat.
func (h *Hub) betweenLooks() time.Duration { return max(h.o.Rhythm.Interval, leastBetween) }

// watchStream looks at the data of c, in both directions. The scheduler calls it at its visits to the leg to the client.
func (c *connection) watchStream(now model.Instant) {
	t, between := c.toClient.tap, c.hub.betweenLooks()
	switch {
	case c.habit != nil && !c.habit.Due(now, between), c.habit == nil && t.Data() == 0:
		return
	case c.habit == nil:
		c.habit = new(habit.Habit)
	}
	read := c.readings()
	read[habit.In].Pause, read[habit.Out].Pause = t.Flow().TakePauses()
	found := c.habit.Look(now, between, c.habits(), read, c.isPage(), c.hub.late.VoidBefore())
	c.toClient.flow(&found, now)
	if c.toUpstream != nil {
		c.toUpstream.flow(&found, now)
	}
}

// flow gives the heart of l what was found about the data of the connection.
func (l *leg) flow(found *model.Stream, now model.Instant) {
	if l.end != nil || l.heart == nil {
		return
	}
	s := model.Stream{}
	if l == l.conn.source(found) {
		s = *found
	}
	s.Pong = l.heart.RTT()
	if l.heart.Flow(&s) {
		l.conn.publish(model.Event{Type: model.CauseFound}, now)
	}
}

// well reports whether l is open, and its peer answers as it should.
func (l *leg) well() bool { return l.end == nil && l.heart != nil && l.heart.Well() }

// readings are what both directions show now, without pauses.
func (c *connection) readings() (read [2]habit.Reading) {
	well := c.toClient.well() && (c.toUpstream == nil || c.toUpstream.well())
	from := c.toUpstream
	if from == nil { // the application is in this process, and its client is the one to show life
		from = &c.toClient
	}
	t := c.toClient.tap
	read[habit.In].Last, read[habit.Out].Last = t.Flow().DataIn(), t.Flow().DataOut()
	read[habit.In].Alive = well && t.Heard() > read[habit.In].Last
	read[habit.Out].Alive = well && from.tap.Heard() > read[habit.Out].Last
	return read
}

// source returns the leg whose peer sends the data of a stream, or should.
func (c *connection) source(s *model.Stream) *leg {
	if s.Sent && c.toUpstream != nil {
		return c.toUpstream
	}
	return &c.toClient
}

// isPage reports whether the client is a page in a browser, by what it calls itself.
func (c *connection) isPage() bool {
	return strings.HasPrefix(c.handshake.Value().agent, "Mozilla/")
}

// habits are those of the path of c, nil if it has none.
func (c *connection) habits() *habit.Path {
	if c.route == nil {
		return nil
	}
	return &c.route.habits
}

// streamOf returns the finding about the data from the peer of l.
func (c *connection) streamOf(l *leg, now model.Instant) model.Stream {
	if c.habit == nil || c.toClient.tap == nil {
		return model.Stream{}
	}
	s := c.habit.Found(now, c.readings(), c.isPage())
	if l != c.source(&s) {
		return model.Stream{}
	}
	s.Pong = l.heart.RTT()
	return s
}
