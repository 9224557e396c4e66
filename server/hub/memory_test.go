package hub

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// memory is one end of a connection in memory. Like a socket, and unlike net.Pipe, it buffers bytes until
// they are read. It waits in ways that synctest understands.
type memory struct {
	in, out *queueOfBytes
	lingers atomic.Int64 // how long Close takes
	reset   atomic.Bool
}

func inMemory() (a, b *memory) {
	one, other := newQueueOfBytes(), newQueueOfBytes()
	return &memory{in: one, out: other}, &memory{in: other, out: one}
}

func (m *memory) Read(b []byte) (int, error)  { return m.in.read(b) }
func (m *memory) Write(b []byte) (int, error) { return m.out.write(b) }

func (m *memory) Close() error {
	time.Sleep(time.Duration(m.lingers.Swap(0)))
	m.in.end(true)
	m.out.end(false)
	return nil
}

func (m *memory) SetLinger(int) error {
	m.reset.Store(true)
	return nil
}

func (m *memory) LocalAddr() net.Addr  { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 7070} }
func (m *memory) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 40000} }

func (m *memory) SetDeadline(t time.Time) error   { return m.SetWriteDeadline(t) }
func (m *memory) SetReadDeadline(time.Time) error { return nil }
func (m *memory) SetWriteDeadline(t time.Time) error {
	m.out.until(t)
	return nil
}

// queueOfBytes is one direction.
type queueOfBytes struct {
	mu       sync.Mutex // protects all following
	change   *sync.Cond
	bytes    []byte
	room     int // bytes that may wait, 0 for no limit
	ended    bool
	deadline time.Time // of writes
}

func newQueueOfBytes() *queueOfBytes {
	q := new(queueOfBytes)
	q.change = sync.NewCond(&q.mu)
	return q
}

func (q *queueOfBytes) read(b []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.bytes) == 0 && !q.ended {
		q.change.Wait()
	}
	if len(q.bytes) == 0 {
		return 0, io.EOF
	}
	n := copy(b, q.bytes)
	q.bytes = q.bytes[n:]
	q.change.Broadcast()
	return n, nil
}

func (q *queueOfBytes) write(b []byte) (n int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		switch {
		case q.ended:
			return n, net.ErrClosed
		case !q.deadline.IsZero() && !time.Now().Before(q.deadline):
			return n, os.ErrDeadlineExceeded
		}
		part := b[n:]
		if q.room > 0 {
			part = part[:min(len(part), q.room-len(q.bytes))]
		}
		q.bytes = append(q.bytes, part...)
		q.change.Broadcast()
		if n += len(part); n == len(b) {
			return n, nil
		}
		q.change.Wait()
	}
}

func (q *queueOfBytes) end(discard bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	if discard {
		q.bytes = nil
	}
	q.change.Broadcast()
}

func (q *queueOfBytes) until(t time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.deadline = t
	if !t.IsZero() {
		time.AfterFunc(time.Until(t), q.change.Broadcast)
	}
	q.change.Broadcast()
}
