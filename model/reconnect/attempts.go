package reconnect

import (
	"math"
	"time"

	"holter/model"
)

// Attempts is what one client did to come back since its newest connection ended, and before, as far
// as is remembered. It belongs to one goroutine.
type Attempts struct {
	pool   model.Pool
	list   []attempt
	ended  model.Instant // the last connection, or attempt
	path   time.Duration // what of a delay is the way there and back
	number uint8
	asked  uint8 // seconds
	free   bool
	counts bool
}

// attempt is an Attempt in 8 bytes.
type attempt struct {
	micros  uint32
	number  uint8
	asked   uint8 // seconds
	refused bool
	free    bool
}

const (
	// longRun is how many attempts in a row are remembered before the newest takes the place of the one
	// before it: the first ones tell a policy, those at its cap all tell the same.
	longRun = 12

	// Close codes that ask a client for patience, in the registry of RFC 6455 section 11.7.
	codeServiceRestart = 1012
	codeTryAgainLater  = 1013
)

// Loss is how a client's last open connection ended.
type Loss struct {
	Pool   model.Pool
	Close  model.Close
	Failed bool          // its heart had stopped: the client may know it by another time
	First  bool          // it was the client's first connection
	Lasted time.Duration // the connection
	Path   time.Duration // what the client's way back takes by itself: round trips of the network
}

// Lose begins to count.
func (a *Attempts) Lose(at model.Instant, l *Loss) {
	a.pool, a.path, a.ended = l.Pool, l.Path, at
	a.number, a.asked = 0, 0
	a.counts = l.First || l.Lasted >= Settled
	a.free = !l.Failed && l.Close.By != model.ByPeer && l.Close.Code != codeServiceRestart && l.Close.Code != codeTryAgainLater
}

// Try takes in an attempt that was answered at an instant, after its request had waited for so long: in a
// storm a busy machine answers long after the client has come. retryAfter is what a refusal asks for.
func (a *Attempts) Try(at model.Instant, waited time.Duration, refused bool, retryAfter time.Duration) {
	a.number = uint8(min(int(a.number)+1, math.MaxUint8))
	delay := max(0, time.Duration(at-a.ended)-waited-a.path)
	next := attempt{
		micros:  uint32(min(delay/time.Microsecond, math.MaxUint32)),
		number:  a.number,
		asked:   a.asked,
		refused: refused,
		free:    a.free,
	}
	if !a.counts {
		next.number = 0
	}
	a.remember(next)
	a.ended, a.free = at, true
	a.asked = uint8(min(max(retryAfter, 0)/time.Second, math.MaxUint8))
}

func (a *Attempts) remember(next attempt) {
	n := len(a.list)
	switch {
	case a.number > longRun && n > 0:
		a.list[n-1] = next
		return
	case n == model.MaxReconnects:
		copy(a.list, a.list[1:])
		a.list = a.list[:n-1]
	}
	a.list = append(a.list, next)
}

// All are the attempts that are remembered, oldest first, at most MaxReconnects.
func (a *Attempts) All() []model.Attempt {
	if len(a.list) == 0 {
		return nil
	}
	all := make([]model.Attempt, len(a.list))
	for i, x := range a.list {
		all[i] = model.Attempt{
			Number: x.number, Delay: x.delay(), Refused: x.refused, Free: x.free,
			Asked: time.Duration(x.asked) * time.Second,
		}
	}
	return all
}

func (a attempt) delay() time.Duration { return time.Duration(a.micros) * time.Microsecond }

// own is the delay without what the refusal before asked for, if that counts.
func (a attempt) own(obeys bool) time.Duration {
	if obeys {
		return max(0, a.delay()-time.Duration(a.asked)*time.Second)
	}
	return a.delay()
}
