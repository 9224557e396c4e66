package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"

	"holter/server/hub"
	"holter/server/tap"
)

// errTaken stops ReverseProxy after takeOver has taken the connection of its request.
var errTaken = errors.New("the connection was taken over")

// client holds the parts of a client's request that ReverseProxy does not pass to its hooks.
type client struct {
	writer   http.ResponseWriter
	request  *http.Request    // with the client's own address, even if a trusted proxy sent it
	kept     http.Header      // of the response: see hops
	reserved *hub.Reservation // of an upgrade, nil for none
}

// admit reports whether there is a place for the client. If not, it has been told.
func (c *client) admit(d Door) (ok bool) {
	c.reserved, ok = d.Admit(c.writer, c.request)
	return ok
}

type clientKey struct{}

func clientOf(r *http.Request) *client { return r.Context().Value(clientKey{}).(*client) }

func withClient(r *http.Request, c *client) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), clientKey{}, c))
}

// takeOver takes both sockets away from ReverseProxy once the upstream has switched protocols. ReverseProxy would
// keep all of net/http's state for the connection, and lose the bytes that the client sent before the 101.
func (p *proxy) takeOver(res *http.Response) error {
	to, ok := res.Body.(*switched)
	if !ok {
		return nil
	}
	res.Body = http.NoBody // ReverseProxy will close this
	from := clientOf(res.Request)
	if !tap.IsUpgrade(from.request) && !from.admit(p.door) {
		to.Close() // the request did not look like an upgrade, so the limits were not checked before
		return errTaken
	}
	near, err := p.hijack(from, res)
	if err != nil {
		to.Close()
		return err
	}
	// The monitor watches both legs before the client can receive the 101, so that a shutdown at that time closes both.
	far := p.door.AdoptUpstream(near, to.Conn, to.early)
	p.door.Sighted(near, res.Header)
	if _, err := near.Write(to.head); err != nil {
		near.Close()
		far.Close()
		return errTaken
	}
	p.pipes.join(near, far)
	return errTaken
}

// hijack takes and taps the connection of a client. If the handshake is not that of a WebSocket, the tap is a
// tunnel.
func (p *proxy) hijack(from *client, res *http.Response) (*tap.Conn, error) {
	conn, _, err := tap.Hijack(from.writer.(http.Hijacker), func(c net.Conn, early []byte) *tap.Conn {
		t := p.door.Adopt(from.request, c, early, from.reserved)
		if !tap.Accepts(from.request, res.Header) {
			t.Tunnel()
		}
		return t
	})
	if err != nil {
		return nil, err
	}
	return conn.(*tap.Conn), nil
}
