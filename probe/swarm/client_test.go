package swarm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/model/reconnect"
)

const client = "c-0001"

func TestSteadyClient(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	_, stop := start(t, one(e, Behaviour{
		Name: "steady",
		Beat: 50 * time.Millisecond,
		Talk: Span{10 * time.Millisecond, 20 * time.Millisecond},
	}, politePolicy))
	p := e.generation(t, client, 1)
	if want := "holter-c/steady (exponential:1s,2,30s full)"; p.agent != want {
		t.Errorf("user agent %q, want %q", p.agent, want)
	}
	eventually(t, "pongs, pings and messages", func() bool {
		return with(p, func() bool { return len(p.pongs) > 5 && len(p.pings) > 5 && len(p.messages) > 5 })
	})
	stop()
	eventually(t, "the end of the connection", func() bool { return with(p, func() bool { return !p.closed.IsZero() }) })
	if err := with(p, func() error { return p.end }); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("the client left with %v, want close code 1001", err)
	}
	if n := len(e.generations(client)); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestBeatsAsMessages(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	s, _ := start(t, one(e, Behaviour{Name: "page", Beat: 30 * time.Millisecond, JSONBeat: true}, politePolicy))
	p := e.generation(t, client, 1)
	eventually(t, "beats and their answers", func() bool { return s.Report().Beat.Count > 5 })
	if n := with(p, func() int { return len(p.pings) }); n > 0 {
		t.Errorf("%d protocol pings", n)
	}
	if r := s.Report(); r.MessagesSent+r.MessagesReceived > 0 || len(r.Ended) > 0 {
		t.Errorf("beats were counted as messages, or the connection ended: %+v", r)
	}
}

// The client is stopped while it is blocked in a write, because its socket is full.
func TestStoppingAClientThatTheServerDoesNotReadFrom(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	e.set(func() { e.mute = true })
	s, stop := start(t, one(e, Behaviour{Name: "chatty", Talk: Span{Max: time.Millisecond}, Payload: mostPayload}, politePolicy))
	e.generation(t, client, 1)
	last, since := int64(-1), time.Now()
	eventually(t, "the socket is full", func() bool {
		if sent := s.record.sent.Load(); sent != last {
			last, since = sent, time.Now()
		}
		return last > 0 && time.Since(since) > 200*time.Millisecond
	})
	begin := time.Now()
	stop()
	if took := time.Since(begin); took > writeTimeout/2 {
		t.Errorf("stopping took %s", took)
	}
}

func TestMuteClientSendsDataAndNoPong(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	start(t, one(e, Behaviour{Name: "mute", Talk: Span{5 * time.Millisecond, 10 * time.Millisecond}, Mute: true}, politePolicy))
	p := e.generation(t, client, 1)
	eventually(t, "messages", func() bool { return with(p, func() bool { return len(p.messages) > 20 }) })
	if n := with(p, func() int { return len(p.pongs) + len(p.pings) }); n > 0 {
		t.Errorf("%d pings and pongs from a client that only talks", n)
	}
}

func TestLatePongs(t *testing.T) {
	t.Parallel()
	for _, b := range []Behaviour{
		{Name: "wobble", Wobble: Span{60 * time.Millisecond, 120 * time.Millisecond}},
		{Name: "path", Path: Span{60 * time.Millisecond, 60 * time.Millisecond}},
	} {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			e := newEcho(t)
			start(t, one(e, b, politePolicy))
			p := e.generation(t, client, 1)
			// Pings arrive faster than pongs are due, so that several pongs are delayed at a time.
			eventually(t, "pongs", func() bool { return with(p, func() bool { return len(p.trips) > 20 }) })
			for i, rtt := range with(p, func() []time.Duration { return p.trips }) {
				if rtt < 60*time.Millisecond {
					t.Errorf("round trip %d took %s, want 60ms at least", i, rtt)
				}
			}
		})
	}
}

