package tap

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"holter/model"
)

// line is one direction of a wire: a bounded queue of what is on its way. Its wire's mu protects it.
type line struct {
	engaged atomic.Bool // bytes go through here; changed under mu
	wanted  bool        // by the faults
	running bool        // somebody fills or empties it
	ours    bool        // the socket is: no operation of before the faults is under way
	slow    bool        // what comes from now on is part of a slow close

	bad     model.Line
	limiter *rate.Limiter // nil for none
	chunks  []chunk
	size    int           // of chunks, in bytes of memory
	passed  model.Instant // when the newest chunk to leave was due
	ended   bool          // whoever fills it has seen the end
	err     error         // of the socket
}

// chunk is what came at once.
type chunk struct {
	bytes []byte
	do    func() // to be done when it is its turn, instead of bytes
	err   error  // the end of the stream, instead of bytes
	at    model.Instant
	stray float64 // of the jitter, -1 to 1
	slow  bool
}

const (
	lineLimit = 256 << 10 // of memory: as much as a usual socket buffer
	ownRoom   = 4 << 10   // beyond it, for frames of the tap's own
	chunkCost = 96
	partLimit = 16 << 10 // of what is written at once, so that a change shows soon
)

func (l *line) set(bad model.Line, otherwise bool) {
	l.wanted = otherwise || bad != model.Line{}
	if bad.Rate != l.bad.Rate {
		l.limiter = nil
		if bad.Rate > 0 {
			// A twentieth of a second at once is even enough, and no timer runs for every byte.
			l.limiter = rate.NewLimiter(rate.Limit(bad.Rate), int(min(max(bad.Rate/20, 1), partLimit)))
		}
	}
	l.bad = bad
}

// idle reports whether nothing is on its way.
func (l *line) idle() bool { return len(l.chunks) == 0 && !l.running }

func (l *line) room() int { return max(0, lineLimit-chunkCost-l.size) }

func (l *line) push(c chunk) {
	c.stray, c.slow = 2*rand.Float64()-1, l.slow
	l.chunks = append(l.chunks, c)
	l.size += len(c.bytes) + chunkCost
}

// add copies b, if there is something in it.
func (l *line) add(b []byte, at model.Instant) {
	if len(b) > 0 {
		l.push(chunk{bytes: bytes.Clone(b), at: at})
	}
}

// tokens is how long it takes until n bytes, or as many of them as may go at once, are allowed.
func (l *line) tokens(n int) time.Duration {
	if l.limiter == nil || n == 0 {
		return 0
	}
	missing := float64(min(n, l.limiter.Burst())) - l.limiter.TokensAt(time.Now())
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing/float64(l.limiter.Limit())*float64(time.Second)) + 1
}

// take takes up to n bytes off the first chunk, which was due then.
func (l *line) take(n int, due model.Instant) []byte {
	first := &l.chunks[0]
	n = min(n, len(first.bytes))
	if l.limiter != nil {
		n = min(n, l.limiter.Burst())
		l.limiter.AllowN(time.Now(), n)
	}
	b := first.bytes[:n]
	first.bytes = first.bytes[n:]
	l.size -= n
	if len(first.bytes) == 0 {
		l.pop(due)
	}
	return b
}

// pop takes off the first chunk, in which there is nothing left, and which was due then.
func (l *line) pop(due model.Instant) chunk {
	first := l.chunks[0]
	l.chunks[0] = chunk{}
	l.chunks = l.chunks[1:]
	if len(l.chunks) == 0 {
		l.chunks = nil
	}
	l.size -= chunkCost
	l.passed = due
	return first
}

// spill throws away all bytes.
func (l *line) spill() {
	l.chunks = slices.DeleteFunc(l.chunks, func(c chunk) bool { return c.do == nil })
	l.size = len(l.chunks) * chunkCost
}
