package plane

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"holter/model"
)

// secureVisitor is a visitor that comes over TLS. Package http runs the TLS handshake only if the connection is a
// *tls.Conn itself. So ConnectionState runs it here, when package http asks for the state.
type secureVisitor struct {
	visitor
	secure *tls.Conn
}

// ConnectionState does the handshake. Package http calls it once, on the goroutine that serves the connection and
// before anything else. After a failed handshake, all reads and writes fail.
func (s *secureVisitor) ConnectionState() tls.ConnectionState {
	limit := s.turnAway.timeout
	s.secure.SetDeadline(time.Now().Add(limit))
	if err := s.secure.HandshakeContext(context.WithoutCancel(s.context)); err != nil {
		s.phase.Store(phaseOver)
		s.fail(err)
	}
	s.secure.SetDeadline(time.Time{})
	return s.secure.ConnectionState()
}

// fail reports a failed handshake. It reports nothing if the client only closed: that is a health check, or a scan.
func (s *secureVisitor) fail(err error) {
	refusal := model.Refusal{By: model.RefusedByHolter, Reason: "the TLS handshake failed"}
	record, plain := errors.AsType[tls.RecordHeaderError](err)
	remote, _ := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, io.EOF):
		return
	case plain && record.Conn != nil && asciiLetters(record.RecordHeader[:3]):
		refusal.Status, refusal.Reason = 400, "the client does not speak TLS"
		refusal.Diagnosis = broken("the client speaks plain HTTP to a port that speaks TLS: write wss:// in place of ws://, or in nginx proxy_pass https://")
		record.Conn.SetWriteDeadline(time.Now().Add(farewell))
		io.WriteString(record.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
	case isTimeout(err) && s.crowdedOut.Load():
		refusal = crowdedOut()
		refusal.Status, refusal.RetryAfter = 0, 0 // there is no answer before TLS
	case isTimeout(err):
		refusal.Limit = model.LimitSlow
		refusal.Diagnosis = broken(fmt.Sprintf("the TLS handshake was not over after %v: --header-timeout gives slow clients more time", s.turnAway.timeout))
	case remote != nil && remote.Op == "remote error":
		refusal.By = model.RefusedByClient
		refusal.Diagnosis = broken(fmt.Sprintf("the client ended the TLS handshake with the alert %q: if that is about the certificate, let --tls-cert name one that the client trusts, with its intermediates, for the name that it connects to", remote.Err))
	default:
		refusal.Diagnosis = broken("the TLS handshake failed: " + err.Error())
	}
	s.turnAway.tell(&s.visitor, refusal)
	s.secure.Close()
}

func asciiLetters(b []byte) bool {
	for _, c := range b {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
