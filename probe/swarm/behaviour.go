package swarm

import (
	"math/rand/v2"
	"time"

	"holter/model"
)

// Behaviour says what a client does while it is connected. Its fields are independent of each other, and the zero
// value of each turns it off. The client of a zero Behaviour answers pings and does nothing else.
type Behaviour struct {
	Name string // for the user agent

	Beat     time.Duration // between two beats of the client, ±10 %
	JSONBeat bool          // beats are JSON messages instead of ping frames, as in a browser
	Talk     Span          // between two messages
	Payload  int           // length of a message in bytes; a message is never shorter than leastPayload

	Mute   bool // answers no pings
	Path   Span // delay of all pongs, drawn once for each client
	Wobble Span // further delay, drawn for each pong

	Freeze Spell // stops reading, answering and sending, like a stopped process
	Drop   Spell // closes the socket without a close frame
	Slow   bool  // reads a few hundred bytes per second, from a small buffer
}

// delaysPongs reports whether the client ever delays a pong.
func (b Behaviour) delaysPongs() bool { return b.Path.Max > 0 || b.Wobble.Max > 0 }

// Span is a range from which durations are drawn uniformly. The zero Span turns off what it is for.
type Span struct{ Min, Max time.Duration }

func (s Span) draw(r *rand.Rand) time.Duration {
	return s.Min + time.Duration(r.Float64()*float64(s.Max-s.Min))
}

// Spell says when something happens to a client that happens again and again.
type Spell struct {
	First Span // from the opening of the client's first connection; zero for Every
	Every Span // from one time to the next, and from the opening of later connections; zero for never
	For   Span // how long it lasts; zero if it is over at once
}

// start returns when the spell begins first, on a connection that opens now.
func (s Spell) start(first bool, now model.Instant, r *rand.Rand) model.Instant {
	if first && s.First.Max > 0 {
		return now + model.Instant(s.First.draw(r))
	}
	return s.next(now, r)
}

func (s Spell) next(now model.Instant, r *rand.Rand) model.Instant {
	return now + model.Instant(s.Every.draw(r))
}
