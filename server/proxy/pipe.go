package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"holter/model"
	"holter/probe/process"
	"holter/server/plane"
	"holter/server/tap"
)

// closeWait is how long an end has to answer a close frame, or to close, before its socket is closed.
const closeWait = time.Second

// codeAbnormal is the close code that stands for no close frame (RFC 6455 section 7.4.1). It cannot
// be sent.
const codeAbnormal = 1006

// pipes holds the proxied connections after their 101. Each pipe has a goroutine for each direction.
type pipes struct {
	halfClose  time.Duration // the time without a byte after which a half-closed pipe is closed
	goroutines sync.WaitGroup

	mu       sync.Mutex // protects all following
	open     map[*pipe]struct{}
	stopping bool
}

// pipe is a proxied connection. It copies the bytes of each end to the other, and passes the end of the stream on too.
type pipe struct {
	owner            *pipes
	client, upstream *tap.Conn
	over             atomic.Int32 // the number of directions that have ended
	halfClosed       atomic.Bool  // one direction has ended
	broken           atomic.Bool  // one end is lost, so the other end gets a reset
}

// join makes a pipe of two sockets. While the proxy stops it closes them instead.
func (ps *pipes) join(client, upstream *tap.Conn) {
	p := &pipe{owner: ps, client: client, upstream: upstream}
	if !ps.enter(p) {
		p.end() // or neither end would learn why
		client.Close()
		upstream.Close()
		return
	}
	process.Go(func() { p.carry(client, upstream) })
	process.Go(func() { p.carry(upstream, client) })
}

func (ps *pipes) enter(p *pipe) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.stopping {
		return false
	}
	if ps.open == nil {
		ps.open = make(map[*pipe]struct{})
	}
	ps.open[p] = struct{}{}
	ps.goroutines.Add(2)
	return true
}

func (ps *pipes) leave(p *pipe) {
	ps.mu.Lock()
	delete(ps.open, p)
	ps.mu.Unlock()
}

// stop closes all pipes with 1001, even if the monitor does not list them. It returns when their goroutines have
// ended, or with the error of ctx.
func (ps *pipes) stop(ctx context.Context) error {
	ps.mu.Lock()
	ps.stopping = true
	for p := range ps.open {
		p.end()
	}
	ps.mu.Unlock()
	return plane.Wait(ctx, &ps.goroutines)
}

func (p *pipe) end() {
	for _, c := range []*tap.Conn{p.client, p.upstream} {
		c.Shut(1001, "holter is shutting down")
		c.SetDeadline(time.Now().Add(closeWait))
	}
}

// carry copies one direction until it ends.
func (p *pipe) carry(from, to *tap.Conn) {
	more, read, write := from.CopyTo(to)
	if more || p.waitsOn(from, read) {
		process.Go(func() { p.carry(from, to) })
		return
	}
	defer p.finish()
	switch {
	case write != nil:
		p.refused(from, to)
	case read != nil:
		p.lost(from, to, read)
	default:
		to.CloseWrite()
		p.halfClosed.Store(true)
		to.SetReadDeadline(time.Now().Add(p.owner.halfClose))
	}
}

// waitsOn reports whether a half-closed pipe goes on although err says that the read deadline has passed. It goes on
// if a byte has come from this end in the meantime, and then waitsOn sets a new deadline.
func (p *pipe) waitsOn(from *tap.Conn, err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) || !p.halfClosed.Load() || from.Ending().By == model.ByHolter {
		return false
	}
	rest := p.owner.halfClose - from.Silence()
	if rest <= 0 {
		return false
	}
	from.SetReadDeadline(time.Now().Add(rest))
	return true
}

// refused handles a failed write: to accepts no more bytes. If holter has closed to, refused sends from the same close
// frame and gives it time to answer. Otherwise the goroutine that reads from to will get the reason, after all bytes
// that to sent before.
func (p *pipe) refused(from, to *tap.Conn) {
	e := to.Ending()
	if e.By != model.ByHolter {
		p.broken.Store(true)
		return
	}
	dismiss(from, e)
	for more := true; more; {
		more, _, _ = from.CopyTo(io.Discard)
	}
	to.CloseWrite()
}

// lost handles a failed read: no more bytes come from this end.
func (p *pipe) lost(from, to *tap.Conn, err error) {
	switch {
	case errors.Is(err, net.ErrClosed): // holter closed it
		dismiss(to, from.Ending())
	case errors.Is(err, os.ErrDeadlineExceeded): // it was dismissed and did not close, or was half-closed for too long
		reason := fmt.Sprintf("half-closed for %s without a byte", p.owner.halfClose)
		from.Drop(tap.Ending{By: model.ByHolter, Code: codeAbnormal, Reason: reason}, false)
	default:
		p.broken.Store(true)
		to.Drop(tap.Ending{By: model.ByApp, Code: codeAbnormal, Reason: from.Ending().Reason}, true)
	}
}

// dismiss ends c in the same way as the other end ended, and gives it closeWait to close.
func dismiss(c *tap.Conn, e tap.Ending) {
	if e.Code == codeAbnormal {
		c.Drop(e, true)
		return
	}
	if e.By == model.ByHolter { // a close frame of the other end has been passed on already
		c.Shut(e.Code, e.Reason)
	}
	c.SetReadDeadline(time.Now().Add(closeWait))
}

// finish closes both ends when both directions have ended.
func (p *pipe) finish() {
	defer p.owner.goroutines.Done()
	if p.over.Add(1) < 2 {
		return
	}
	p.owner.leave(p)
	for _, c := range []*tap.Conn{p.client, p.upstream} {
		if p.broken.Load() {
			c.Drop(tap.Ending{By: model.ByApp, Code: codeAbnormal}, true)
		} else {
			c.Close()
		}
	}
}
