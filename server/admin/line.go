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
	underWay  = 32 << 10 // bytes that may wait in the socket to be sent before more is written
	restOfOne = 8 << 10  // bytes of a picture that may still be on their way when the next is taken
	sendRoom  = 64 << 10 // bytes of room in the socket, where the kernel does not tell what waits in it

	firstLook = 500 * time.Microsecond // at how much the socket has taken; each pause after it is twice as long
	lastLook  = 50 * time.Millisecond
)

// errStuck ends an answer that is not read.
var errStuck = errors.New("the reader takes nothing")

// line is the way to the reader of an endless answer, as far as the peer's kernel. It takes no more bytes than the
// reader does: what waited in the socket would be old when it is read, and nothing could be left out of it any more.
//
// A reader may be as slow as it likes. One that takes no byte at all for as long as stuck fails the write.
type line struct {
	out   http.ResponseWriter
	ctl   *http.ResponseController
	conn  net.Conn // nil if it is not known
	ctx   context.Context
	stuck time.Duration

	written int           // bytes since the last call of measure
	waited  time.Duration // time in which the line was waited for since then
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

// Write waits until the socket has sent nearly all that it was given, and then gives it p.
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

// flush gives the socket what net/http holds back.
func (l *line) flush() error {
	begin := time.Now()
	defer func() { l.waited += time.Since(begin) }()
	if err := l.ctl.SetWriteDeadline(time.Now().Add(l.stuck)); err != nil {
		return err
	}
	return l.reason(l.ctl.Flush())
}

// drain waits until the peer has nearly all that was written.
func (l *line) drain() error {
	begin := time.Now()
	defer func() { l.waited += time.Since(begin) }()
	return l.until(func(q queue) bool { return q.unacknowledged <= restOfOne })
}

// rush has the last bytes of an answer written without a wait.
func (l *line) rush() { l.conn = nil }

// measure returns what was written since its last call, and how long the line was waited for meanwhile.
func (l *line) measure() (bytes int, waited time.Duration) {
	bytes, waited = l.written, l.waited
	l.written, l.waited = 0, 0
	return bytes, waited
}

// reason tells a reader that takes nothing from one that is gone.
func (l *line) reason(err error) error {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() && l.ctx.Err() == nil {
		return errStuck
	}
	return err
}

// until looks at the socket again and again, until it is as wanted or the kernel does not tell. It fails with errStuck
// when the peer has acknowledged nothing for as long as stuck.
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

// queue is how much of what a socket was given waits to be sent, how much is not acknowledged, sent or not, and how
// much the peer has acknowledged in all.
type queue struct {
	unsent, unacknowledged int
	acknowledged           uint64
}

// look asks the kernel. It reports false where that does not tell.
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
