package tap

import (
	"bufio"
	"net"
	"net/http"
	"strings"
)

// Adopt makes a tap of a hijacked connection. early are the bytes that the server has already read beyond
// the request.
type Adopt func(c net.Conn, early []byte) *Conn

// Hijack hijacks the connection of w and taps it. Libraries go on using the buffers that come with a
// hijacked connection, so Hijack empties both and resets them to the tap. Otherwise bytes would be lost
// in the read buffer, and the write buffer would write past the tap.
func Hijack(w http.Hijacker, adopt Adopt) (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.Hijack()
	if err != nil {
		return nil, nil, err
	}
	if err := rw.Writer.Flush(); err != nil {
		conn.Close()
		return nil, nil, err
	}
	if watched, ok := conn.(interface{ Hijacked() net.Conn }); ok { // the server watched it until now
		conn = watched.Hijacked()
	}
	var early []byte
	if n := rw.Reader.Buffered(); n > 0 {
		early = make([]byte, n)
		rw.Reader.Read(early)
	}
	c := adopt(conn, early)
	rw.Reader.Reset(c)
	rw.Writer.Reset(c)
	return c, rw, nil
}

// IsUpgrade reports whether r asks for a WebSocket, RFC 6455 section 4.2.1. The connection of a request for
// another protocol must not be tapped.
func IsUpgrade(r *http.Request) bool {
	return hasToken(r.Header["Upgrade"], "websocket") && hasToken(r.Header["Connection"], "upgrade")
}

func hasToken(values []string, token string) bool {
	for _, v := range values {
		for t := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(t), token) {
				return true
			}
		}
	}
	return false
}
