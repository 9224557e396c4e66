package swarm

import (
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/probe/pulse"
)

// act is something that a client does at a given moment. Most acts have a next moment when they are done.
type act uint8

const (
	actBeat     act = iota
	actTalk         // sends a message
	actFreeze       // begins a freeze, in which the client neither reads nor writes
	actThaw         // ends the freeze
	actDrop         // closes the socket without a close frame
	actHeldPong     // writes the oldest delayed pong
	actCount
)

// never is the moment of an act that is not due.
const never = pulse.Never

// plan sets when each act is due first on a connection that opens now, by the client's role.
func (s *session) plan(now model.Instant) {
	c, role := s.client, s.client.role
	first := c.generation == 1
	for a := range s.due {
		s.due[a] = never
	}
	s.due[actBeat] = s.pulse.Start()
	if role.Talk.Max > 0 {
		// A random first moment keeps clients that connected together from sending together.
		s.due[actTalk] = now + model.Instant(Span{0, role.Talk.Max}.draw(c.random))
	}
	if role.Freeze.Every.Max > 0 {
		s.due[actFreeze] = role.Freeze.start(first, now, c.random)
	}
	if role.Drop.Every.Max > 0 {
		s.due[actDrop] = role.Drop.start(first, now, c.random)
	}
}

// next returns the act that is due first. While the client is frozen that is the thaw.
func (s *session) next() act {
	if s.due[actThaw] != never {
		return actThaw
	}
	first := actBeat
	for a := range actCount {
		if s.due[a] < s.due[first] {
			first = a
		}
	}
	return first
}

// perform performs one act and returns when it is due next. An error ends the connection. It runs under mu.
func (s *session) perform(a act, now model.Instant) (model.Instant, error) {
	switch a {
	case actBeat:
		return s.pulse.Beat()
	case actTalk:
		return s.talk(now)
	case actFreeze:
		return s.freeze(now)
	case actThaw:
		s.thaw()
		return never, nil
	case actHeldPong:
		return s.writeHeldPong()
	}
	return never, errDropped
}

// writeHeldPong writes the oldest delayed pong.
func (s *session) writeHeldPong() (model.Instant, error) {
	first := s.held[0]
	s.held = s.held[1:]
	next := never
	if len(s.held) > 0 {
		next = s.held[0].due
	}
	return next, s.writePong(first.payload)
}

// backlog is how far a client may fall behind with its messages before it skips some.
const backlog = time.Second

// talk sends a message. The next one is due by the schedule and not by the end of this write, so that a server
// which is slow for a moment does not receive fewer messages.
func (s *session) talk(now model.Instant) (model.Instant, error) {
	c := s.client
	next := max(s.due[actTalk], now-model.Instant(backlog)) + model.Instant(c.role.Talk.draw(c.random))
	c.swarm.record.sent.Add(1)
	return next, s.write(s.message())
}

// write sends the parts as one text message.
func (s *session) write(parts ...[]byte) error {
	s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	w, err := s.conn.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return w.Close()
}

func (s *session) freeze(now model.Instant) (model.Instant, error) {
	role, random := s.client.role, s.client.random
	s.awake.Lock()
	s.due[actThaw] = now + model.Instant(role.Freeze.For.draw(random))
	return role.Freeze.next(s.due[actThaw], random), nil
}

// thaw ends a freeze, if there is one. The heartbeat starts anew. It runs under mu.
func (s *session) thaw() {
	if s.due[actThaw] == never {
		return
	}
	s.due[actThaw] = never
	s.due[actBeat] = s.pulse.Start()
	s.awake.Unlock()
}
