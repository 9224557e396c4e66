package sock

import (
	"context"
	"net"
)

// ContextKey is the key under which the context of a request has the net.Conn that it came in over.
var ContextKey = &contextKey{}

type contextKey struct{ _ byte } // of a size: each pointer to nothing may be the same

// FromContext returns the connection that a request with this context came in over, nil if the server did not say.
func FromContext(ctx context.Context) net.Conn {
	c, _ := ctx.Value(ContextKey).(net.Conn)
	return c
}
