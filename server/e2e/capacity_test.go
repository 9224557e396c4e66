//go:build linux

package e2e

import (
	"net/http"
	"testing"
	"time"

	"holter/probe/process"
	"holter/server/api"
)

// Very many connections are held by one process for a while, nobody is suspected, and nothing is left of
// them afterwards. It has the machine for itself: other tests run before or after it.
func TestCapacity(t *testing.T) {
	long(t, "it takes a minute")
	const clients, held = 18_000, 30 * time.Second
	const crews = 3 // under the race detector a process can have 8128 goroutines
	if err := process.CanOpen(clients); err != nil {
		t.Skip(err)
	}
	p := start(t)
	before := p.host(t, func(api.Host) bool { return true })
	begin := time.Now()
	all := make([]*crew, crews)
	for i := range all {
		all[i] = hire(t, orders{URL: p.websocket, First: i * clients / crews, Clients: clients / crews, Spread: true})
	}
	t.Logf("%d clients connected within %v", clients, time.Since(begin).Round(time.Millisecond))

	events := p.record(t) // only now: the test cannot always read of so many openings in time
	time.Sleep(held)
	if found := events.since(t, time.Time{}, trouble); len(found) > 0 {
		t.Errorf("%d events of trouble, the first: %s", len(found), tell(found[:min(len(found), 20)]))
	}
	s := p.summary(t)
	if s.States.Normal != clients {
		t.Errorf("%d of %d connections are normal: %+v", s.States.Normal, clients, s.States)
	}
	during := p.host(t, func(api.Host) bool { return true })
	t.Logf("held for %v: %.0f beats/s, %.1f %% of one core, %d goroutines, %d open files, %d MiB; timeouts stretched by %v",
		held, s.Rates.Beats, during.Process.CPUPercent, during.Process.Goroutines, during.Process.OpenFiles, during.Process.RSSBytes>>20, s.Lateness)

	for _, c := range all {
		c.dismiss()
	}
	const slack = 10 // a connection to the admin plane more or less
	after := p.host(t, func(h api.Host) bool {
		return h.Process.Goroutines <= before.Process.Goroutines+slack && h.Process.OpenFiles <= before.Process.OpenFiles+slack
	})
	t.Logf("goroutines %d before and %d after, open files %d and %d", before.Process.Goroutines, after.Process.Goroutines,
		before.Process.OpenFiles, after.Process.OpenFiles)
}

// host waits for a sample of the host that is as wanted.
func (p *program) host(t *testing.T, want func(api.Host) bool) (h api.Host) {
	t.Helper()
	eventually(t, 2*patience, "the process is as wanted", func() bool {
		p.ask(t, http.MethodGet, "/api/v1/host", nil, &h)
		return !h.Time.IsZero() && h.Process.Goroutines > 0 && want(h)
	})
	return h
}
