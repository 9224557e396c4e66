package swarm

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/gorilla/websocket"

	"holter/probe/pulse"
)

// reason describes err in a few words, so that equal failures of many clients can be counted together. They
// contain no address, and no text that the server has sent.
func reason(err error) string {
	if e, ok := errors.AsType[*refused](err); ok {
		return fmt.Sprintf("refused with %d", e.status)
	}
	if e, ok := errors.AsType[*websocket.CloseError](err); ok {
		if e.Code == websocket.CloseAbnormalClosure {
			return "end of stream"
		}
		return fmt.Sprintf("close %d", e.Code)
	}
	if e, ok := errors.AsType[proxyRefused](err); ok {
		return fmt.Sprintf("refused by the proxy with %d", int(e))
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return "lookup: " + lookupReason(e)
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		return e.Error()
	}
	for plain, text := range plainReasons {
		if errors.Is(err, plain) {
			return text
		}
	}
	if isCertificateError(err) {
		return "certificate not trusted"
	}
	return "protocol error"
}

// lookupReason leaves out the text of an error that has an address in it.
func lookupReason(e *net.DNSError) string {
	switch {
	case e.IsNotFound:
		return "no such host"
	case e.IsTimeout:
		return "timeout"
	}
	return "failed"
}

var plainReasons = map[error]string{
	errDropped:                "dropped on purpose",
	pulse.ErrDead:             "no answer to beats",
	os.ErrDeadlineExceeded:    "timeout",
	context.DeadlineExceeded:  "timeout",
	net.ErrClosed:             "cut on purpose",
	io.EOF:                    "end of stream",
	io.ErrUnexpectedEOF:       "end of stream",
	websocket.ErrBadHandshake: "no WebSocket handshake",
	websocket.ErrReadLimit:    "message too long",
	errSubprotocol:            "subprotocol not offered",
	errNoSubprotocol:          "no subprotocol chosen",
	errNoSource:               "no source address",
	errLongAnswer:             "answer too long",
	errNoHTTP:                 "no HTTP answer",
}

func isCertificateError(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}
