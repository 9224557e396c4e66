package e2e

import (
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"time"

	"holter/server/api"
)

// A server that is killed and started again tells the storm of the clients that it had: see api.Storm's restart.
func TestKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	const n = 300
	listen := freePort(t)
	p := start(t, "--listen", listen)
	s := release(t, p.websocket, "-n", strconv.Itoa(n), "--backoff", "exponential:200ms,2,3s", "--jitter", "full")
	eventually(t, patience, "all clients", func() bool { return p.summary(t).States.Normal == n })
	killed := time.Now()
	p.signal(t, syscall.SIGKILL)
	p.wait(t)

	p = start(t, "--listen", listen)
	listens := time.Now()
	eventually(t, patience, "all clients again", func() bool { return p.summary(t).States.Normal == n })
	began := p.line(t, "storm started")
	if began["after"] == nil {
		t.Errorf("%v", began)
	}
	ended := p.line(t, "storm ended")
	// A connection with bytes on their way was reset, and of that the kernel knows nothing.
	if ended["clients"].(float64) < n/2 || ended["clients"].(float64) > n || ended["away"].(float64) > n/50 {
		t.Errorf("%v", ended)
	}
	var storms api.Storms
	p.ask(t, http.MethodGet, "/api/v1/storms", nil, &storms)
	if len(storms.Storms) != 1 {
		t.Fatalf("%d storms", len(storms.Storms))
	}
	storm := storms.Storms[0]
	// A busy machine kills slowly.
	if off := storm.StartedAt.Sub(killed); !storm.Restart || off < -100*time.Millisecond || storm.StartedAt.After(listens) {
		t.Errorf("restart %t, %v after the kill, and the next one listened after %v", storm.Restart, off, listens.Sub(killed))
	}
	if len(storm.Causes) != 0 {
		t.Errorf("causes that nobody has seen: %+v", storm.Causes)
	}
	if r := s.stop(t); r.Connected != n || r.Reconnects != n {
		t.Errorf("the swarm: %+v", r)
	}
}

// After a drain, the next server sees its clients come, and no storm.
func TestDrainedAndStartedAgain(t *testing.T) {
	t.Parallel()
	const n = 200
	listen := freePort(t)
	p := start(t, "--listen", listen, "--drain", "4s")
	s := release(t, p.websocket, "-n", strconv.Itoa(n), "--backoff", "exponential:200ms,2,3s", "--jitter", "full")
	eventually(t, patience, "all clients", func() bool { return p.summary(t).States.Normal == n })
	p.signal(t, syscall.SIGTERM)
	if code, _ := p.wait(t); code != 0 {
		t.Errorf("exit code %d: %s", code, &p.stderr)
	}
	p = start(t, "--listen", listen)
	eventually(t, patience, "all clients again", func() bool { return p.summary(t).States.Normal == n })
	time.Sleep(time.Second) // a storm would have begun by then
	var storms api.Storms
	p.ask(t, http.MethodGet, "/api/v1/storms", nil, &storms)
	if len(storms.Storms) != 0 {
		t.Errorf("a storm: %+v", storms.Storms[0].StormSummary)
	}
	if r := s.stop(t); r.Connected != n {
		t.Errorf("the swarm: %+v", r)
	}
}
