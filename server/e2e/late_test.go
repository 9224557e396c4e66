//go:build unix

package e2e

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/server/api"
)

// stop stops holter for a while, and lets it go on.
func (p *program) stop(t *testing.T, d time.Duration) {
	t.Helper()
	p.signal(t, syscall.SIGSTOP)
	time.Sleep(d)
	p.signal(t, syscall.SIGCONT)
}

// Clients that die after holter was stopped for long, and then again and again, are called failed within three times
// the usual time.
func TestDeathsAfterHolterWasStopped(t *testing.T) {
	long(t, "it takes half a minute")
	t.Parallel()
	const clients = 20
	p := start(t, "--interval", "1s")
	events := p.record(t)
	c := hire(t, orders{URL: p.websocket, Clients: clients})
	for attempt := 1; ; attempt++ {
		p.warm(t, clients)
		p.stop(t, 5*time.Second)
		for range 5 {
			time.Sleep(300 * time.Millisecond)
			p.stop(t, 400*time.Millisecond)
		}
		cut := time.Now()
		c.signal(t, syscall.SIGSTOP)
		late, worst := 0, time.Duration(0)
		for _, d := range events.deaths(t, clients, cut) {
			if d.suspect == nil || d.failed == nil {
				t.Fatalf("%s closed without suspicion and failure: %v", d.closed.Connection.Client, d.closed.Connection)
			}
			usual := d.suspect.Connection.IntervalMS.Duration() + 500*time.Millisecond + probeWaits
			after := d.failed.Time.Sub(cut)
			if worst = max(worst, after); after > 3*usual {
				late++
			}
		}
		c.signal(t, syscall.SIGCONT)
		t.Logf("attempt %d: all %d have failed within %v", attempt, clients, worst)
		if late == 0 {
			break
		}
		if attempt == attempts { // a busy machine is late by itself as well
			t.Fatalf("%d clients failed after more than three times the usual time", late)
		}
		p.returned(t, clients, attempt+1)
	}
}

// What holter was stopped for is an event with its reason and its length. Every judgement that this touched is marked:
// a client that left meanwhile may have left sooner, and one that died then was silent for longer than holter listened.
// Judgements of later are not marked.
func TestWhatThisMachineDid(t *testing.T) {
	t.Parallel()
	const clients, stop = 5, 3 * time.Second
	p := start(t, "--interval", "1s", "--on-fail", "observe")
	events := p.record(t)
	leaving, _, err := websocket.DefaultDialer.DialContext(t.Context(), p.websocket+"?client=leaving", nil)
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		listen(leaving, func() {})
	}()
	c := hire(t, orders{URL: p.websocket, Clients: clients})
	eventually(t, patience, "all clients have beaten", func() bool { return len(p.connections(t, "pongs_received>=3")) == clients+1 })
	stopped := time.Now()
	p.signal(t, syscall.SIGSTOP)
	time.Sleep(time.Second)
	leaving.Close()
	<-gone
	c.signal(t, syscall.SIGSTOP)
	time.Sleep(stop - time.Second)
	p.signal(t, syscall.SIGCONT)
	line := p.lateLine(t, "stopped")
	if length := time.Duration(line["for_ms"].(float64)) * time.Millisecond; length < stop-200*time.Millisecond || length > stop+2*time.Second {
		t.Errorf("holter was stopped for %v, and says %v", stop, line)
	}
	judged := func(from time.Time, to string) (found []api.Event) {
		eventually(t, patience, "all clients are "+to, func() bool {
			found = events.since(t, from, func(e *api.Event) bool { return e.Type == "state.changed" && e.To == to })
			return len(found) == clients
		})
		return found
	}
	for _, e := range judged(stopped, "suspect") {
		if late := e.Connection.LateMS.Duration(); late < stop-200*time.Millisecond {
			t.Errorf("%s: suspected after holter was late, and marked with %v", e.Connection.Client, late)
		}
	}
	for _, e := range events.since(t, time.Time{}, func(e *api.Event) bool { return e.Type == "connection.closed" }) {
		if late := e.Connection.LateMS.Duration(); late < stop-200*time.Millisecond {
			t.Errorf("%s: closed while holter was stopped, and marked with %v", e.Connection.Client, late)
		}
	}
	c.signal(t, syscall.SIGCONT)
	eventually(t, patience, "all clients are well again", func() bool { return len(p.connections(t, "state=normal missed=0")) == clients })
	for range attempts { // a busy machine is late by itself as well
		again := time.Now()
		c.signal(t, syscall.SIGSTOP)
		later := judged(again, "suspect")
		c.signal(t, syscall.SIGCONT)
		if slices.ContainsFunc(later, func(e api.Event) bool { return e.Connection.LateMS == 0 }) {
			return
		}
		judged(again, "normal")
	}
	t.Error("all judgements of later are marked too")
}

// lateLine is the next line of the log that says why holter was late.
func (p *program) lateLine(t *testing.T, kind string) map[string]any {
	t.Helper()
	for {
		if line := p.line(t, "holter was late"); line["kind"] == kind {
			return line
		}
	}
}
