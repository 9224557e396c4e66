package proxy

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/probe/health"
)

// patient is a WebSocket server for a probe, which can be told to be unwell.
type patient struct {
	*httptest.Server
	opened  atomic.Int32
	frozen  atomic.Bool // answers neither pings nor handshakes
	silent  atomic.Bool // answers no pings
	refuses atomic.Int32
	header  atomic.Pointer[http.Header]
	path    atomic.Pointer[string]
	newest  atomic.Pointer[websocket.Conn]
}

func newPatient(t *testing.T) *patient {
	b := new(patient)
	b.Server = httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(b.Close)
	return b
}

func (b *patient) serve(w http.ResponseWriter, r *http.Request) {
	b.header.Store(&r.Header)
	path := r.URL.RequestURI()
	b.path.Store(&path)
	if status := b.refuses.Load(); status > 0 {
		w.WriteHeader(int(status))
		return
	}
	if b.frozen.Load() {
		<-r.Context().Done()
		return
	}
	conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	b.opened.Add(1)
	answer := conn.PingHandler()
	conn.SetPingHandler(func(text string) error {
		if b.frozen.Load() || b.silent.Load() {
			return nil
		}
		return answer(text)
	})
	conn.WriteMessage(websocket.TextMessage, []byte("welcome"))
	b.newest.Store(conn)
	for {
		if _, _, err := conn.NextReader(); err != nil {
			return
		}
	}
}

func (b *patient) probe(t *testing.T) *upstreamProbe {
	t.Helper()
	up, err := newUpstream(UpstreamOptions{Upstream: b.URL})
	if err != nil {
		t.Fatal(err)
	}
	header, err := ProbeOptions{UpstreamProbe: "/ws", UpstreamProbeHeader: []string{"Cookie: session=x"}}.header()
	if err != nil {
		t.Fatal(err)
	}
	p := newProbe(up, "/ws?room=1", header)
	t.Cleanup(p.Close)
	return p
}

func checkProbe(t *testing.T, p *upstreamProbe) health.Result {
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	return p.Check(ctx)
}

func TestProbeOfTheUpstream(t *testing.T) {
	b := newPatient(t)
	p := b.probe(t)
	for range 3 {
		if r := checkProbe(t, p); !r.Well() {
			t.Fatalf("%+v", r)
		}
	}
	if h := *b.header.Load(); b.opened.Load() != 1 || h.Get("Cookie") != "session=x" || h.Get("User-Agent") != "holter" || *b.path.Load() != "/ws?room=1" {
		t.Errorf("%d WebSockets, path %s, header %v", b.opened.Load(), *b.path.Load(), h)
	}
	b.frozen.Store(true)
	for range 2 { // the first by a ping, the second by a handshake
		if r := checkProbe(t, p); r.Why.Cause != model.CauseTimedOut {
			t.Errorf("a frozen backend: %+v", r)
		}
	}
	b.frozen.Store(false)
	if r := checkProbe(t, p); !r.Well() || b.opened.Load() != 2 {
		t.Errorf("after that: %+v, %d WebSockets", r, b.opened.Load())
	}
	b.newest.Load().Close()
	<-p.ended
	if r := checkProbe(t, p); !r.Well() || b.opened.Load() != 3 {
		t.Errorf("after the backend has hung up: %+v, %d WebSockets", r, b.opened.Load())
	}
	b.refuses.Store(403)
	p.Close()
	if r := checkProbe(t, p); r.Why.Cause != model.CauseStatus || r.Status != "403" || !strings.Contains(r.Why.Detail, "403 Forbidden to an upgrade") {
		t.Errorf("a backend that refuses: %+v", r)
	}
	b.Close()
	if r := checkProbe(t, p); r.Why.Cause != model.CauseRefused {
		t.Errorf("a backend that is gone: %+v", r)
	}
}

// A backend that answers no pings is asked for a WebSocket each time, and is neither slow nor dead.
func TestProbeOfAnUpstreamThatAnswersNoPings(t *testing.T) {
	b := newPatient(t)
	b.silent.Store(true)
	p := b.probe(t)
	for range 3 {
		began := time.Now()
		if r := checkProbe(t, p); !r.Well() || r.Status != "answers no pings" {
			t.Fatalf("%+v", r)
		}
		if took := time.Since(began); took > 300*time.Millisecond {
			t.Errorf("it seems to take %v", took)
		}
	}
	b.frozen.Store(true)
	if r := checkProbe(t, p); r.Why.Cause != model.CauseTimedOut {
		t.Errorf("a frozen backend: %+v", r)
	}
}

func TestProbeOptions(t *testing.T) {
	for _, tt := range []struct {
		options ProbeOptions
		want    string
	}{
		{ProbeOptions{}, ""},
		{ProbeOptions{UpstreamProbe: "/ws?token=x", UpstreamProbeHeader: []string{"A: b"}}, ""},
		{ProbeOptions{UpstreamProbe: "ws"}, "is no path"},
		{ProbeOptions{UpstreamProbe: "/a b"}, "is no path"},
		{ProbeOptions{UpstreamProbeHeader: []string{"A: b"}}, "write both"},
		{ProbeOptions{UpstreamProbe: "/", UpstreamProbeHeader: []string{"secret"}}, "--upstream-probe-header"},
	} {
		err := tt.options.Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.options, err, tt.want)
		}
	}
}
