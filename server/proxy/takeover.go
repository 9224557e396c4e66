package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"

	"holter/server/tap"
)

// errTaken tells the rest of ReverseProxy that there is nothing left for it to do.
var errTaken = errors.New("the connection was taken over")

// client is who has sent a request: what ReverseProxy does not pass on to its hooks.
type client struct {
	writer  http.ResponseWriter
	request *http.Request // from the client's own address
}

type clientKey struct{}

func clientOf(r *http.Request) *client { return r.Context().Value(clientKey{}).(*client) }

func withClient(r *http.Request, c *client) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), clientKey{}, c))
}

// takeOver takes both sockets away from ReverseProxy once the upstream has switched protocols: that one
// would keep all of net/http's state, and lose what the client has sent before the 101.
func (p *proxy) takeOver(res *http.Response) error {
	to, ok := res.Body.(*switched)
	if !ok {
		return nil
	}
	res.Body = http.NoBody // is what ReverseProxy closes
	from := clientOf(res.Request)
	near, err := p.hijack(from, res)
	if err != nil {
		to.Close()
		return err
	}
	// Both legs are watched before the client can know of it: a shutdown right then reaches both.
	far := p.adopt(near, to)
	if _, err := near.Write(to.head); err != nil {
		near.Close()
		far.Close()
		return errTaken
	}
	p.pipes.join(near, far)
	return errTaken
}

// hijack taps the connection of a client. What is no WebSocket just passes.
func (p *proxy) hijack(from *client, res *http.Response) (*tap.Conn, error) {
	conn, _, err := tap.Hijack(from.writer.(http.Hijacker), func(c net.Conn, early []byte) *tap.Conn {
		if tap.IsUpgrade(from.request) && tap.IsUpgrade(&http.Request{Header: res.Header}) {
			return p.door.Adopt(from.request, c, early)
		}
		return tap.NewOpaque(c, early)
	})
	if err != nil {
		return nil, err
	}
	return conn.(*tap.Conn), nil
}

// adopt taps the connection to the upstream as that to the client is.
func (p *proxy) adopt(near *tap.Conn, to *switched) *tap.Conn {
	if near.Opaque() {
		return tap.NewOpaque(to.Conn, to.early)
	}
	return p.door.AdoptUpstream(near, to.Conn, to.early)
}
