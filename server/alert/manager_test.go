package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

// An Alertmanager is told again and again what fires, always for longer than until the next time, and then of the end.
func TestAnAlertmanagerIsKeptUpToDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var lines []string
		broken := false
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
			if broken {
				line += " refused"
			}
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
			synctest.Wait()
			if fmt.Sprint(lines) != fmt.Sprint(want) {
				t.Errorf("%s: %q, want %q", what, lines, want)
			}
			lines = nil
		}
		time.Sleep(5 * time.Minute)
		expect("nothing fires")
		a := fired("Many", 1)
		a.Fired = time.Now()
		m.tell(a)
		expect("it fires", "5m0s Many-9m0s")
		time.Sleep(2*time.Minute + time.Second)
		expect("it goes on", "6m0s Many-10m0s", "7m0s Many-11m0s")
		broken = true
		a.State, a.Resolved = model.AlertResolved, time.Now()
		m.tell(a)
		synctest.Wait()
		if r := m.report(); r.Failing != "it answers 503" || len(lines) != 1 {
			t.Errorf("%+v, %q", r, lines)
		}
		broken, lines = false, nil
		time.Sleep(3 * time.Second)
		if synctest.Wait(); len(lines) != 1 || m.report().Failing != "" {
			t.Errorf("it was not tried again: %q, %+v", lines, m.report())
		}
		lines = nil
		time.Sleep(time.Hour)
		if synctest.Wait(); len(lines) < 13 || len(lines) > 15 || len(m.all) != 0 {
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
