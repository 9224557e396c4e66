package tap

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"go.uber.org/goleak"

	"holter/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// record is a Watcher that keeps every call.
type record struct {
	mu     sync.Mutex
	change chan struct{} // closed and replaced at each call
	calls  calls
}

type calls struct {
	opened      []string
	sent, pongs []uint32
	exact       int
	roundTrips  []time.Duration
	beats       int
	kept        []bool // calls of Beat
	heard       int
	lost        [][2]bool
	closed      []Ending
	tooLong     int
	gone        int
}

func newRecord() *record { return &record{change: make(chan struct{})} }

func (r *record) note(f func(*calls)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.calls)
	close(r.change)
	r.change = make(chan struct{})
}

func (r *record) Opened(subprotocol string) {
	r.note(func(t *calls) { t.opened = append(t.opened, subprotocol) })
}
func (r *record) Sent(seq uint32, _ model.Instant) {
	r.note(func(t *calls) { t.sent = append(t.sent, seq) })
}
func (r *record) Pong(seq uint32, _ model.Instant, exact bool) {
	r.note(func(t *calls) {
		t.pongs = append(t.pongs, seq)
		if exact {
			t.exact++
		}
	})
}
func (r *record) RoundTrip(d time.Duration) {
	r.note(func(t *calls) { t.roundTrips = append(t.roundTrips, d) })
}
func (r *record) PeerBeat(model.Instant, bool) { r.note(func(t *calls) { t.beats++ }) }
func (r *record) Beat(_ model.Instant, sent bool) {
	r.note(func(t *calls) { t.kept = append(t.kept, sent) })
}
func (r *record) Heard(model.Instant) { r.note(func(t *calls) { t.heard++ }) }
func (r *record) Lost(in, out bool) {
	r.note(func(t *calls) { t.lost = append(t.lost, [2]bool{in, out}) })
}
func (r *record) Closed(e Ending) { r.note(func(t *calls) { t.closed = append(t.closed, e) }) }
func (r *record) TooLong()        { r.note(func(t *calls) { t.tooLong++ }) }
func (r *record) Gone()           { r.note(func(t *calls) { t.gone++ }) }

// until waits until a condition on the record holds.
func (r *record) until(t *testing.T, what string, ok func(calls) bool) {
	t.Helper()
	limit := time.After(5 * time.Second)
	for {
		r.mu.Lock()
		now, change := ok(r.calls), r.change
		r.mu.Unlock()
		if now {
			return
		}
		select {
		case <-change:
		case <-limit:
			r.mu.Lock()
			defer r.mu.Unlock()
			t.Fatalf("never saw %s: %+v", what, r.calls)
		}
	}
}

// clock is the time of tests: real, and never 0.
func clock() func() model.Instant {
	zero := time.Now().Add(-time.Second)
	return func() model.Instant { return model.Instant(time.Since(zero)) }
}

// loopback is a real connection: its server's end and its client's.
func loopback(t testing.TB) (server, client *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); s.Close() })
	return s.(*net.TCPConn), c.(*net.TCPConn)
}

// tapped is a loopback connection with a tap on the server's end, past the handshake.
func tapped(t testing.TB) (c *Conn, peer *net.TCPConn, r *record) {
	t.Helper()
	server, peer := loopback(t)
	r = newRecord()
	c = New(server, nil, r, clock())
	c.set(flagProved)
	c.phase = phaseFrames
	c.reportOpened("")
	t.Cleanup(func() { c.Close() })
	peer.SetDeadline(time.Now().Add(10 * time.Second))
	return c, peer, r
}

// readFrame reads a frame that a test has caused: its length needs no bound.
func readFrame(r io.Reader) (ws.Frame, error) {
	h, err := ws.ReadHeader(r)
	if err != nil {
		return ws.Frame{}, err
	}
	f := ws.Frame{Header: h, Payload: make([]byte, h.Length)}
	_, err = io.ReadFull(r, f.Payload)
	return f, err
}
