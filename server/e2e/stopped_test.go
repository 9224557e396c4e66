//go:build unix

package e2e

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// The kernel of a stopped process goes on acknowledging: only the pongs stop.
func TestStoppedClients(t *testing.T) {
	t.Parallel()
	const clients = 40 // their beats are spread: the mean over so many is a mean over the phase of the beat
	p := start(t, "--interval", "1s")
	events := p.record(t)
	c := hire(t, orders{URL: p.websocket, Clients: clients})
	for attempt := 1; ; attempt++ {
		p.warm(t, clients)
		cut := time.Now()
		c.signal(t, syscall.SIGSTOP)
		err := judge(t, events.deaths(t, clients, cut), cut)
		c.signal(t, syscall.SIGCONT)
		p.returned(t, clients, attempt+1)
		if err == nil || t.Failed() {
			break
		}
		if attempt == attempts {
			t.Fatal(err)
		}
		t.Logf("attempt %d: %v", attempt, err)
	}
	if _, timeouts, _ := c.seen(); timeouts == 0 {
		t.Errorf("no client found a close frame with %d when it went on", codeTimeout)
	} else {
		t.Logf("%d clients found the close frame", timeouts)
	}
}

func (c *crew) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// A holter that was away itself knows nothing about its peers.
func TestStoppedHolter(t *testing.T) {
	t.Parallel()
	const clients, stop, after = 50, 5 * time.Second, 10 * time.Second
	p := start(t, "--interval", "1s")
	events := p.record(t)
	hire(t, orders{URL: p.websocket, Clients: clients})
	eventually(t, patience, "everybody has beaten", func() bool { return len(p.connections(t, "pongs_received>=3")) == clients })
	p.signal(t, syscall.SIGSTOP)
	time.Sleep(stop)
	p.signal(t, syscall.SIGCONT)
	time.Sleep(after)
	if found := events.since(t, time.Time{}, trouble); len(found) > 0 {
		t.Errorf("after holter was stopped for %v: %s", stop, tell(found))
	}
	normal := p.connections(t, "state=normal")
	if len(normal) != clients {
		t.Errorf("%d of %d connections are normal", len(normal), clients)
	}
	for _, c := range normal {
		if c.PongsReceived < 8 {
			t.Errorf("%s: %d pongs: it beats no more", c.Client, c.PongsReceived)
		}
	}
}

// Answers that take up to 0.4 s are no sign of death, however they vary.
func TestJitteryClients(t *testing.T) {
	t.Parallel()
	const clients, jitter, watched = 20, 400 * time.Millisecond, 20 * time.Second
	p := start(t, "--interval", "1s")
	events := p.record(t)
	for i := range clients {
		join(t, p.websocket, fmt.Sprintf("jitter-%d", i), func() { time.Sleep(rand.N(jitter)) })
	}
	for attempt := 1; ; attempt++ {
		from := time.Now()
		time.Sleep(watched)
		found := events.since(t, from, trouble)
		if len(found) == 0 {
			break
		}
		if attempt == attempts { // on a busy machine these clients are later than that
			t.Fatalf("of clients that are at most %v late: %s", jitter, tell(found))
		}
		t.Logf("attempt %d: %s", attempt, tell(found))
	}
	var mean, timeout time.Duration
	for _, c := range p.connections(t, "state=normal") {
		mean += c.RTTMeanMS.Duration() / clients
		timeout += c.TimeoutMS.Duration() / clients
	}
	if mean < jitter/4 {
		t.Errorf("mean round trip %v: the clients are not late at all", mean)
	}
	t.Logf("%d clients: mean round trip %v, timeout %v", clients, mean, timeout)
}
