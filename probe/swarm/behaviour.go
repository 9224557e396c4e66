package swarm

import (
	"math/rand/v2"
	"time"

	"holter/model"
)

// Behaviour is what a client does on purpose. Its fields are independent of each other; the zero
// value of one leaves that out, and the zero Behaviour is a client that answers pings and no more.
type Behaviour struct {
	Name string // for the user agent

	Beat     time.Duration // between two beats of its own, ±10 %
	JSONBeat bool          // they are messages, as those of a script in a browser, instead of pings
	Talk     Span          // between two messages
	Payload  int           // bytes of a message, if that is more than it needs

	Mute   bool // it answers no ping
	Path   Span // answers are this late, drawn once for each client
	Wobble Span // and by this much more, drawn for each answer

	Freeze Spell // it stops reading, answering and sending, like a stopped process
	Drop   Spell // it closes the socket without a close frame
	Slow   bool  // it reads a few hundred bytes a second, from a small buffer
}

// delaysPongs reports whether pongs are held back at all.
func (b Behaviour) delaysPongs() bool { return b.Path.Max > 0 || b.Wobble.Max > 0 }

// Span is a range that durations are drawn from, uniformly. The zero Span means never or nothing.
type Span struct{ Min, Max time.Duration }

func (s Span) draw(r *rand.Rand) time.Duration {
	return s.Min + time.Duration(r.Float64()*float64(s.Max-s.Min))
}

// Spell is something that befalls a client again and again.
type Spell struct {
	First Span // on a client's first connection, counted from its opening
	Every Span // after that, and on later connections
	For   Span // how long it lasts, if it does
}

// start is when the spell first comes on a connection that opens now.
func (s Spell) start(first bool, now model.Instant, r *rand.Rand) model.Instant {
	if first && s.First.Max > 0 {
		return now + model.Instant(s.First.draw(r))
	}
	return s.next(now, r)
}

func (s Spell) next(now model.Instant, r *rand.Rand) model.Instant {
	return now + model.Instant(s.Every.draw(r))
}
