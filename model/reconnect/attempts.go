package reconnect

import (
	"math"
	"slices"
	"time"

	"holter/model"
)

// Attempts records how one client tried to come back: since its newest connection ended and, for a bounded number
// of attempts, before. It belongs to one goroutine.
type Attempts struct {
	pool   model.Pool
	list   []attempt
	ended  model.Instant // the last connection, or attempt
	path   time.Duration // part of each delay that the way there and back takes
	number uint8
	asked  uint8 // seconds
	choice choice
	counts bool
	mixed  bool
	shared bool // list has a copy, and must not change but at its end
	chain  chain
	policy *model.PoolPolicy // of its pool, as Infer last found it; nil before
}

// attempt is a model.Attempt in 8 bytes.
type attempt struct {
	micros  uint32
	number  uint8
	asked   uint8 // seconds
	refused bool
	choice  choice
}

// choice says whether the client chose a delay itself.
type choice uint8

const (
	notChosen       choice = iota
	chosenAfterCode        // unless it knows the close code, which asked it to wait: few clients do
	chosenFreely
)

const (
	// longRun is the number of attempts in a row after which the newest replaces the one before it. The first
	// attempts show a policy; those at its cap are all alike.
	longRun = 12
	// mostUncounted is the same for attempts without a number. A client whose connections are closed at once has many of them,
	// and they must not take the place of the others, which show its policy.
	mostUncounted = 4

	// Close codes that ask a client to wait, in the registry of RFC 6455 section 11.7.
	codeServiceRestart = 1012
	codeTryAgainLater  = 1013
)

// Loss is how a client's last open connection ended.
type Loss struct {
	Pool   model.Pool
	Close  model.Close
	Failed bool          // its heartbeat had failed, so the client may have noticed the end at another time
	First  bool          // it was the client's first connection
	Lasted time.Duration // the connection
	Path   time.Duration // the time of the client's way back without any delay: round trips of the network
	Unseen bool          // its first attempts could not be seen, as there was no server
	Mixed  bool          // others have its name, address and user agent: what it does next may be what one of them does
}

// Lose records the end of the client's last connection. Its attempts are counted from then on.
func (a *Attempts) Lose(at model.Instant, l *Loss) {
	a.pool, a.path, a.ended = l.Pool, l.Path, at
	a.number, a.asked = 0, 0
	a.counts = (l.First || l.Lasted >= Settled) && !l.Unseen
	a.mixed = l.Mixed
	a.chain.lose(l)
	switch {
	case l.Failed || l.Close.By == model.ByPeer || l.Unseen:
		a.choice = notChosen
	case l.Close.Code == codeServiceRestart || l.Close.Code == codeTryAgainLater:
		a.choice = chosenAfterCode
	default:
		a.choice = chosenFreely
	}
}

// Belong sets the pool of a client that was not known when it lost its connection.
func (a *Attempts) Belong(pool model.Pool) { a.pool = pool }

// Try records an attempt that was answered at an instant. waited is how long its request had waited for the answer:
// in a storm a busy machine answers long after the client has come. retryAfter is what a refusal asked for.
func (a *Attempts) Try(at model.Instant, waited time.Duration, refused bool, retryAfter time.Duration) {
	a.number = uint8(min(int(a.number)+1, math.MaxUint8))
	delay := max(0, time.Duration(at-a.ended)-waited-a.path)
	next := attempt{
		micros:  uint32(min(delay/time.Microsecond, math.MaxUint32)),
		number:  a.number,
		asked:   a.asked,
		refused: refused,
		choice:  a.choice,
	}
	if !a.counts {
		next.number = 0
	}
	a.remember(next)
	a.chain.try(next)
	a.ended, a.choice = at, chosenFreely
	a.asked = seconds(retryAfter)
}

// seconds returns what a refusal asks for, as it is kept.
func seconds(retryAfter time.Duration) uint8 {
	return uint8(min(max(retryAfter, 0)/time.Second, math.MaxUint8))
}

func (a *Attempts) remember(next attempt) {
	n := len(a.list)
	switch {
	case a.number > longRun && n > 0 || next.number == 0 && a.uncounted() >= mostUncounted:
		a.unshare()
		a.list[n-1] = next
		return
	case n == model.MaxReconnects:
		a.unshare()
		copy(a.list, a.list[1:])
		a.list = a.list[:n-1]
	}
	a.list = append(a.list, next)
}

// Copy returns a copy that another goroutine may use while a goes on.
func (a *Attempts) Copy() Attempts {
	a.shared = true
	return *a
}

func (a *Attempts) unshare() {
	if a.shared {
		a.list, a.shared = slices.Clone(a.list), false
	}
}

// uncounted returns how many of the newest attempts have no number.
func (a *Attempts) uncounted() (n int) {
	for n < len(a.list) && a.list[len(a.list)-1-n].number == 0 {
		n++
	}
	return n
}

// All returns the attempts that are kept, oldest first, at most MaxReconnects.
func (a *Attempts) All() []model.Attempt {
	if len(a.list) == 0 {
		return nil
	}
	all := make([]model.Attempt, len(a.list))
	for i, x := range a.list {
		all[i] = model.Attempt{
			Number: x.number, Delay: x.delay(), Refused: x.refused, Free: x.choice == chosenFreely,
			Asked: time.Duration(x.asked) * time.Second,
		}
	}
	return all
}

func (a attempt) delay() time.Duration { return time.Duration(a.micros) * time.Microsecond }

// own returns the delay, less the time that the refusal before it asked for if the client obeys that.
func (a attempt) own(obeys bool) time.Duration {
	if obeys {
		return max(0, a.delay()-time.Duration(a.asked)*time.Second)
	}
	return a.delay()
}
