package admin

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"holter/probe/sock"
)

const (
	underWay  = 32 << 10 // the line writes more only while at most this many bytes wait in the socket to be sent
	restOfOne = 8 << 10  // bytes of a picture that may still be on their way when drain returns
	sendRoom  = 64 << 10 // size of the socket's buffer in bytes, if the kernel cannot say how many bytes wait in it

	firstLook = 500 * time.Microsecond // pause before the second look at the socket; each later pause is twice as long
	lastLook  = 50 * time.Millisecond
)

// errStuck ends an answer whose reader accepts no bytes.
var errStuck = errors.New("the reader takes nothing")

// line writes an endless answer to the socket of its reader. It writes only as fast as the reader reads: bytes that
// wait in the socket would be old when they are read, and the plane could no longer leave any of them out.
//
// A reader may be as slow as it likes. If it accepts no byte at all for as long as stuck, the write fails.
type line struct {
	out   http.ResponseWriter
	ctl   *http.ResponseController
	conn  net.Conn // nil if it is not known
	ctx   context.Context
	stuck time.Duration

	written int           // bytes since the last call of measure
	waited  time.Duration // time for which calls have waited for the reader since then
}

type connKey struct{}

// withConn is an http.Server.ConnContext, by which a line finds its socket.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

func newLine(w http.ResponseWriter, r *http.Request, stuck time.Duration) *line {
	l := &line{out: w, ctl: http.NewResponseController(w), ctx: r.Context(), stuck: stuck}
	l.conn, _ = r.Context().Value(connKey{}).(net.Conn)
	if _, told := l.look(); !told && l.conn != nil {
		if c, ok := sock.As[interface{ SetWriteBuffer(int) error }](l.conn); ok {
			c.SetWriteBuffer(sendRoom)
		}
	}
	return l
}

// Write waits until the socket has sent nearly all bytes before p, and then writes p to it.
func (l *line) Write(p []byte) (n int, err error) {
	begin := time.Now()
	defer func() { l.waited += time.Since(begin) }()
	if err := l.until(func(q queue) bool { return q.unsent <= underWay }); err != nil {
		return 0, err
	}
	if err := l.ctl.SetWriteDeadline(time.Now().Add(l.stuck)); err != nil {
		return 0, err
	}
	n, err = l.out.Write(p)
	l.written += n
	return n, l.reason(err)
}

// flush writes the bytes that net/http holds back to the socket.
func (l *line) flush() error {
	begin := time.Now()
	defer func() { l.waited += time.Since(begin) }()
	if err := l.ctl.SetWriteDeadline(time.Now().Add(l.stuck)); err != nil {
		return err
	}
	return l.reason(l.ctl.Flush())
}

// drain waits until the peer has acknowledged nearly all bytes that were written.
func (l *line) drain() error {
	begin := time.Now()
	defer func() { l.waited += time.Since(begin) }()
	return l.until(func(q queue) bool { return q.unacknowledged <= restOfOne })
}

// rush makes later writes go out without a wait, for the last bytes of an answer.
func (l *line) rush() { l.conn = nil }

// measure returns the number of bytes that were written since its last call, and how long calls have waited for the
// reader in that time.
func (l *line) measure() (bytes int, waited time.Duration) {
	bytes, waited = l.written, l.waited
	l.written, l.waited = 0, 0
	return bytes, waited
}

// reason returns errStuck for a reader that accepts nothing, and err for a reader that is gone.
func (l *line) reason(err error) error {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() && l.ctx.Err() == nil {
		return errStuck
	}
	return err
}

// until polls the socket until wanted reports true or the kernel cannot say. It fails with errStuck when the peer has
// acknowledged nothing for as long as stuck.
func (l *line) until(wanted func(queue) bool) error {
	var newest queue
	progress := time.Now()
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		q, told := l.look()
		switch {
		case !told || wanted(q):
			return nil
		case l.ctx.Err() != nil:
			return l.ctx.Err()
		case q.acknowledged != newest.acknowledged || q.unacknowledged < newest.unacknowledged:
			newest, progress = q, time.Now()
		case time.Since(progress) > l.stuck:
			return errStuck
		}
		select {
		case <-time.After(pause):
		case <-l.ctx.Done():
		}
	}
}

// queue is the state of a socket's outgoing bytes: how many wait to be sent, how many are not acknowledged, whether sent
// or not, and how many the peer has acknowledged in all.
type queue struct {
	unsent, unacknowledged int
	acknowledged           uint64
}

// look asks the kernel for the queue. It reports false if the kernel cannot say.
func (l *line) look() (q queue, told bool) {
	if l.conn == nil {
		return q, false
	}
	sock.Control(l.conn, func(fd uintptr) {
		var info sock.Info
		q.unacknowledged, told = sock.Unsent(fd)
		q.unsent = q.unacknowledged
		if info, _ = sock.Stat(fd); info.HasNotSent {
			q.unsent, q.acknowledged = int(info.NotSent), info.BytesAcked
		}
	})
	return q, told
}
