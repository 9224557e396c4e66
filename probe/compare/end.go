package compare

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/probe/pulse"
)

// end is one end of a connection.
type end struct {
	conn   *websocket.Conn // nil before the handshake
	random float64         // in [0,1): spreads the beats of many ends
	clock  *pulse.Clock
	beats  *atomic.Int64 // pings that came in at any end
	record record
}

// onPing calls note for each ping that comes in, and then counts and answers it.
func (e *end) onPing(note func()) {
	pong := e.conn.PingHandler()
	e.conn.SetPingHandler(func(payload string) error {
		note()
		e.beats.Add(1)
		return pong(payload)
	})
}

// answer reads, and answers pings, until the connection is over.
func answer(e *end) {
	e.onPing(func() {})
	e.read()
}

// read reads until the connection is over.
func (e *end) read() {
	for {
		if _, _, err := e.conn.NextReader(); err != nil {
			e.record.over(time.Now(), false)
			e.conn.Close()
			return
		}
	}
}

// echo is an application that a monitor watches: it sends messages back. When the connection is over, and why,
// is for the monitor to tell.
func echo(e *end) {
	defer e.conn.Close()
	e.onPing(func() {})
	for {
		kind, message, err := e.conn.ReadMessage()
		if err != nil {
			return
		}
		if e.conn.WriteMessage(kind, message) != nil {
			return
		}
	}
}

// record is what an end has believed of its peer.
type record struct {
	mu         sync.Mutex // protects all following
	suspicions int
	suspected  time.Time     // since when its suspicion stands, zero if there is none
	end        time.Time     // zero before
	gaveUp     bool          // the end is its own decision
	done       chan struct{} // closed at the end
}

// believe notes a change of what the end believes.
func (r *record) believe(to model.State, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch to {
	case model.Suspect:
		r.suspicions, r.suspected = r.suspicions+1, at
	case model.Normal:
		r.suspected = time.Time{}
	}
}

// over notes that the connection is over for this end; the first call counts.
func (r *record) over(at time.Time, gaveUp bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.end.IsZero() {
		r.end, r.gaveUp = at, gaveUp
		close(r.done)
	}
}

// mistakes counts suspicions and failures so far. It is called before anything happens to the peer, so that
// all of them are wrong.
func (r *record) mistakes() (suspicions, failures int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gaveUp {
		failures = 1
		if r.suspected.IsZero() {
			return r.suspicions + 1, 1 // a scheme without suspicions goes straight to the end
		}
	}
	return r.suspicions, failures
}

// noticed returns how long after struck the end began the suspicion that still stands, and how long after
// struck it took its connection for over. Either is never if it did not.
func (r *record) noticed(struck time.Time) (suspected, over time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	suspected, over = never, never
	if !r.end.IsZero() {
		over = max(0, r.end.Sub(struck))
		suspected = over
	}
	if !r.suspected.IsZero() {
		suspected = max(0, r.suspected.Sub(struck))
	}
	return suspected, over
}

const never = time.Duration(-1)
