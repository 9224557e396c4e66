package tap

import (
	"time"

	"holter/model"
)

// unread reports whether bytes wait that the application could have read. That is not known while the
// wire does not read from the socket. It takes mu.
func (w *wire) unread() (waits, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := &w.in
	first, _, _ := w.head(l)
	switch {
	case !l.engaged.Load():
		return false, false
	case first != nil:
		return first.err == nil, true
	}
	return false, w.stopped() || l.running || l.ended || len(l.chunks) > 0
}

// shade corrects the kernel's figures for the bytes on the wire, which the kernel does not know: they have not reached
// the peer, or the application.
func (c *Conn) shade(k *model.Kernel) {
	w := c.wire.Load()
	if w == nil {
		return
	}
	waits, known := w.unread()
	if known && !waits {
		k.Unread = 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if waits {
		for _, c := range w.in.chunks {
			k.Unread += len(c.bytes)
		}
	}
	k.Unacked += len(w.out.chunks)
	if w.stopped() {
		k.LastAck = max(k.LastAck, time.Duration(c.now()-w.since))
	}
}
