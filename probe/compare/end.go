package compare

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
)

// end is one end of a connection, as a scheme keeps it.
type end struct {
	conn     *websocket.Conn
	socket   *socket
	clock    clock
	random   float64 // spreads it among its like, 0…1
	schedule *schedule
	beats    *atomic.Int64 // pings that came in anywhere
	record   record
}

// answer reads, and answers pings, until the connection is over.
func answer(e *end) {
	e.onPing(func() {})
	for {
		if _, _, err := e.conn.NextReader(); err != nil {
			e.record.over(time.Now(), false)
			e.conn.Close()
			return
		}
	}
}

// onPing has pings answered and counted, and noted before that.
func (e *end) onPing(note func()) {
	pong := e.conn.PingHandler()
	e.conn.SetPingHandler(func(payload string) error {
		note()
		e.beats.Add(1)
		return pong(payload)
	})
}

// socket is an end's socket, whose process can be made to stand still.
type socket struct {
	*net.TCPConn
	frozen atomic.Bool
	thaw   chan struct{}
	once   sync.Once
}

func newSocket(c *net.TCPConn) *socket { return &socket{TCPConn: c, thaw: make(chan struct{})} }

// freeze has the end do nothing any more that its peer could see: it takes nothing in, and what it
// writes goes nowhere. A close does not close either, since its process would not have come to that.
func (s *socket) freeze() { s.frozen.Store(true) }

// Read returns nothing while frozen.
func (s *socket) Read(b []byte) (int, error) {
	n, err := s.TCPConn.Read(b)
	if s.frozen.Load() {
		<-s.thaw
	}
	return n, err
}

// Write pretends to while frozen.
func (s *socket) Write(b []byte) (int, error) {
	if s.frozen.Load() {
		return len(b), nil
	}
	return s.TCPConn.Write(b)
}

// Close does nothing while frozen.
func (s *socket) Close() error {
	if s.frozen.Load() {
		return nil
	}
	return s.TCPConn.Close()
}

// kill closes the socket, frozen or not.
func (s *socket) kill() {
	s.TCPConn.Close()
	s.once.Do(func() { close(s.thaw) })
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

func (r *record) suspect(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.suspicions, r.suspected = r.suspicions+1, at
}

func (r *record) trust() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.suspected = time.Time{}
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

// mistakes are the suspicions and the failure of a peer that nothing has happened to yet.
func (r *record) mistakes() (suspicions, failures int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gaveUp {
		failures = 1
		if r.suspected.IsZero() {
			return r.suspicions + 1, 1 // who knows no suspicion goes straight to the end
		}
	}
	return r.suspicions, failures
}

// noticed is how long after struck the suspicion came that lasted, and how long after it the end
// took its connection for over; negative for never.
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

// clock is time as a scheme sees it: compression times as fast as the real one.
type clock struct {
	start       time.Time
	compression float64
}

func (c clock) at(t time.Time) model.Instant {
	return model.Instant(float64(t.Sub(c.start)) * c.compression)
}

func (c clock) time(at model.Instant) time.Time {
	return c.start.Add(time.Duration(float64(at) / c.compression))
}

// real is how long d of a scheme's takes.
func (c clock) real(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.compression)
}

// scheme is how long a real d is to the scheme.
func (c clock) scheme(d time.Duration) time.Duration {
	if d == never {
		return never
	}
	return time.Duration(float64(d) * c.compression)
}
