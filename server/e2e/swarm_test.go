//go:build unix

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"holter/model"
	"holter/server/api"
)

// swarm is a running holter swarm that sums up as JSON.
type swarm struct {
	cmd         *exec.Cmd
	out, stderr bytes.Buffer // to be read after stop
}

// swarmReport is what the tests look at in a swarm's summary.
type swarmReport struct {
	Clients, Connected, Peak, Connects, Reconnects int
	Failed, Ended                                  map[string]int
	MessagesReceived                               int     `json:"messages_received"`
	Late                                           float64 `json:"late_ms"`
	Handshake, Message, Beat, Reconnect            struct {
		Count int
		P50   float64 `json:"p50_ms"`
		P90   float64 `json:"p90_ms"`
		P99   float64 `json:"p99_ms"`
	}
}

func release(t *testing.T, url string, args ...string) *swarm {
	t.Helper()
	s := &swarm{cmd: exec.CommandContext(t.Context(), holter, append([]string{"swarm", url, "--json"}, args...)...)}
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = t.TempDir(), &s.out, &s.stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill() })
	return s
}

// stop ends the swarm as Ctrl-C does, and returns its summary.
func (s *swarm) stop(t *testing.T) (r swarmReport) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, &s.stderr)
	}
	if err := json.Unmarshal(s.out.Bytes(), &r); err != nil {
		t.Fatalf("%v in %s", err, &s.out)
	}
	return r
}

func TestSwarmAgainstServe(t *testing.T) {
	p := start(t)
	s := release(t, p.websocket, "-n", "40", "--rate", "5", "--payload", "2000", "--interval", "500ms", "--beat", "json", "--mute", "10%")
	p.normal(t, 40)
	eventually(t, patience, "messages", func() bool {
		connections := p.connections(t, "swarm-0040")
		return len(connections) == 1 && connections[0].FramesIn > 10
	})
	r := s.stop(t)
	if r.Clients != 40 || r.Connected != 40 || r.Peak != 40 || r.Connects != 40 || len(r.Failed)+len(r.Ended) > 0 {
		t.Errorf("%+v\n%s", r, &s.stderr)
	}
	if r.Handshake.Count != 40 || r.Message.Count < 40 || r.Beat.Count < 40 || r.MessagesReceived < 40 {
		t.Errorf("timings: %+v", r)
	}
	closed := p.line(t, "connection closed")
	if closed["code"] != 1001.0 || closed["by"] != "peer" {
		t.Errorf("the clients left with %v", closed)
	}
}

// normal waits for so many connections.
func (p *program) normal(t *testing.T, n int) {
	t.Helper()
	eventually(t, 3*patience, "all clients are there", func() bool { return p.summary(t).States.Normal == n })
}

// Two processes share one name space.
func TestSwarmsSideBySide(t *testing.T) {
	p := start(t)
	a := release(t, p.websocket, "-n", "30", "--id-prefix", "web")
	b := release(t, p.websocket, "-n", "30", "--id-prefix", "web", "--first-id", "31")
	p.normal(t, 60)
	for _, id := range []string{"web-0001", "web-0030", "web-0031", "web-0060"} {
		if n := len(p.connections(t, "client="+id)); n != 1 {
			t.Errorf("%s has %d connections", id, n)
		}
	}
	if s := p.summary(t); s.Clients.Present != 60 {
		t.Errorf("%+v", s.Clients)
	}
	a.stop(t)
	b.stop(t)
}

// agreement is a way to come back, and what the server is to find out about it.
type agreement struct {
	name  string
	flags []string
	want  func(api.Policy) bool
}

func backoff(policy, jitter string, want func(api.Policy) bool) agreement {
	return agreement{policy + " " + jitter, []string{"--backoff", policy, "--jitter", jitter}, want}
}

func preset(name, like string) agreement {
	return agreement{name, []string{"--preset", name}, func(p api.Policy) bool { return p.Like == like }}
}

func fixed(ms float64, j model.Jitter) func(api.Policy) bool {
	return func(p api.Policy) bool {
		return p.Kind == model.PolicyFixed && p.Jitter == j && near(float64(p.BaseMS), ms, 0.1)
	}
}

func doubling(jitters ...model.Jitter) func(api.Policy) bool {
	return func(p api.Policy) bool {
		return p.Kind == model.PolicyExponential && slices.Contains(jitters, p.Jitter) && near(p.Factor, 2, 0.25)
	}
}

var agreements = []agreement{
	backoff("fixed:1s", "none", fixed(1000, model.JitterNone)),
	backoff("exponential:500ms,2,8s", "full", doubling(model.JitterFull)),
	preset("signalr", "SignalR"),
	preset("socketio", "Socket.IO"),
}

// slowAgreements are for thousands at once, whose handshakes keep two cores busy for a second.
var slowAgreements = []agreement{
	backoff("fixed:5s", "none", fixed(5000, model.JitterNone)),
	backoff("fixed:10s", "full", fixed(10_000, model.JitterFull)),
	backoff("exponential:2s,2,60s", "none", doubling(model.JitterNone)),
	backoff("exponential:2s,2,60s", "equal", doubling(model.JitterEqual)),
	backoff("exponential:4s,2,15s", "full", doubling(model.JitterFull)),
	preset("socketio", "Socket.IO"),
}

