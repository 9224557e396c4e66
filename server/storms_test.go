package server_test

import (
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/probe/swarm"
	"holter/server"
	"holter/server/api"
)

// gate is a server whose upgrades can be refused, without a word on when to come again.
type gate struct {
	monitor *server.Monitor
	shut    atomic.Bool
	inside  http.Handler
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.shut.Load() {
		g.monitor.Door().Refused(r, model.Refusal{Status: http.StatusServiceUnavailable, Reason: "shut"})
		http.Error(w, "shut", http.StatusServiceUnavailable)
		return
	}
	g.inside.ServeHTTP(w, r)
}

// openGate runs a monitor and a server in front of which it stands.
func openGate(t *testing.T) (g *gate, url string) {
	t.Helper()
	m := server.New(server.Options{Logger: slog.New(slog.DiscardHandler)})
	g = &gate{monitor: m, inside: m.Wrap(http.HandlerFunc(readAll))}
	s := httptest.NewServer(g)
	t.Cleanup(s.Close)
	runUntilEnd(t, m.Run)
	return g, "ws" + strings.TrimPrefix(s.URL, "http") + "/ws"
}

// readAll is an application that listens.
func readAll(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}

func runSwarm(t *testing.T, o swarm.Options) *swarm.Swarm {
	t.Helper()
	s, err := swarm.New(o)
	if err != nil {
		t.Fatal(err)
	}
	runUntilEnd(t, s.Run)
	return s
}

// waitFor polls until cond holds.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * patience); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain for ", what)
		}
	}
}

var stormCast = []struct {
	name   string
	share  float64
	policy model.Policy
	kind   model.PolicyKind
	jitter model.Jitter
}{
	{"none", 0.3, model.Policy{Kind: model.PolicyNone}, model.PolicyNone, model.JitterNone},
	{"fixed", 1, model.Policy{Kind: model.PolicyFixed, Base: time.Second}, model.PolicyFixed, model.JitterNone},
	{"spread", 1, model.Policy{Kind: model.PolicyFixed, Base: time.Second, Jitter: model.JitterFull}, model.PolicyFixed, model.JitterFull},
	{"growing", 1, exponential(model.JitterNone), model.PolicyExponential, model.JitterNone},
	{"equal", 1, exponential(model.JitterEqual), model.PolicyExponential, model.JitterEqual},
	{"full", 1, exponential(model.JitterFull), model.PolicyExponential, model.JitterFull},
}

func exponential(j model.Jitter) model.Policy {
	return model.Policy{Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Cap: 10 * time.Second, Jitter: j}
}

// A swarm is thrown out and kept out for a while. Its policies and its recovery are told as they were. On a
// machine that is busy with something else delays are not what they were to be, so it may try again.
func TestStormOfASwarm(t *testing.T) {
	for attempt := 1; ; attempt++ {
		var wrong []string
		t.Run(fmt.Sprint("attempt ", attempt), func(t *testing.T) { wrong = stormOfASwarm(t) })
		switch {
		case len(wrong) == 0 || t.Failed():
			return
		case attempt == 3:
			t.Fatal(strings.Join(wrong, "\n"))
		}
	}
}

// stormOfASwarm answers what was told wrongly.
func stormOfASwarm(t *testing.T) (wrong []string) {
	complain := func(format string, args ...any) {
		t.Logf(format, args...)
		wrong = append(wrong, fmt.Sprintf(format, args...))
	}
	g, url := openGate(t)
	o := swarm.Options{URL: url, Clients: 212, Prefix: "storm", Seed: 1, Sockets: 2, Ramp: time.Second}
	for _, c := range stormCast {
		o.Cast = append(o.Cast, swarm.Role{Behaviour: swarm.Behaviour{Name: c.name}, Policy: c.policy, Share: c.share})
	}
	s := runSwarm(t, o)
	waitFor(t, "the swarm", func() bool { return s.Stats().Connected == o.Clients && g.monitor.Source().Size() == o.Clients })

	g.shut.Store(true)
	kicked := time.Now()
	if n, err := g.monitor.Source().Kick(t.Context(), model.Kick{Query: "all"}); err != nil || n != o.Clients {
		t.Fatal(n, err)
	}
	open := time.AfterFunc(7500*time.Millisecond, func() { g.shut.Store(false) })
	defer open.Stop()
	back := make(map[float64]time.Duration)
	for _, share := range []float64{0.5, 0.9, 0.99} {
		waitFor(t, "the swarm's return", func() bool { return s.Stats().Reconnects >= int(math.Ceil(share*float64(o.Clients))) })
		back[share] = time.Since(kicked)
	}
	refused := s.Stats().Refused

	var storm api.StormDetail
	waitFor(t, "the end of the storm", func() bool {
		now, err := g.monitor.Source().Snapshot(t.Context())
		if err != nil || len(now.Storms) != 1 {
			return false
		}
		storm = api.FromStormDetail(&now.Storms[0])
		return storm.EndedAt != nil
	})
	for share, got := range map[float64]*api.Millis{0.5: storm.Back50MS, 0.9: storm.Back90MS, 0.99: storm.Back99MS} {
		if got == nil || math.Abs((got.Duration()-back[share]).Seconds()) > 0.05*back[share].Seconds() {
			complain("%v back after %v, and by the swarm's record after %v", share, got, back[share])
		}
	}
	if storm.Clients != o.Clients || storm.Reconnects < o.Clients*99/100 || math.Abs(float64(storm.Refused-refused)) > float64(refused)/20 {
		complain("%d clients, %d reconnects, %d refused, want %d, %d, %d",
			storm.Clients, storm.Reconnects, storm.Refused, o.Clients, o.Clients, refused)
	}
	if storm.Causes[0] != (api.StormCause{Code: 1001, By: "holter", Count: o.Clients}) || storm.Forecast.Clients != o.Clients {
		complain("causes %+v, forecast for %d", storm.Causes, storm.Forecast.Clients)
	}
	for _, c := range stormCast {
		p := policyOf(storm.Policies, c.name)
		t.Logf("%-8s %s", c.name, describePolicy(&p))
		if p.Kind != c.kind || p.Jitter != c.jitter || p.Clients != int(40*c.share) {
			complain("%s: %+v", c.name, p)
		}
	}
	return wrong
}

func policyOf(policies []api.Policy, name string) api.Policy {
	for _, p := range policies {
		if strings.HasPrefix(p.UserAgent, "holter-storm/"+name+" ") {
			return p
		}
	}
	return api.Policy{}
}

func describePolicy(p *api.Policy) string {
	return fmt.Sprintf("%s base %v ms ×%v cap %v ms, jitter %s %.2f, %q, %d attempts, confidence %.2f",
		p.Kind, p.BaseMS, p.Factor, p.CapMS, p.Jitter, p.Share, p.Like, p.Attempts, p.Confidence)
}
