package swarm

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
	"holter/probe/process"
)

func TestAllClientsComeBackAfterAStorm(t *testing.T) {
	t.Parallel()
	const n = 40
	e := newEcho(t)
	s, stop := start(t, Options{
		URL:     e.url(),
		Clients: n,
		Prefix:  "c",
		Cast:    []Role{{steady, model.Policy{Kind: model.PolicyExponential, Base: 100 * time.Millisecond, Factor: 2, Cap: time.Second, Jitter: model.JitterFull, Share: 1}, 1}},
		Storm:   Storm{Share: 1},
	})
	eventually(t, "all clients are connected", func() bool { return s.Stats().Connected == n })
	s.cutShare()
	eventually(t, "all clients are back", func() bool {
		stats := s.Stats()
		return stats.Connected == n && stats.Reconnects == n
	})
	for _, c := range s.clients {
		e.generation(t, c.id, 2)
		if generations := len(e.generations(c.id)); generations != 2 {
			t.Errorf("%s has had %d connections, want 2", c.id, generations)
		}
	}
	stop()
	if got, want := s.Stats(), (Stats{Clients: n, Peak: n, Connects: 2 * n, Reconnects: n}); got != want {
		t.Errorf("at the end %+v, want %+v", got, want)
	}
}

func TestAStormSparesSomeClients(t *testing.T) {
	t.Parallel()
	const n = 60
	e := newEcho(t)
	s, _ := start(t, Options{URL: e.url(), Clients: n, Prefix: "c", Seed: 3,
		Cast: []Role{{steady, model.Policy{Kind: model.PolicyFixed, Base: time.Hour}, 1}}, Storm: Storm{Share: 0.8}})
	eventually(t, "all clients are connected", func() bool { return s.Stats().Connected == n })
	s.cutShare()
	eventually(t, "the storm", func() bool { return s.Stats().Waiting > n/2 })
	if left := s.Stats().Connected; left == 0 {
		t.Error("a storm of 80 % disconnected all clients")
	}
}

func TestClientsWaitForAServerThatRefuses(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	e.set(func() { e.refuse = http.Header{"Retry-After": {"1"}} })
	begin := time.Now()
	s, _ := start(t, one(e, steady, model.Policy{Kind: model.PolicyFixed, Base: 10 * time.Millisecond}))
	eventually(t, "a refusal", func() bool { return s.Stats().Refused > 0 })
	e.set(func() { e.refuse = nil })
	p := e.generation(t, client, 1)
	if waited := p.opened.Sub(begin); waited < time.Second {
		t.Errorf("came back after %s, although the server asked for 1s", waited)
	}
	if got := s.Stats(); got.Reconnects != 0 {
		t.Errorf("a first connection after a refusal counts as a reconnect: %+v", got)
	}
}

// nobody is a URL where nobody listens. A port that a test has just closed may be that of another test by now.
const nobody = "ws://127.0.0.1:1/ws"

func TestClientsGiveUpAfterTheirAttempts(t *testing.T) {
	t.Parallel()
	o := Options{URL: nobody, Clients: 1, Prefix: "c", Cast: []Role{{steady, model.Policy{Kind: model.PolicyFixed, Base: time.Millisecond, MaxAttempts: 3}, 1}}}
	s, _ := start(t, o)
	eventually(t, "giving up", func() bool { return s.Stats().GaveUp == 1 })
	if got, want := s.Stats(), (Stats{Clients: 1, GaveUp: 1, Failed: 4}); got != want {
		t.Errorf("%+v, want %+v: the first attempt and three more", got, want)
	}
}

func TestNewSaysWhatToWrite(t *testing.T) {
	for _, test := range []struct {
		options Options
		says    string
	}{
		{Options{URL: "http://127.0.0.1:1/ws", Clients: 1}, "write ws://HOST:PORT/PATH"},
		{Options{URL: "ws:///ws", Clients: 1}, "write ws://HOST:PORT/PATH"},
		{Options{URL: "ws://a b/", Clients: 1}, "write ws://HOST:PORT/PATH"},
		{Options{URL: "ws://127.0.0.1:1/ws"}, "write 1 or more"},
		{Options{URL: "ws://127.0.0.1:1/ws", Clients: 1}, "needs at least one role"},
		{Options{URL: "ws://127.0.0.1:1/ws", Clients: 1, Cast: []Role{{steady, model.Policy{Kind: model.PolicyFixed}, 1}}}, "role steady: backoff fixed:0s"},
		{Options{URL: "ws://127.0.0.1:1/ws", Clients: 1, Cast: []Role{{steady, model.Policy{}, 0}}}, "role steady has a share of 0"},
	} {
		if _, err := New(test.options); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v: %v; want an error with %q", test.options, err, test.says)
		}
	}
}

func TestTooFewDescriptors(t *testing.T) {
	const n = 1 << 29
	if process.CanOpen(2*n) == nil {
		t.Skip("this process may open a billion sockets")
	}
	_, err := New(Demo("ws://127.0.0.1:1/ws", n, nil))
	if err == nil || !strings.Contains(err.Error(), "1073741824 sockets need") {
		t.Errorf("got %v", err)
	}
}

func TestRampSpreadsTheFirstAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{URL: "ws://127.0.0.1:1/ws", Clients: 10, Cast: []Role{{steady, model.Policy{}, 1}}, Ramp: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		var starts []time.Duration
		begin := time.Now()
		s.startClients(t.Context(), func(*Client) { starts = append(starts, time.Since(begin)) })
		for i, at := range starts {
			if want := time.Duration(i) * time.Second; at != want {
				t.Errorf("client %d starts after %s, want %s", i, at, want)
			}
		}
		if len(starts) != 10 {
			t.Errorf("%d clients started", len(starts))
		}
	})
}

func TestStormsFollowTheirSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Demo("ws://127.0.0.1:1/ws", 10, nil))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		var gaps []time.Duration
		last := time.Now()
		s.runStorms(ctx, func() { gaps, last = append(gaps, time.Since(last)), time.Now() })
		for i, gap := range gaps {
			span := s.options.Storm.Every
			if i == 0 {
				span = s.options.Storm.First
			}
			if gap < span.Min || gap > span.Max {
				t.Errorf("storm %d after %s, want %s to %s", i+1, gap, span.Min, span.Max)
			}
		}
		if len(gaps) < 7 {
			t.Errorf("%d storms in ten minutes", len(gaps))
		}
	})
}

// In the middle of the ramp some clients are connected, one is dialing, and most have not started.
func TestDemoStopsInTheMiddleOfItsRamp(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	s, stop := start(t, Demo(e.url(), 200, nil))
	eventually(t, "some clients are connected", func() bool { return s.Stats().Connected > 20 })
	stop()
	if got := s.Stats(); got.Connected+got.Connecting+got.Waiting > 0 || got.Connects == got.Clients {
		t.Errorf("at the end %+v", got)
	}
}
