//go:build unix

package e2e

import (
	"syscall"
	"testing"
	"time"
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
	t.Parallel()
	const clients = 20
	p := start(t, "--interval", "1s")
	events := p.record(t)
	c := hire(t, orders{URL: p.websocket, Clients: clients})
	p.warm(t, clients)
	p.stop(t, 5*time.Second)
	for range 5 {
		time.Sleep(300 * time.Millisecond)
		p.stop(t, 400*time.Millisecond)
	}
	cut := time.Now()
	c.signal(t, syscall.SIGSTOP)
	var worst time.Duration
	for _, d := range events.deaths(t, clients, cut) {
		if d.suspect == nil || d.failed == nil {
			t.Fatalf("%s closed without suspicion and failure: %v", d.closed.Connection.Client, d.closed.Connection)
		}
		usual := d.suspect.Connection.IntervalMS.Duration() + 500*time.Millisecond + probeWaits
		after := d.failed.Time.Sub(cut)
		if worst = max(worst, after); after > 3*usual {
			t.Errorf("%s: failed after %v, and %v is usual", d.closed.Connection.Client, after, usual)
		}
	}
	c.signal(t, syscall.SIGCONT)
	t.Logf("all %d have failed within %v", clients, worst)
}
