//go:build unix

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os/exec"
	"strings"
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
	MessagesReceived                               int `json:"messages_received"`
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

// What the server finds out about a storm is what the clients know of it: their policy, and how long it
// took them to come back.
func TestSwarmAndServerAgreeOnAStorm(t *testing.T) {
	const n = 150
	for _, test := range []struct {
		name  string
		flags []string
		want  func(api.Policy) bool
	}{
		{"fixed", []string{"--backoff", "fixed:1s"}, func(p api.Policy) bool {
			return p.Kind == model.PolicyFixed && p.Jitter == model.JitterNone && near(float64(p.BaseMS), 1000, 0.1)
		}},
		{"exponential", []string{"--backoff", "exponential:500ms,2,8s", "--jitter", "full"}, func(p api.Policy) bool {
			return p.Kind == model.PolicyExponential && p.Jitter == model.JitterFull && near(p.Factor, 2, 0.25)
		}},
		{"signalr", []string{"--preset", "signalr"}, func(p api.Policy) bool { return p.Like == "SignalR" }},
		{"socketio", []string{"--preset", "socketio"}, func(p api.Policy) bool { return p.Like == "Socket.IO" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			s := release(t, p.websocket, append(test.flags, "-n", fmt.Sprint(n), "--beat", "none")...)
			p.normal(t, n)
			eventually(t, patience, "connections that have lasted", func() bool {
				list := p.connections(t, "age>6s")
				return len(list) == n
			})
			p.ask(t, http.MethodPost, "/api/v1/refuse", map[string]int{"for_ms": 6000}, new(map[string]any))
			if kicked := p.kick(t, api.Kick{Q: "swarm", RST: true}); kicked != n {
				t.Fatalf("%d kicked", kicked)
			}
			var storm api.StormDetail
			eventually(t, 3*patience, "the storm is over", func() bool {
				var storms api.Storms
				p.ask(t, http.MethodGet, "/api/v1/storms", nil, &storms)
				if len(storms.Storms) == 1 {
					storm = storms.Storms[0]
				}
				return storm.Back99MS != nil && storm.EndedAt != nil
			})
			r := s.stop(t)
			if r.Reconnects != n || r.Reconnect.Count != n || storm.Reconnects != n || r.Failed["refused with 503"] != storm.Refused {
				t.Errorf("%d reconnects and %v failures, the server says %d and %d", r.Reconnects, r.Failed, storm.Reconnects, storm.Refused)
			}
			for name, pair := range map[string][2]float64{
				"50 %": {float64(*storm.Back50MS), r.Reconnect.P50}, "90 %": {float64(*storm.Back90MS), r.Reconnect.P90}, "99 %": {float64(*storm.Back99MS), r.Reconnect.P99},
			} {
				if !near(pair[0], pair[1], 0.05) {
					t.Errorf("%s are back after %.0f ms, and by their own record after %.0f ms", name, pair[0], pair[1])
				}
			}
			if len(storm.Policies) != 1 || !test.want(storm.Policies[0]) {
				t.Errorf("policies %+v", storm.Policies)
			}
		})
	}
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
	if !strings.Contains(term.text(), "connected   5 (most 5)") {
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