// What the server finds out about a storm is what the clients know of it: their policy, and how long it
// took them to come back. HOLTER_E2E_CLIENTS=5000 makes large storms, one after the other.
func TestSwarmAndServerAgreeOnAStorm(t *testing.T) {
	if os.Getenv("HOLTER_E2E_CLIENTS") == "" {
		long(t, "it measures for half a minute, by itself")
	}
	const few = 100 // at once; the ranks of their percentiles are whole numbers
	n, all, shut := few, agreements, 6*time.Second
	if wanted := os.Getenv("HOLTER_E2E_CLIENTS"); wanted != "" {
		var err error
		if n, err = strconv.Atoi(wanted); err != nil {
			t.Fatal(err)
		}
		all, shut = slowAgreements, 20*time.Second
	}
	var told atomic.Int32
	t.Run("storms", func(t *testing.T) {
		for _, a := range all {
			t.Run(a.name, func(t *testing.T) {
				if n <= few {
					t.Parallel()
				}
				if a.hold(t, n, shut) {
					told.Add(1)
				}
			})
		}
	})
	if told.Load() == 0 {
		t.Error("no policy was told")
	}
}

// hold has n clients thrown out and kept out for a while. It reports whether their policy was told. On a machine that kept them or
// holter waiting, holter need not be sure of it.
func (a agreement) hold(t *testing.T, n int, shut time.Duration) (told bool) {
	p := start(t)
	s := release(t, p.websocket, append(a.flags, "-n", fmt.Sprint(n), "--beat", "none")...)
	p.normal(t, n)
	eventually(t, patience, "connections that have lasted", func() bool {
		return len(p.connections(t, "age<6s")) == 0
	})
	p.ask(t, http.MethodPost, "/api/v1/refuse", map[string]int64{"for_ms": shut.Milliseconds()}, new(map[string]any))
	if kicked := p.kick(t, api.Kick{Q: "swarm", RST: true}); kicked != n {
		t.Fatalf("%d kicked", kicked)
	}
	var storm api.StormDetail
	stretched := 1.0                                // timeouts, because holter ran late
	ticks := time.NewTicker(500 * time.Millisecond) // to tell policies takes a while
	defer ticks.Stop()
	for late := time.Now().Add(3 * (patience + shut)); storm.EndedAt == nil || storm.Back99MS == nil; {
		if now := <-ticks.C; now.After(late) {
			t.Fatalf("the storm is not over: %+v", storm.StormSummary)
		}
		stretched = max(stretched, p.summary(t).Lateness)
		if storms := p.storms(t); len(storms) == 1 {
			storm = storms[0]
		}
	}
	p.normal(t, n) // a storm is over with 99 % of them
	r := s.stop(t)
	if r.Reconnects != n || r.Reconnect.Count != n || storm.Reconnects < n*99/100 || r.Failed["refused with 503"] != storm.Refused {
		t.Errorf("%d reconnects and %v failures, the server says %d and %d", r.Reconnects, r.Failed, storm.Reconnects, storm.Refused)
	}
	for name, pair := range map[string][2]float64{
		"50 %": {float64(*storm.Back50MS), r.Reconnect.P50}, "90 %": {float64(*storm.Back90MS), r.Reconnect.P90}, "99 %": {float64(*storm.Back99MS), r.Reconnect.P99},
	} {
		t.Logf("%s are back after %.0f ms, and by their own record after %.0f ms", name, pair[0], pair[1])
		if !near(pair[0], pair[1], 0.05) {
			t.Errorf("%s: more than 5 %% between the two records", name)
		}
	}
	if len(storm.Policies) != 1 {
		t.Fatalf("policies %+v", storm.Policies)
	}
	policy := storm.Policies[0]
	if a.want(policy) {
		return true
	}
	busy := stretched > 1 || r.Late > 50
	sure := policy.Kind != model.PolicyUnknown && policy.Confidence >= 0.6
	complain := t.Errorf
	if busy && !sure {
		complain = t.Logf
	}
	complain("told %+v, doubt %+v; holter stretched timeouts by %.1f, and the swarm was %.0f ms late", policy, policy.Doubt, stretched, r.Late)
	return false
}

func near(a, b, share float64) bool { return math.Abs(a-b) <= share*math.Max(a, b) }

func TestSwarmAtATerminal(t *testing.T) {
	p := start(t)
	term := atTerminal(t, "swarm", p.websocket, "-n", "5", "--ramp", "0s")
	term.until(t, "5/5 connected")
	before := strings.Count(term.text(), "\r")
	eventually(t, patience, "the line to be written anew", func() bool { return strings.Count(term.text(), "\r") > before+2 })
	if strings.Contains(term.text(), "\n") {
		t.Errorf("more than one line:\n%q", term.text())
	}
	if _, err := term.file.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	if code := term.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(term.text(), "connected   5 (peak 5)") {
		t.Errorf("no summary:\n%q", term.text())
	}
}

// A server that stands still does not keep the clients from leaving.
func TestSwarmEndsInTime(t *testing.T) {
	p := start(t)
	s := release(t, p.websocket, "-n", "20")
	p.normal(t, 20)
	p.signal(t, syscall.SIGSTOP)
	defer p.signal(t, syscall.SIGCONT)
	begin := time.Now()
	s.stop(t)
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v to leave a server that has stopped", took)
	}
}