func TestFreezingClientStopsAndContinues(t *testing.T) {
	t.Parallel()
	const freeze = 600 * time.Millisecond
	e := newEcho(t)
	_, stop := start(t, one(e, Behaviour{
		Name: "freezing",
		Beat: 100 * time.Millisecond,
		Talk: Span{10 * time.Millisecond, 20 * time.Millisecond},
		Freeze: Spell{
			First: Span{200 * time.Millisecond, 200 * time.Millisecond},
			Every: Span{time.Hour, time.Hour},
			For:   Span{freeze, freeze},
		},
	}, politePolicy))
	p := e.generation(t, client, 1)
	for name, times := range map[string]*[]time.Time{"pongs": &p.pongs, "pings": &p.pings, "messages": &p.messages} {
		eventually(t, name+" before and after a gap", func() bool {
			return with(p, func() bool { return hasGap(*times, freeze*9/10) })
		})
	}
	stop()
	if n := len(e.generations(client)); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// hasGap reports whether two consecutive times are at least gap apart, with five more times after them.
func hasGap(times []time.Time, gap time.Duration) bool {
	for i := 1; i < len(times)-5; i++ {
		if times[i].Sub(times[i-1]) >= gap {
			return true
		}
	}
	return false
}

func TestFrozenClientCanBeStoppedAtOnce(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	_, stop := start(t, one(e, Behaviour{Name: "freezing", Talk: Span{Max: time.Millisecond}, Freeze: Spell{
		First: Span{50 * time.Millisecond, 50 * time.Millisecond},
		Every: Span{time.Hour, time.Hour},
		For:   Span{time.Hour, time.Hour},
	}}, politePolicy))
	p := e.generation(t, client, 1)
	eventually(t, "the freeze", func() bool {
		return with(p, func() bool {
			n := len(p.messages)
			return n > 0 && time.Since(p.messages[n-1]) > 200*time.Millisecond
		})
	})
	stop()
}

func TestDroppedClientComesBackByItsPolicy(t *testing.T) {
	t.Parallel()
	const delay = 300 * time.Millisecond
	e := newEcho(t)
	drop := Span{50 * time.Millisecond, 50 * time.Millisecond}
	start(t, one(e, Behaviour{Name: "dropping", Drop: Spell{Every: drop}}, model.Policy{Kind: model.PolicyFixed, Base: delay}))
	for n := 1; n <= 3; n++ {
		before, after := e.generation(t, client, n), e.generation(t, client, n+1)
		eventually(t, "the end of the connection", func() bool { return with(before, func() bool { return !before.closed.IsZero() }) })
		if _, polite := errors.AsType[*websocket.CloseError](before.end); polite && !websocket.IsCloseError(before.end, websocket.CloseAbnormalClosure) {
			t.Errorf("generation %d ended with a close frame: %v", n, before.end)
		}
		if away := after.opened.Sub(before.opened); away < delay+drop.Min {
			t.Errorf("generation %d opened %s after the previous one, want at least %s", n+1, away, delay+drop.Min)
		}
	}
}

func TestClientGivesUpAServerThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	e.set(func() { e.mute = true })
	s, err := New(one(e, Behaviour{Name: "steady", Beat: 50 * time.Millisecond}, model.Policy{Kind: model.PolicyFixed, Base: 10 * time.Millisecond}))
	if err != nil {
		t.Fatal(err)
	}
	// The client runs without its swarm, whose clock would make it wait longer on a busy machine.
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { s.clients[0].Run(ctx) })
	defer group.Wait()
	defer cancel()
	first := e.generation(t, client, 1)
	second := e.generation(t, client, 2)
	if away := second.opened.Sub(first.opened); away < time.Second {
		t.Errorf("the client gave the server up after %s", away)
	}
	eventually(t, "beats", func() bool { return with(second, func() bool { return len(second.pings) > 5 }) })
}

func TestClientHonoursCloseCodes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code  int
		again bool
	}{
		{websocket.CloseGoingAway, true},
		{websocket.CloseServiceRestart, true},
		{websocket.CloseInternalServerErr, true},
		{4000, true},
		{websocket.CloseNormalClosure, false},
		{websocket.ClosePolicyViolation, false},
	} {
		t.Run(fmt.Sprint(test.code), func(t *testing.T) {
			t.Parallel()
			e := newEcho(t)
			o := one(e, Behaviour{Name: "steady"}, model.Policy{})
			o.Ends = politeEnds
			s, _ := start(t, o)
			p := e.generation(t, client, 1)
			p.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(test.code, ""), time.Now().Add(time.Second))
			if test.again {
				e.generation(t, client, 2)
				return
			}
			eventually(t, "giving up", func() bool { return s.Stats().GaveUp == 1 })
			if n := len(e.generations(client)); n != 1 {
				t.Errorf("%d connections, want 1", n)
			}
		})
	}
}

