package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
	"holter/server/api"
)

// happen publishes n events.
func happen(s *fakeSource, n int) {
	r := httptest.NewRequest("GET", "/ws", nil)
	for i := range n {
		s.Refused(r, 403, fmt.Sprint("reason ", i))
	}
}

// follow opens the event stream.
func follow(t *testing.T, a *Plane, query string, header ...string) *bufio.Reader {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", a.URL()+"/api/v1/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patienceOfTests}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	if response.StatusCode != 200 {
		t.Fatalf("status %d", response.StatusCode)
	}
	return bufio.NewReader(response.Body)
}

func nextEvent(t *testing.T, lines *bufio.Reader) api.Event {
	t.Helper()
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var e api.Event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return e
}

func TestStreamLines(t *testing.T) {
	s := newFakeSource()
	a := serveAdmin(t, s, "")
	happen(s, 3)
	lines := follow(t, a, "")
	for want := uint64(1); want <= 5; want++ {
		if want == 4 {
			happen(s, 2) // while somebody reads
		}
		if e := nextEvent(t, lines); e.Seq != want || e.Type != model.ConnectionRefused || e.Refusal == nil {
			t.Errorf("event %+v, want seq %d", e, want)
		}
	}
	if e := nextEvent(t, follow(t, a, "?since=3")); e.Seq != 4 {
		t.Errorf("since 3 begins with %d", e.Seq)
	}
}

func TestStreamServerSentEvents(t *testing.T) {
	s := newFakeSource()
	a := serveAdmin(t, s, "")
	happen(s, 3)
	events := follow(t, a, "?since=1", "Accept: text/event-stream", "Last-Event-ID: 2")
	for _, want := range []string{"id: 3\n", "event: connection.refused\n", `data: {"seq":3,`, "\n"} {
		if line, err := events.ReadString('\n'); err != nil || !strings.HasPrefix(line, want) {
			t.Errorf("line %q, error %v, want %q", line, err, want)
		}
	}
}

func TestStreamTellsWhatWasLost(t *testing.T) {
	s := newFakeSource()
	a := serveAdmin(t, s, "")
	happen(s, 10_000)
	lines := follow(t, a, "?since=7")
	lost := nextEvent(t, lines)
	first := nextEvent(t, lines)
	if lost.Type != model.Dropped || lost.Seq != 7+lost.Count || first.Seq != lost.Seq+1 {
		t.Errorf("began with %+v and then %d", lost, first.Seq)
	}
}

// A stream that nobody reads ends, and meanwhile others are told everything.
func TestStreamStuckReader(t *testing.T) {
	s := newFakeSource()
	a := New(s, Options{Address: "127.0.0.1:0"}, silent)
	a.stuck = 100 * time.Millisecond
	if err := a.Listen(); err != nil {
		t.Fatal(err)
	}
	stuck := dial(t, a.plane.Listener.Addr())
	ended := make(chan struct{})
	a.plane.HTTP.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateClosed && c.RemoteAddr().String() == stuck.LocalAddr().String() {
			close(ended)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx) }()

	io.WriteString(stuck, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
	lines := follow(t, a, "")
	for seq, running := uint64(1), true; running; {
		select {
		case <-ended:
			running = false
		default:
			happen(s, 100)
			for range 100 {
				if e := nextEvent(t, lines); e.Seq != seq { // or nextEvent runs out of patience
					t.Fatalf("the reader that reads got %d, want %d", e.Seq, seq)
				}
				seq++
			}
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestStreamEndsWithThePlane(t *testing.T) {
	s := newFakeSource()
	a := New(s, Options{Address: "127.0.0.1:0"}, silent)
	if err := a.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx) }()
	lines := follow(t, a, "")
	stop()
	if _, err := lines.ReadString('\n'); err != io.EOF {
		t.Errorf("the stream ended with %v", err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestStreamIsNeverQuietForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := follower{source: newFakeSource()}
		start := time.Now()
		events, err := reader.next(t.Context())
		if len(events) > 0 || err != nil || time.Since(start) != quietFor {
			t.Errorf("after %v: %v, error %v", time.Since(start), events, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := reader.next(ctx); err == nil {
			t.Error("goes on without a reader")
		}
	})
}
