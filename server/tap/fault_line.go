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

// line is one direction of a wire: a bounded queue of the bytes on their way. The mu of its wire protects it, and all
// its methods run under that mutex.
type line struct {
	engaged atomic.Bool // bytes pass through here; changed under mu
	wanted  bool        // the faults need this direction
	running bool        // a goroutine fills or empties it
	ours    bool        // no read or write that began before the fault is still blocked in the socket
	slow    bool        // chunks from now on are part of a slow close

	bad     model.Line
	limiter *rate.Limiter // nil for none
	chunks  []chunk
	size    int           // of chunks, in bytes of memory
	passed  model.Instant // when the newest chunk to leave was due
	ended   bool          // the goroutine that fills it has read the end of the stream
	err     error         // of the socket
}

// chunk holds the bytes of one read or write.
type chunk struct {
	bytes []byte
	do    func()        // instead of bytes: called when the chunk's turn comes
	err   error         // instead of bytes: the end of the stream
	at    model.Instant // it came
	stray float64       // share of the jitter that delays it, -1 to 1
	slow  bool          // it is part of a slow close
}

const (
	lineLimit = 256 << 10 // of memory: as much as a usual socket buffer
	ownRoom   = 4 << 10   // beyond it, for frames of the tap's own
	chunkCost = 96        // of memory, beside its bytes
	partLimit = 16 << 10  // bytes of one write, so that a change of the faults takes effect soon
)

func (l *line) set(bad model.Line, otherwise bool) {
	l.wanted = otherwise || bad != model.Line{}
	if bad.Rate != l.bad.Rate {
		l.limiter = nil
		if bad.Rate > 0 {
			// Bursts of a twentieth of a second are smooth enough, and need no timer for every byte.
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

// add pushes a copy of b, unless b is empty.
func (l *line) add(b []byte, at model.Instant) {
	if len(b) > 0 {
		l.push(chunk{bytes: bytes.Clone(b), at: at})
	}
}

// tokens returns the time until the rate allows n bytes, or a burst if that is less.
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

// next removes up to n bytes from the first chunk, which was due then.
func (l *line) next(n int, due model.Instant) []byte {
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

// pop removes the first chunk, which has no bytes left and was due then.
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

// spill discards all bytes.
func (l *line) spill() {
	l.chunks = slices.DeleteFunc(l.chunks, func(c chunk) bool { return c.do == nil })
	l.size = len(l.chunks) * chunkCost
}
