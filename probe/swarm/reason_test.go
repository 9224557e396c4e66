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
	"testing"

	"github.com/gorilla/websocket"

	"holter/probe/pulse"
)

func TestReasonsAreTheSameForAll(t *testing.T) {
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{Port: 7070}, Err: err}
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{&refused{status: 503}, "refused with 503"},
		{&websocket.CloseError{Code: 1012, Text: "\x1b[31mdeploy"}, "close 1012"},
		{&websocket.CloseError{Code: websocket.CloseAbnormalClosure}, "end of stream"},
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "connection refused"},
		{dial(os.NewSyscallError("connect", syscall.ECONNRESET)), "connection reset by peer"},
		{dial(&net.DNSError{Err: "no such host", Name: "nowhere.example", IsNotFound: true}), "lookup: no such host"},
		{dial(context.DeadlineExceeded), "timeout"},
		{fmt.Errorf("read: %w", os.ErrDeadlineExceeded), "timeout"},
		{dial(net.ErrClosed), "cut on purpose"},
		{io.ErrUnexpectedEOF, "end of stream"},
		{websocket.ErrBadHandshake, "no WebSocket handshake"},
		{websocket.ErrReadLimit, "message too long"},
		{&tls.CertificateVerificationError{Err: errors.New("x509")}, "certificate not trusted"},
		{pulse.ErrDead, "no answer to beats"},
		{errDropped, "dropped on purpose"},
		{errors.New("websocket: bad opcode 7"), "protocol error"},
	} {
		if got := reason(test.err); got != test.want {
			t.Errorf("%v: %q, want %q", test.err, got, test.want)
		}
	}
}
