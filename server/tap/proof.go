package tap

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"
)

// Not every upgraded connection is a WebSocket: some transports borrow the handshake, and some complete it and then
// speak a protocol of their own. A frame of ours would break these. So a Conn is a tunnel, which passes bytes
// unparsed, unless the response has the Sec-WebSocket-Accept that fits the request. Even then, no ping of ours goes
// out until a whole frame has proved that frames follow, or until Prove is called.

// opening is the state of the HTTP response before frames follow.
type opening struct {
	head    []byte // the part that has been written
	accept  string // the Sec-WebSocket-Accept that it must have, "" if no value is right
	checked bool   // accept is to be compared
}

// acceptOf returns the Sec-WebSocket-Accept that answers r, RFC 6455 section 4.2.2. It is "" if r has no key.
func acceptOf(r *http.Request) string {
	key := strings.TrimSpace(r.Header.Get("Sec-Websocket-Key"))
	if key == "" {
		return ""
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Accepts reports whether a response with that header completes the WebSocket handshake of r.
func Accepts(r *http.Request, h http.Header) bool {
	want := acceptOf(r)
	return want != "" && IsUpgrade(r) && IsUpgrade(&http.Request{Header: h}) && strings.TrimSpace(h.Get("Sec-Websocket-Accept")) == want
}

// Expect makes c a tunnel unless the response head that passes completes the WebSocket handshake of r. It must
// come before the first write.
func (c *Conn) Expect(r *http.Request) {
	c.opening = &opening{accept: acceptOf(r), checked: true}
}

// Tunnel makes c pass bytes unparsed. It must come before the first read and write.
func (c *Conn) Tunnel() {
	c.set(flagTunnel)
	c.in.lost, c.out.lost = true, true
	c.in.astray.Store(true)
	c.out.astray.Store(true)
}

// IsTunnel reports whether c passes bytes unparsed because the handshake was not that of a WebSocket.
func (c *Conn) IsTunnel() bool { return c.is(flagTunnel) }

// accepted compares the Sec-WebSocket-Accept of the response with what Expect expects. It runs under writeLock.
func (c *Conn) accepted(accept string) {
	o := c.opening
	c.opening = nil
	if o == nil || !o.checked || o.accept != "" && o.accept == accept {
		return
	}
	c.set(flagTunnel)
	c.out.lost = true
	c.in.astray.Store(true) // the reader marks its own direction as lost at its next read
	c.out.astray.Store(true)
}

// checkFirst checks the frame in s.head until a frame has proved that this is a WebSocket. The first frame of a
// direction must begin a message and be masked if, and only if, the client sends it (RFC 6455 sections 5.1 and
// 5.4). A whole frame that ends its message is the proof. checkFirst runs under the lock of s.
func (c *Conn) checkFirst(s *stream, masked bool) {
	if s.lost || c.is(flagProved) || s.frames.Load() == 0 || s.have > 0 {
		return
	}
	h := &s.head
	switch {
	case h.masked != masked, s.frames.Load() == 1 && h.opcode == OpContinuation:
		s.lost = true
	case s.left == 0 && h.fin && (h.opcode != OpContinuation || h.length > 0):
		c.set(flagProved)
	}
}

// Prove tells the tap that this is a WebSocket. The caller knows this, or assumes it after a long Quiet.
func (c *Conn) Prove() {
	c.set(flagProved)
	c.deliver()
}

// Quiet reports whether nothing has passed since the handshake.
func (c *Conn) Quiet() bool { return c.in.bytes.Load() == 0 && c.out.frames.Load() == 0 }
