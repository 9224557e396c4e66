package swarm

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

// never is beyond the end of every session.
var never = time.Unix(1<<40, 0)

// plan turns the client's behaviour into what is due when, on a connection that opens now.
func (s *session) plan(now time.Time) {
	c := s.client
	first := c.generation == 1
	s.pongs = act{never, s.release}
	if c.role.Beat > 0 {
		s.add(now, s.beat)
	}
	if c.role.Talk.Max > 0 {
		s.add(now.Add(c.role.Talk.draw(c.random)), s.talk)
	}
	if c.role.Freeze.Every.Max > 0 {
		s.add(c.role.Freeze.start(first, now, c.random), s.freeze)
	}
	if c.role.Drop.Every.Max > 0 {
		s.add(c.role.Drop.start(first, now, c.random), s.drop)
	}
}

func (s *session) add(due time.Time, do func(context.Context, time.Time) (time.Time, error)) {
	s.acts = append(s.acts, &act{due, do})
}

// release writes the answer that was held back longest.
func (s *session) release(context.Context, time.Time) (time.Time, error) {
	first := s.held[0]
	s.held = s.held[1:]
	next := never
	if len(s.held) > 0 {
		next = s.held[0].due
	}
	return next, s.answer(first.payload)
}

// beat asks the heart, and writes the ping that it wants.
func (s *session) beat(_ context.Context, now time.Time) (time.Time, error) {
	alive, ping, next := s.heart.tick()
	if !alive {
		return never, errDead
	}
	if ping == 0 {
		return next, nil
	}
	payload := strconv.AppendUint(nil, uint64(ping), 10)
	err := s.conn.WriteControl(websocket.PingMessage, payload, now.Add(writeTimeout))
	return s.heart.sent(ping), err
}

// talk sends a small message. What the server makes of it does not matter: an echo is read and
// dropped.
func (s *session) talk(_ context.Context, now time.Time) (time.Time, error) {
	s.said++
	text := fmt.Sprintf(`{"from":%q,"said":%d}`, s.client.id, s.said)
	s.conn.SetWriteDeadline(now.Add(writeTimeout))
	err := s.conn.WriteMessage(websocket.TextMessage, []byte(text))
	return now.Add(s.client.role.Talk.draw(s.client.random)), err
}

// freeze does nothing for a while, and keeps the reader from doing anything.
func (s *session) freeze(ctx context.Context, now time.Time) (time.Time, error) {
	role, random := s.client.role, s.client.random
	s.awake.Lock()
	sleep(ctx, role.Freeze.For.draw(random))
	s.heart.restart()
	s.awake.Unlock()
	return role.Freeze.again(time.Now(), random), nil
}

func (s *session) drop(context.Context, time.Time) (time.Time, error) {
	return never, errDropped
}
