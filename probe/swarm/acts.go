package swarm

import (
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/probe/pulse"
)

// act is something that a client does when it is due, and after that when it is due again.
type act uint8

const (
	actBeat     act = iota
	actTalk         // sends a message
	actFreeze       // does nothing for a while, and keeps the reader from doing anything
	actThaw         // ends that
	actDrop         // closes the socket without a close frame
	actHeldPong     // writes the answer that was held back longest
	actCount
)

// never is beyond the end of every session.
const never = pulse.Never

// plan turns the client's behaviour into what is due when, on a connection that opens now.
func (s *session) plan(now model.Instant) {
	c, role := s.client, s.client.role
	first := c.generation == 1
	for a := range s.due {
		s.due[a] = never
	}
	s.due[actBeat] = s.pulse.Start()
	if role.Talk.Max > 0 {
		// Those who connected together shall not talk together.
		s.due[actTalk] = now + model.Instant(Span{0, role.Talk.Max}.draw(c.random))
	}
	if role.Freeze.Every.Max > 0 {
		s.due[actFreeze] = role.Freeze.start(first, now, c.random)
	}
	if role.Drop.Every.Max > 0 {
		s.due[actDrop] = role.Drop.start(first, now, c.random)
	}
}

// next is the act that is due first. A frozen client only waits for its end.
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

// perform does one act and returns when it is due again.
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

// writeHeldPong writes the answer that was held back longest.
func (s *session) writeHeldPong() (model.Instant, error) {
	first := s.held[0]
	s.held = s.held[1:]
	next := never
	if len(s.held) > 0 {
		next = s.held[0].due
	}
	return next, s.writePong(first.payload)
}

// backlog is how far a client may fall behind with its messages before it leaves some out.
const backlog = time.Second

// talk sends a message. Its client keeps the pace that it should have, so that a server which is slow
// for a moment does not get less to do.
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

// thaw ends a freeze, if there is one.
func (s *session) thaw() {
	if s.due[actThaw] == never {
		return
	}
	s.due[actThaw] = never
	s.due[actBeat] = s.pulse.Start()
	s.awake.Unlock()
}
