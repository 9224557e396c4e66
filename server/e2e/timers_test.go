package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server/api"
)

// pinging is somebody's application behind nginx, as its header says. It pings each client at a rate, 0 for never.
func pinging(t *testing.T, every time.Duration) *httptest.Server {
	t.Helper()
	var handlers sync.WaitGroup
	over := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		c, err := (&websocket.Upgrader{}).Upgrade(w, r, http.Header{"Server": {"nginx/1.27.0"}})
		if err != nil {
			return
		}
		defer c.Close()
		handlers.Go(func() {
			for every > 0 {
				select {
				case <-over:
					return
				case <-time.After(every):
					if c.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) != nil {
						return
					}
				}
			}
		})
		for {
			if _, _, err := c.NextReader(); err != nil {
				return
			}
		}
	}))
	t.Cleanup(func() {
		close(over)
		s.CloseClientConnections()
		s.Close()
		handlers.Wait()
	})
	return s
}

// quietClients connect to a path, say nothing and answer pings.
func quietClients(t *testing.T, p *program, path string, n int) {
	t.Helper()
	for i := range n {
		c, _, err := websocket.DefaultDialer.DialContext(t.Context(), fmt.Sprintf("%s%s?client=%d", strings.TrimSuffix(p.websocket, "/"), path, i), nil)
		if err != nil {
			t.Fatal(err)
		}
		var over sync.WaitGroup
		over.Go(func() {
			for {
				if _, _, err := c.NextReader(); err != nil {
					return
				}
			}
		})
		t.Cleanup(func() { c.NetConn().Close(); over.Wait() })
	}
}

// warnings are those that events have told of.
func (tp *tape) warnings() (all []api.Warning) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	for _, e := range tp.events {
		if e.Warning != nil {
			all = append(all, *e.Warning)
		}
	}
	return all
}

// The server beats every three seconds where silence is cut after three. That is told before the first death, by the API, as
// an event and in the log, and a drill fails on it.
func TestRaceIsToldBeforeTheFirstDeath(t *testing.T) {
	t.Parallel()
	p := launch(t, "proxy", pinging(t, 3*time.Second).URL, "--scheme", "none", "--idle-cut", "3s")
	told := p.record(t)
	quietClients(t, p, "/rooms/17", 1)
	quietClients(t, p, "/rooms/18", 2)
	var w api.Warning
	eventually(t, 2*patience, "a warning", func() bool {
		s := p.summary(t)
		if len(s.Warnings) > 0 {
			w = s.Warnings[0]
		}
		return len(s.Warnings) > 0
	})
	if w.Kind != model.TimerRace || w.Path != "/rooms/*" || !strings.HasPrefix(w.Detail, "The server's beat every 3") {
		t.Errorf("%+v", w)
	}
	if line := p.line(t, "timer-race"); line["path"] != "/rooms/*" || line["detail"] != w.Detail {
		t.Errorf("in the log: %v", line)
	}
	if n := len(p.connections(t, "state=closed")); n > 0 {
		t.Errorf("%d connections had ended by then", n)
	}
	if raised := told.warnings(); len(raised) != 1 || raised[0].Detail != w.Detail {
		t.Errorf("as events: %+v", raised)
	}
	var advice api.Advice
	p.ask(t, http.MethodGet, "/api/v1/advice", nil, &advice)
	if list := advice.Advice; len(list) != 1 || list[0].Detail != w.Detail || list[0].Page != model.PathsPage || list[0].Query != "/rooms/*" || list[0].Urgency != "risk" {
		t.Fatalf("the advice is %+v", advice)
	}
	var all api.Paths
	p.ask(t, http.MethodGet, "/api/v1/paths", nil, &all)
	if len(all.Paths) != 1 {
		t.Fatalf("%+v", all.Paths)
	}
	path := all.Paths[0]
	if path.Open != 3 || len(path.Clocks) != 1 || path.Clocks[0].Of != model.ServerClock || path.Clocks[0].PeriodMS < 2900 || path.Clocks[0].PeriodMS > 3200 {
		t.Errorf("%+v", path)
	}
	if path.Margin == nil || *path.Margin < 0.8 || *path.Margin > 1.05 {
		t.Errorf("the margin is %v", path.Margin)
	}
	named := map[string]model.LimitFrom{}
	for _, l := range path.Limits {
		named[l.Name] = l.From
	}
	if named["nginx proxy_read_timeout"] != model.LimitNamed || named[""] != model.LimitSet {
		t.Errorf("%+v", path.Limits)
	}
	remote, err := api.Attach(t.Context(), p.admin, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Dismiss(t.Context(), w.ID); err != nil {
		t.Error(err)
	}
	if p.ask(t, http.MethodGet, "/api/v1/advice", nil, &advice); len(advice.Advice) != 0 || len(advice.Dismissed) != 1 || advice.Dismissed[0].ID != w.ID {
		t.Errorf("after it was dismissed: %+v", advice)
	}
	code, stdout, _, report := rehearse(t, p, "name: tight\nsteps:\n  - kick: client=0\nwatch: 1s\nexpect: [margin>=1.5, margin>0]\n")
	if code == 0 || report.Failures != 1 || !strings.Contains(stdout, "✖ margin>=1.5: ") || !strings.Contains(stdout, "✔ margin>0: ") {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
}

// Nothing but holter's own beats passes, and the path says so. It is silent for too short a time to say that neither end beats.
func TestOwnBeatsAreToldToKeepAPathAlive(t *testing.T) {
	t.Parallel()
	p := launch(t, "proxy", pinging(t, 0).URL, "--interval", "500ms", "--idle-cut", "3s")
	quietClients(t, p, "/ws", 2)
	var all api.Paths
	eventually(t, 2*patience, "the path is kept alive", func() bool {
		p.ask(t, http.MethodGet, "/api/v1/paths", nil, &all)
		return len(all.Paths) == 1 && all.Paths[0].KeptAliveMS > 4000
	})
	path := all.Paths[0]
	if len(path.Notes) != 1 || !strings.Contains(path.Notes[0], "--scheme none only watches") || path.SurvivedMS > 600 || len(path.Warnings) > 0 || *path.Margin != 0 {
		t.Errorf("%+v", path)
	}
}
