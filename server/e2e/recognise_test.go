//go:build unix

package e2e

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/server/api"
)

// scatter resets all n connections, and refuses them for a while.
func (p *program) scatter(t *testing.T, n int, refused time.Duration) {
	t.Helper()
	p.ask(t, http.MethodPost, "/api/v1/refuse", map[string]int64{"for_ms": refused.Milliseconds()}, new(map[string]any))
	if kicked := p.kick(t, api.Kick{Q: "all", RST: true}); kicked != n {
		t.Fatalf("%d connections kicked, want %d", kicked, n)
	}
}

// strike scatters all n clients, and returns the one policy that the storm shows when it is over.
func (p *program) strike(t *testing.T, n int, refused time.Duration) api.Policy {
	t.Helper()
	p.scatter(t, n, refused)
	var s api.StormDetail
	eventually(t, 3*patience, "the storm is over", func() bool {
		if storms := p.storms(t); len(storms) == 1 {
			s = storms[0]
		}
		return s.EndedAt != nil
	})
	if s.Clients != n || s.Away != 0 || len(s.Policies) != 1 {
		t.Fatalf("a storm of %d clients, %d still away, with the policies %+v; want %d, all back, and one policy", s.Clients, s.Away, s.Policies, n)
	}
	policy := s.Policies[0]
	t.Logf("%d clients, %d attempts in vain, 99 %% back after %.1f s: %q, %s from %.0f ms ×%.2g to %.0f ms, jitter %s ±%.0f %%, confidence %.2f",
		s.Clients, s.Refused, s.Back99MS.Duration().Seconds(), policy.Like, policy.Kind, float64(policy.BaseMS), policy.Factor, float64(policy.CapMS),
		policy.Jitter, 100*policy.Share, policy.Confidence)
	return policy
}

// window opens a page in a window of its own, where it is visible beside those in others.
func (b *browser) window(t *testing.T, page string) *devtools {
	t.Helper()
	var target struct{ TargetID string }
	b.call(t, "Target.createTarget", map[string]any{"url": page, "newWindow": true}, &target)
	return steer(t, "ws://"+b.address+"/devtools/page/"+target.TargetID)
}

// extremes are the delays of the page's own code in ms, if chance made all of them as short, or as long,
// as can be.
const extremes = `JSON.stringify([0, 1].map((chance) => {
	const random = Math.random, backoff = new Backoff();
	Math.random = () => chance;
	try { return Array.from({length: 10}, () => backoff.next()); } finally { Math.random = random; }
}))`

// Holter finds out what the page and Socket.IO really do. Only the storms are at the same time: opening so
// many pages takes all of a machine, and a client that waits for its turn is late.
func TestRealClientsAreRecognised(t *testing.T) {
	programs(t) // or the pages would be opened in vain
	const pages, clients = 12, 24
	page, tab := openPages(t, pages)
	socketio, fleet := openFleet(t, clients, "websocket")
	usual, _ := openFleet(t, clients, "polling", "websocket")

	t.Run("page", func(t *testing.T) {
		t.Parallel()
		var delays [2][]float64
		if err := json.Unmarshal([]byte(tab.evaluate(t, extremes)), &delays); err != nil {
			t.Fatal(err)
		}
		got := page.strike(t, pages, 5*time.Second) // in which each tries three times or more
		if got.Like != "holter's page" || got.Kind != model.PolicyExponential || got.Jitter != model.JitterFull || got.Clients != pages {
			t.Errorf("%+v", got)
		}
		if got.Path != "/ws" || !strings.Contains(got.UserAgent, "Chrome") {
			t.Errorf("the pool is %q of %q", got.Path, got.UserAgent)
		}
		longest := float64(got.BaseMS)
		for i := range delays[1] {
			if want := min(longest, float64(got.CapMS)); delays[0][i] != 0 || !near(delays[1][i], want, 0.05) {
				t.Errorf("before attempt %d the page waits %v to %v ms, holter says 0 to %v", i+1, delays[0][i], delays[1][i], want)
			}
			longest *= got.Factor
		}
	})

	t.Run("Socket.IO", func(t *testing.T) {
		t.Parallel()
		var want struct{ Base, Cap, Share float64 }
		if err := json.Unmarshal([]byte(fleet.until(t, "policy ")), &want); err != nil {
			t.Fatal(err)
		}
		got := socketio.strike(t, clients, 10*time.Second) // in which each tries three times or more
		if got.Like != "Socket.IO" || got.Kind != model.PolicyExponential || got.Jitter != model.JitterPartial || got.Clients != clients {
			t.Errorf("%+v", got)
		}
		if got.Path != "/socket.io/" || !near(got.Factor, 2, 0.05) || !near(float64(got.BaseMS), want.Base, 0.05) ||
			!near(float64(got.CapMS), want.Cap, 0.05) || !near(got.Share, want.Share, 0.05) {
			t.Errorf("%+v, and Socket.IO itself says %+v", got, want)
		}
		fleet.dismiss(t)
	})

	// By default it comes by polling first, which no refusal of upgrades keeps out: it tries a WebSocket only
	// once, and of one attempt nothing more is known than its delay.
	t.Run("Socket.IO by polling", func(t *testing.T) {
		t.Parallel()
		usual.scatter(t, clients, 5*time.Second)
		var got api.Policy
		eventually(t, patience, "each has tried to come back", func() bool {
			s := usual.storms(t)
			if len(s) == 1 && len(s[0].Policies) == 1 {
				got = s[0].Policies[0]
			}
			return got.Attempts == clients
		})
		if got.Kind != model.PolicyUnknown || got.Like != "" || got.Confidence != 0 || got.BaseMS < 500 || got.BaseMS > 1500 {
			t.Errorf("%+v", got)
		}
	})
}

// openPages opens n windows with the page of a new holter, and returns one of them.
func openPages(t *testing.T, n int) (*program, *devtools) {
	t.Helper()
	p := start(t, "--interval", "500ms")
	chrome, tab := browse(t, p.page)
	for i := range n {
		if i > 0 {
			tab = chrome.window(t, p.page)
		}
		eventually(t, patience, "the page is there to be seen", func() bool { return tab.evaluate(t, `document.hidden`) == "false" })
	}
	p.known(t, n)
	return p, tab
}

// openFleet runs n Socket.IO clients, and a new holter between them and their server.
func openFleet(t *testing.T, n int, transports ...string) (*program, *actor) {
	t.Helper()
	url, _ := scripted(node(t, "socketio-server.js"))(t)
	p := inFrontOf(t, url)
	fleet := act(t, node(t, "socketio-fleet.js", append([]string{strings.TrimSuffix(p.page, "/"), strconv.Itoa(n)}, transports...)...))
	p.known(t, n)
	return p, fleet
}

// known waits until so many connections have beaten often enough for their round trips to be known.
func (p *program) known(t *testing.T, n int) {
	t.Helper()
	eventually(t, 2*patience, "the round trips are known", func() bool { return len(p.connections(t, "state=normal pongs_received>=5")) == n })
}