func TestWaitBeforeTheNextAttempt(t *testing.T) {
	code := func(code int) error { return &websocket.CloseError{Code: code} }
	for _, test := range []struct {
		name   string
		policy model.Policy
		lasted time.Duration
		err    error
		want   time.Duration
		again  bool
	}{
		{"lost", model.Policy{Kind: model.PolicyFixed, Base: time.Second}, time.Minute, errDropped, time.Second, true},
		{"lost, no back-off", model.Policy{}, time.Minute, errDropped, 0, true},
		{"closed at once, no back-off", model.Policy{}, leastDelay / 2, code(1001), leastDelay, true},
		{"no answer, no back-off", model.Policy{}, 0, errors.New("refused"), leastDelay, true},
		{"refused for a time", model.Policy{Kind: model.PolicyFixed, Base: time.Second}, 0, &refused{status: 503, retryAfter: 7 * time.Second}, 8 * time.Second, true},
		{"refused for a time, client cannot see the header", model.Policy{Kind: model.PolicyFixed, Base: time.Second, Deaf: true}, 0, &refused{status: 503, retryAfter: 7 * time.Second}, time.Second, true},
		{"try again later", model.Policy{Kind: model.PolicyFixed, Base: time.Second}, time.Minute, code(1013), tryLaterDelay + time.Second, true},
		{"restart, with a time", model.Policy{Kind: model.PolicyFixed, Base: time.Second}, time.Minute,
			&websocket.CloseError{Code: 1012, Text: model.RestartReason(7500 * time.Millisecond)}, 8500 * time.Millisecond, true},
		{"restart, with a time that no client believes", model.Policy{Kind: model.PolicyFixed, Base: time.Second}, time.Minute,
			&websocket.CloseError{Code: 1012, Text: "retry-after=80000"}, maxRetryAfter + time.Second, true},
		{"restart, client knows no such reasons", model.Policy{Kind: model.PolicyFixed, Base: time.Second, Deaf: true}, time.Minute,
			&websocket.CloseError{Code: 1012, Text: model.RestartReason(7 * time.Second)}, time.Second, true},
		{"restart, without a time", model.Policy{Kind: model.PolicyFixed, Base: time.Second}, time.Minute, code(1012), time.Second, true},
		{"try again later, with a time", model.Policy{Kind: model.PolicyFixed, Base: time.Second}, time.Minute,
			&websocket.CloseError{Code: 1013, Text: "retry-after=2"}, 3 * time.Second, true},
		{"a time without such a code", model.Policy{Kind: model.PolicyFixed, Base: time.Second}, time.Minute,
			&websocket.CloseError{Code: 1001, Text: "retry-after=2"}, time.Second, true},
		{"normal closure", model.Policy{}, time.Minute, code(1000), 0, false},
		{"message too big", model.Policy{}, time.Minute, code(1009), 0, false},
	} {
		c := &Client{swarm: &Swarm{options: Options{Ends: politeEnds}}, role: &Role{Policy: test.policy}, backoff: reconnect.NewBackoff(&test.policy, dice(1))}
		wait, again := c.nextDelay(test.lasted, test.err)
		if wait != test.want || again != test.again {
			t.Errorf("%s: wait %s, again %t; want %s, %t", test.name, wait, again, test.want, test.again)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"":                     0,
		"0":                    0,
		"12":                   12 * time.Second,
		"-3":                   0,
		"1.5":                  0,
		"99999999999999999999": maxRetryAfter,
		"2000000000":           maxRetryAfter,
		now.Add(9 * time.Second).Format(http.TimeFormat): 9 * time.Second,
		now.Add(-time.Hour).Format(http.TimeFormat):      0,
		now.Add(time.Hour).Format(http.TimeFormat):       maxRetryAfter,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("Retry-After %q: %s, want %s", header, got, want)
		}
	}
}

func dice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
