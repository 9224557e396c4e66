package storm

import (
	"net/netip"
	"slices"
	"time"

	"holter/model"
	"holter/model/reconnect"
)

// Former is a connection that ended before the Watch began, with the server that was here before.
type Former struct {
	Remote netip.Addr
	At     model.Instant // when it ended, 0 if that is not known
}

// former are the clients that a server had which is gone. It is not known who they were, but for their addresses.
type former struct {
	clients map[netip.Addr][]*Client
	until   model.Instant // when they are no longer expected
}

const (
	// goneTogether is within what time clients notice that their server has gone, most of them.
	goneTogether = model.Instant(500 * time.Millisecond)
	// goneAfter is the time before that in which few connections may have ended: a server that closes them one after the other
	// is no server that is gone at once.
	goneAfter = model.Instant(5 * time.Second)
)

// Before tells the watch what connections there were before it began. If many of them, and most, have ended together, the
// server was gone at once, and its clients come back now: they have lost their connections as clients of a storm have.
// Otherwise, as after a server that has closed its connections one by one, nothing is expected. It returns how many clients are
// expected. It comes first.
func (w *Watch) Before(all []Former) int {
	together, at := goneAtOnce(all)
	if len(together) == 0 {
		return 0
	}
	w.former = former{clients: make(map[netip.Addr][]*Client), until: at + model.Instant(lead)}
	for _, f := range together {
		a := new(Client)
		w.Lose(a, at, &reconnect.Loss{
			Close: model.Close{Code: 1006, By: model.ByHolter}, Lasted: reconnect.Settled, Unseen: true,
		})
		a.former = true
		w.former.clients[f.Remote] = append(w.former.clients[f.Remote], a)
	}
	return len(together)
}

// goneAtOnce returns the connections that ended together with their server, and when. They are those of the worst half second, with
// those whose clients noticed it later, or not yet. It returns none unless these are many, and three of four that ended since
// shortly before.
func goneAtOnce(all []Former) (together []Former, at model.Instant) {
	ends := make([]model.Instant, 0, len(all))
	for _, f := range all {
		if f.At != 0 {
			ends = append(ends, f.At)
		}
	}
	slices.Sort(ends)
	most, from := 0, 0
	for i := range ends {
		for ; ends[from] < ends[i]-goneTogether; from++ {
		}
		if n := i - from + 1; n > most {
			most, at = n, ends[from]
		}
	}
	before, _ := slices.BinarySearch(ends, at-goneAfter)
	if most < floor || 4*most < 3*(len(ends)-before) {
		return nil, 0
	}
	for _, f := range all {
		if f.At == 0 || f.At >= at {
			together = append(together, f)
		}
	}
	return together, at
}

// expire forgets the former clients once they are no longer expected.
func (w *Watch) expire(now model.Instant) {
	if now > w.former.until {
		w.former = former{}
	}
}

// Expects reports whether Claim may know somebody.
func (w *Watch) Expects() bool { return len(w.former.clients) > 0 }

// Claim returns what is known of a client that comes for the first time, if one from its address is expected: it is taken for
// that one. Otherwise it returns nil. The caller goes on with Try, as for a client that has been away.
func (w *Watch) Claim(remote netip.Addr, pool model.Pool, now model.Instant) *Client {
	w.expire(now)
	expected := w.former.clients[remote]
	if len(expected) == 0 {
		return nil
	}
	a := expected[len(expected)-1]
	w.former.clients[remote] = expected[:len(expected)-1]
	a.Belong(pool)
	return a
}
