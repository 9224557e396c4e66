package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

// An Alertmanager is told again and again what fires, always for longer than until the next time, and then of the end.
func TestAnAlertmanagerIsKeptUpToDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var lock sync.Mutex // protects lines and broken
		var lines []string
		broken := false
		// since are the lines since it was called last; from now on the Alertmanager is as it says.
		since := func(refuses bool) []string {
			synctest.Wait()
			lock.Lock()
			defer lock.Unlock()
			told := lines
			lines, broken = nil, refuses
			return told
		}
		m := newManager("http://am.example:9093", "http://127.0.0.1:7071", quiet)
		m.poster.client.Transport = transport(func(r *http.Request, body []byte) (*http.Response, error) {
			var list []posted
			if err := json.Unmarshal(body, &list); err != nil || r.URL.String() != "http://am.example:9093/api/v2/alerts" || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s %s: %v", r.URL, body, err)
			}
			line := fmt.Sprint(time.Since(began).Round(time.Second))
			for _, a := range list {
				line += fmt.Sprintf(" %s-%s", a.Labels["alertname"], a.EndsAt.Sub(began).Round(time.Second))
			}
			lock.Lock()
			defer lock.Unlock()
			lines = append(lines, line)
			if broken {
				return status(503), nil
			}
			return status(200), nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { m.run(ctx); close(done) }()
		expect := func(what string, want ...string) {
			t.Helper()
			if lines := since(false); fmt.Sprint(lines) != fmt.Sprint(want) {
				t.Errorf("%s: %q, want %q", what, lines, want)
			}
		}
		time.Sleep(5 * time.Minute)
		expect("nothing fires")
		a := fired("Many", 1)
		a.Fired = time.Now()
		m.tell(a)
		expect("it fires", "5m0s Many-9m0s")
		time.Sleep(2*time.Minute + time.Second)
		expect("it goes on", "6m0s Many-10m0s", "7m0s Many-11m0s")
		since(true)
		a.State, a.Resolved = model.AlertResolved, time.Now()
		m.tell(a)
		if lines, r := since(false), m.report(); r.Failing != "it answers 503" || len(lines) != 1 {
			t.Errorf("%+v, %q", r, lines)
		}
		time.Sleep(3 * time.Second)
		if lines, r := since(false), m.report(); len(lines) != 1 || r.Failing != "" {
			t.Errorf("it was not tried again: %q, %+v", lines, r)
		}
		time.Sleep(time.Hour)
		if lines := since(false); len(lines) < 13 || len(lines) > 15 || len(m.all) != 0 {
			t.Errorf("told of the end %d times: %q", len(lines), lines)
		}
		cancel()
		<-done
	})
}

// What an Alertmanager may be told of is bounded.
func TestAlertmanagerForgetsTheOldest(t *testing.T) {
	m := newManager("http://am.example", "", quiet)
	now := time.Now()
	keep := fired("Keep", 0)
	m.tell(keep)
	for i := range 3 * mostKept {
		a := ended("Many", i)
		a.Resolved = now.Add(time.Duration(i) * time.Millisecond)
		m.tell(a)
	}
	if _, kept := m.all[keep.ID]; !kept || len(m.all) > mostKept {
		t.Errorf("%d are kept, the one that fires: %v", len(m.all), kept)
	}
}
