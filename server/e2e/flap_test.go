//go:build unix

package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/server/api"
)

// moods of a backend.
const (
	content  = iota
	flapping // closes each connection after 200 ms
)

// moodyBackend is an application that turns away two of 22 clients for ever, as if their token were stale, and lets the
// others stay or not.
func moodyBackend(t *testing.T) (url string, mood *atomic.Int32) {
	mood = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id := r.URL.Query().Get("client"); strings.HasSuffix(id, "11") || strings.HasSuffix(id, "22") {
			http.Error(w, "token expired", http.StatusUnauthorized)
			return
		}
		c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		if mood.Load() == flapping {
			soon := time.AfterFunc(200*time.Millisecond, func() {
				bye := websocket.FormatCloseMessage(4401, "token expired")
				c.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
			})
			defer soon.Stop()
		}
		for {
			kind, message, err := c.ReadMessage()
			if err != nil {
				return
			}
			c.WriteMessage(kind, message)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, mood
}

func (p *program) client(t *testing.T, id string) (c api.ClientDetail) {
	t.Helper()
	p.ask(t, http.MethodGet, "/api/v1/clients/"+id, nil, &c)
	return c
}

// A backend accepts all clients and closes them after 200 ms, for ever. A drill does not take that for a recovery. The API, the
// log and the screen say who flaps, with which code and how fast, until the clients stay.
func TestClientsThatFlap(t *testing.T) {
	t.Parallel()
	url, mood := moodyBackend(t)
	p := launch(t, "proxy", url)
	release(t, p.websocket, "-n", "22", "--id-prefix", "web", "--backoff", "fixed:100ms")
	p.normal(t, 20)
	eventually(t, patience, "the clients that are refused are known", func() bool { return p.summary(t).Clients.Away == 2 })

	mood.Store(flapping)
	code, stdout, stderr, report := rehearse(t, p, `
name: flap
steps:
  - kick: all
    reset: true
watch: 10s
expect:
  - lost=20
  - recovered>=99% within 8s
  - no_client_gave_up
`)
	sentence := "20 of 20 clients flap: they come back and are closed again within 5s with 4401 by app, "
	if code != 1 || report.Failures != 1 || !strings.Contains(stdout, "  ✖ recovered>=99% within 8s: 0% within 8s, 0% at the end; "+sentence) {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
	if !strings.Contains(stderr, "\nholter: drill flap failed, 1 of 3 expectations does not hold; "+sentence) {
		t.Errorf("stderr:\n%s", stderr)
	}

	line := p.line(t, "storm does not end: clients flap")
	if line["flapping"].(float64) < 1 || line["code"] != 4401.0 || line["by"] != "app" {
		t.Errorf("%v", line)
	}
	s := p.storms(t)[0]
	if s.EndedAt != nil || s.Flapping != 20 || s.NeverIn != 2 || s.Away != 22 || s.GaveUp != 0 || s.FlapsPerS < 20 || s.FlapsPerS > 80 {
		t.Errorf("%+v", s.StormSummary)
	}
	if len(s.Flaps) != 1 || s.Flaps[0] != (api.StormCause{Code: 4401, By: "app", Count: 20}) {
		t.Errorf("%+v", s.Flaps)
	}
	if len(s.Refusals) != 1 || s.Refusals[0].Status != 401 || s.Refusals[0].By != "upstream" {
		t.Errorf("%+v", s.Refusals)
	}
	if c := p.client(t, "web-0001"); c.State != "flapping" || c.Outage.Code != 4401 || c.Outage.By != "app" || c.Outage.EveryMS < 200 {
		t.Errorf("%+v, %+v", c, c.Outage)
	}
	if c := p.client(t, "web-0011"); c.State != "away" || c.Generation != 0 || c.Outage.Status != 401 || c.Outage.RefusedBy != "upstream" {
		t.Errorf("%+v, %+v", c, c.Outage)
	}
	lookAtFlaps(t, p)

	mood.Store(content)
	eventually(t, 2*patience, "the clients are back", func() bool {
		n := p.summary(t).Clients
		return n.Present == 20 && n.Flapping == 0
	})
	if c := p.client(t, "web-0001"); c.State != "normal" || c.Outage != nil {
		t.Errorf("%+v, %+v", c, c.Outage)
	}
}

// lookAtFlaps reads the pages of storms and of clients.
func lookAtFlaps(t *testing.T, p *program) {
	x := startTmux(t, 140, 30)
	x.write(t, holter+" attach "+p.admin)
	x.press(t, "Enter")
	x.until(t, "web-0001")
	x.press(t, "3")
	page := x.until(t, "/s: closed again within 5s with 4401 by app")
	if !strings.Contains(page, "20 of 22 clients flapping, ") {
		t.Errorf("%s", page)
	}
	x.until(t, "2 never got in, refused: 401 by upstream")
	x.press(t, "2")
	x.filter(t, "state=flapping code=4401 by=app")
	screen := x.until(t, "20 of 22")
	if !strings.Contains(screen, "4401 by app, ") || !strings.Contains(screen, "/s") {
		t.Errorf("%s", screen)
	}
	x.filter(t, "status=401")
	x.until(t, "2 of 22")
	x.until(t, "401 by upstream")
}
