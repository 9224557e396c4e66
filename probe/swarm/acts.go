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
	beats    act = iota
	talks        // sends a message
	freezes      // does nothing for a while, and keeps the reader from doing anything
	thaws        // ends that
	drops        // closes the socket without a close frame
	releases     // writes the answer that was held back longest
	acts
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
	s.due[beats] = s.pulse.Start()
	if role.Talk.Max > 0 {
		// Those who connected together shall not talk together.
		s.due[talks] = now + model.Instant(Span{0, role.Talk.Max}.draw(c.random))
	}
	if role.Freeze.Every.Max > 0 {
		s.due[freezes] = role.Freeze.start(first, now, c.random)
	}
	if role.Drop.Every.Max > 0 {
		s.due[drops] = role.Drop.start(first, now, c.random)
	}
}

// next is the act that is due first. A frozen client only waits for its end.
func (s *session) next() act {
	if s.due[thaws] != never {
		return thaws
	}
	first := beats
	for a := range acts {
		if s.due[a] < s.due[first] {
			first = a
		}
	}
	return first
}

// do does one act and returns when it is due again.
func (s *session) do(a act, now model.Instant) (model.Instant, error) {
	switch a {
	case beats:
		return s.pulse.Beat()
	case talks:
		return s.talk(now)
	case freezes:
		return s.freeze(now)
	case thaws:
		s.thaw()
		return never, nil
	case releases:
		return s.release()
	}
	return never, errDropped
}

// release writes the answer that was held back longest.
func (s *session) release() (model.Instant, error) {
	first := s.held[0]
	s.held = s.held[1:]
	next := never
	if len(s.held) > 0 {
		next = s.held[0].due
	}
	return next, s.answer(first.payload)
}

// backlog is how far a client may fall behind with its messages before it leaves some out.
const backlog = time.Second

// talk sends a message. Its client keeps the pace that it should have, so that a server which is slow
// for a moment does not get less to do.
func (s *session) talk(now model.Instant) (model.Instant, error) {
	c := s.client
	next := max(s.due[talks], now-model.Instant(backlog)) + model.Instant(c.role.Talk.draw(c.random))
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
	s.due[thaws] = now + model.Instant(role.Freeze.For.draw(random))
	return role.Freeze.again(s.due[thaws], random), nil
}

// thaw ends a freeze, if there is one.
func (s *session) thaw() {
	if s.due[thaws] == never {
		return
	}
	s.due[thaws] = never
	s.due[beats] = s.pulse.Start()
	s.awake.Unlock()
}
