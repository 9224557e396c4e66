package plane

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"holter/model"
	"holter/server/tap"
)

// A head comes from strangers, in whatever state. There is always something to say of it, without what would disturb
// a screen.
func FuzzWhatBroke(f *testing.F) {
	for _, head := range []string{
		"", "\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET /% HTTP/1.1\r\n", "\x16\x03\x01", "PROXY TCP4", "GET  HTTP/1.1\n :\n", "A HTTP/1.1\r\nHost\r\n\r\n",
	} {
		f.Add(400, head)
	}
	f.Fuzz(func(t *testing.T, status int, head string) {
		said := whatBroke(status, http.StatusText(400), []byte(head))
		if said == "" || model.Clean(said, len(said)) != said {
			t.Errorf("%q for %q", said, head)
		}
		if r := requestOf("10.0.0.1:1", []byte(head)); r.URL == nil || r.Header == nil || r.RemoteAddr == "" {
			t.Errorf("%+v for %q", r, head)
		}
	})
}

func TestAnswersOfPackageHTTP(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request": "Bad Request",
		"HTTP/1.1 400 Bad Request: missing required Host header\r\n\r\n":       "missing required Host header",
		"garbage": "",
	} {
		if status, reason := parseAnswer([]byte(answer)); reason != want || (status == 400) != strings.Contains(answer, "400") {
			t.Errorf("%q: %d %q", answer, status, reason)
		}
	}
}

// What is hijacked is the connection itself: a wrapper would cost every message, and keeps net.Buffers from being
// written at once.
func TestHijackedConnectionsAreBare(t *testing.T) {
	got := make(chan net.Conn, 1)
	l := visitors{listenLoopback(t), &turnAway{}, nil, nil}
	s := &http.Server{
		ConnContext: enter, ConnState: proceed,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handled(r)
			tap.Hijack(w.(http.Hijacker), func(c net.Conn, _ []byte) *tap.Conn {
				got <- c
				return nil // nobody reads or writes through it
			})
		}),
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	c := dial(t, l.Addr())
	c.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	hijacked := <-got
	if _, bare := hijacked.(*net.TCPConn); !bare {
		t.Errorf("hijacked a %T", hijacked)
	}
	hijacked.Close()
	s.Close()
	<-served
}
