package compare

import (
	"math/rand/v2"
	"time"

	"github.com/gorilla/websocket"
)

// fault is what is wrong with a connection: a path that is bad from the start, something that strikes it
// later, or both.
type fault struct {
	name   string
	what   string // one sentence for the reader
	path   path
	strike func(t *trial) // nil for nothing
	// ownTime says that the fault has times of its own, so that others must not be compressed beside it.
	ownTime bool
	oneEnd  bool // it strikes one end, and only the other has something to notice
	many    bool // its rates of mistakes are of interest, so they take more connections
}

// The faults that the tables name.
const (
	halfOpen  = "half-open"
	latePongs = "late pongs"
	loss      = "1 % loss"
)

var faults = []fault{
	{name: "none", what: "Nothing happens."},
	{name: "clean close", what: "One end sends a close frame.", strike: (*trial).bid, ownTime: true, oneEnd: true},
	{name: "reset", what: "Both ends get a TCP reset.", strike: (*trial).reset, ownTime: true},
	{name: halfOpen, what: "All packets vanish, both ways.", strike: (*trial).vanish},
	{name: "frozen peer", what: "Nothing comes from one end any more, as if its process stood still; its kernel acknowledges.", strike: (*trial).freeze, oneEnd: true},
	{
		name: latePongs, path: wavering, strike: (*trial).vanish, ownTime: true, many: true,
		what: "Packets take 50 to 250 ms each way, one in 50 is held for 1 to 3 s more; at last all vanish.",
	},
	{
		name: loss, path: lossy, strike: (*trial).vanish, ownTime: true, many: true,
		what: "Packets take 25 ms each way, one in 100 is lost: what TCP makes of it is a stall of 250 ms, doubling; at last all vanish.",
	},
}

// path is how packets travel in one direction.
type path struct {
	least, most time.Duration // a trip
	held        float64       // the share of packets that are held for longer
	hold        [2]time.Duration
	lost        float64
}

var (
	wavering = path{
		least: 50 * time.Millisecond, most: 250 * time.Millisecond,
		held: 0.02, hold: [2]time.Duration{time.Second, 3 * time.Second},
	}
	lossy = path{least: 25 * time.Millisecond, most: 25 * time.Millisecond, lost: 0.01}
)

// leastRTO is Linux' lower bound for the variable part of a retransmission timeout.
const leastRTO = 200 * time.Millisecond

// trip draws how long one packet takes. A lost one comes after a retransmission timeout that doubles
// each time that it is lost again (RFC 6298 section 5.5).
func (p *path) trip(random *rand.Rand) time.Duration {
	trip := between(p.least, p.most, random)
	if random.Float64() < p.held {
		trip += between(p.hold[0], p.hold[1], random)
	}
	for rto := leastRTO + p.least + p.most; random.Float64() < p.lost; rto *= 2 {
		trip += rto
	}
	return trip
}

func between(least, most time.Duration, random *rand.Rand) time.Duration {
	return least + time.Duration(random.Float64()*float64(most-least))
}

// bid sends a close frame from the victim.
func (t *trial) bid() {
	message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	t.victim().conn.WriteControl(websocket.CloseMessage, message, time.Now().Add(time.Second))
}

func (t *trial) reset() { t.link.reset() }

func (t *trial) vanish() { t.link.vanish() }

// freeze stops all that the victim sends, the end of its connection included: a process that stands still does
// not close its socket.
func (t *trial) freeze() {
	if t.victim() == t.client {
		t.link.client.gone.Store(true)
	} else {
		t.link.server.gone.Store(true)
	}
}
