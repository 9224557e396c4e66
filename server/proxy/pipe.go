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

// pipes are the proxied connections after their 101. Each has a goroutine for each direction.
type pipes struct {
	halfClose  time.Duration // without a byte, after which a half-closed pipe is closed
	goroutines sync.WaitGroup

	mu       sync.Mutex // protects all following
	open     map[*pipe]struct{}
	stopping bool
}

// pipe is a proxied connection: what comes in at one end goes out at the other, its end included.
type pipe struct {
	owner            *pipes
	client, upstream *tap.Conn
	over             atomic.Int32 // directions
	halfClosed       atomic.Bool  // one direction is over
	broken           atomic.Bool  // an end is lost, and so the other gets a reset
}

// join makes a pipe of two sockets. While the proxy stops it closes them instead.
func (ps *pipes) join(client, upstream *tap.Conn) {
	p := &pipe{owner: ps, client: client, upstream: upstream}
	if !ps.enter(p) {
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

// stop ends all pipes with 1001, also those that the monitor does not list (any more). It returns when their
// goroutines have ended, or with the error of ctx.
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

// waitsOn reports whether a half-closed pipe goes on although err says that the time to read is over: its other
// direction has brought something meanwhile.
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

// refused handles a write that failed: to takes nothing any more. If holter has closed it, from is told, and has
// time to answer. Otherwise the goroutine that reads from to will learn why, after all that to has sent before.
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

// lost handles a read that failed: nothing more comes from this end.
func (p *pipe) lost(from, to *tap.Conn, err error) {
	switch {
	case errors.Is(err, net.ErrClosed): // by holter
		dismiss(to, from.Ending())
	case errors.Is(err, os.ErrDeadlineExceeded): // dismissed, or half-closed for too long, and did not close
		reason := fmt.Sprintf("half-closed for %s without a byte", p.owner.halfClose)
		from.Drop(tap.Ending{By: model.ByHolter, Code: codeAbnormal, Reason: reason}, false)
	default:
		p.broken.Store(true)
		to.Drop(tap.Ending{By: model.ByApp, Code: codeAbnormal, Reason: from.Ending().Reason}, true)
	}
}

// dismiss ends c in the way in which the other end was ended, and gives it closeWait to close.
func dismiss(c *tap.Conn, e tap.Ending) {
	if e.Code == codeAbnormal {
		c.Drop(e, true)
		return
	}
	if e.By == model.ByHolter { // others have said so themselves
		c.Shut(e.Code, e.Reason)
	}
	c.SetReadDeadline(time.Now().Add(closeWait))
}

// finish closes both ends when the second direction has ended.
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
