package api

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"holter/model"
)

// picture serves a text as the answer to /api/v1/snapshots, and then stays silent.
func (p *plane) picture(t *testing.T, text string) {
	t.Helper()
	p.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/snapshots" {
			p.routes.ServeHTTP(w, r)
			return
		}
		io.WriteString(w, text+"\n")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
}

// A holter of another version has words that are unknown here, and lacks others. That is no reason to show
// nothing.
func TestAttachKeepsAPictureOfAnotherVersion(t *testing.T) {
	p := newPlane(t)
	p.picture(t, `{
		"paths": [{"deep": [[[]]], "name": "new"}, null], "weather": "fine",
		"summary": {"started_at": "2026-03-04T05:06:07Z", "scheme": "thrice", "host": null, "storm": 7, "rates": {"beats": "many"}},
		"activity": null, "clients_gone": null, "storms_gone": "none",
		"clients": [{"id": "ann", "state": "asleep", "attempts": null, "reconnects_ms": ["soon", 5]}, 17],
		"storms": [{"id": 1, "causes": [{"code": 1012, "by": "aliens"}], "policies": null, "activity": {"connects": [-1]}}],
		"connections": [
			{"id": "c1", "state": "limbo", "side": "middle", "path": "/a", "beats": [11, 300, -1, 1], "remote": "unix:@",
			 "faults": ["gravity=2g\u001b[31m", "freeze", "latency=9h"], "diagnosis": {"cause": "sunspots", "detail": "many"},
			 "close": {"by": "aliens", "code": 1001, "at": "2026-03-04T05:06:07Z"}},
			{"id": "c2", "state": 7, "rtt_ms": 1e999, "generation": 1.5, "path": "/b", "opened_at": 17},
			{"id": "17"}, {}, null, "c9",
			{"id": "c3", "state": "normal", "faults": null, "beats": null, "diagnosis": null}
		],
		"connections_gone": ["17", null]
	}`)
	s, err := p.attach(t).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Connections) != 3 || s.Connections[1].ID != 2 || s.Connections[2].State != model.Normal {
		t.Fatalf("connections %+v", s.Connections)
	}
	c := s.Connections[0]
	for name, word := range map[string]string{"state": c.State.String(), "side": c.Side.String(), "closer": c.Close.By.String(), "state that is a number": s.Connections[1].State.String()} {
		if word != "unknown" {
			t.Errorf("an unknown %s is %q", name, word)
		}
	}
	if words := c.Faults.Words(); !slices.Equal(words, []string{"freeze", "gravity=2g\uFFFD[31m", "latency=9h"}) || !slices.Contains(c.Faults.Kinds(), "gravity") {
		t.Errorf("faults %q, kinds %q", words, c.Faults.Kinds())
	}
	if c.Diagnosis.Cause != "sunspots" || c.Path != "/a" || s.Connections[1].Path != "/b" || s.Monitor.Scheme != "thrice" {
		t.Errorf("%+v\n%+v", c, s.Monitor)
	}
	if len(s.Clients) != 1 || s.Clients[0].State.String() != "unknown" {
		t.Errorf("clients %+v", s.Clients)
	}
	if len(s.Storms) != 1 || s.Storms[0].Causes[0].By.String() != "unknown" {
		t.Errorf("storms %+v", s.Storms)
	}
}

// An event of a known type has what its readers look for, or it is not there.
func TestEventsOfAnotherVersion(t *testing.T) {
	for line, want := range map[string]model.EventType{
		`{"seq":3,"type":"connection.opened"}`:                                      model.Dropped,
		`{"seq":3,"type":"connection.closed","connection":null}`:                    model.Dropped,
		`{"seq":3,"type":"connection.opened","connection":{"id":"17"}}`:             model.Dropped,
		`{"seq":3,"type":"connection.opened","connection":{"id":"c1","state":"x"}}`: model.ConnectionOpened,
		`{"seq":3,"type":"state.changed","connection":{"id":"c1"},"to":"limbo"}`:    model.StateChanged,
		`{"seq":3,"type":"connection.refused"}`:                                     model.Dropped,
		`{"seq":3,"type":"connection.refused","refusal":{"status":"no"}}`:           model.ConnectionRefused,
		`{"seq":3,"type":"host.sampled"}`:                                           model.HostSampled,
		`{"seq":3,"type":"storm.started","storm":null}`:                             model.Dropped,
		`{"seq":3,"type":"fault.set","connection":{"id":"c1","faults":["odd"]}}`:    model.FaultSet,
		`{"seq":3,"type":"moon.risen","connection":[],"phase":{"full":true}}`:       "moon.risen",
		`{"seq":3,"type":7,"connection":{"id":"c1"}}`:                               "unknown",
		`[]`:     model.Dropped,
		`garble`: model.Dropped,
	} {
		if e := parseEvent([]byte(line)); e.Type != want {
			t.Errorf("%s became %+v, want %s", line, e, want)
		}
	}
}

// Only what is not JSON, or is no picture at all, is refused.
func TestAttachRefusesWhatIsNoPicture(t *testing.T) {
	for name, text := range map[string]string{
		"a list":    `[]`,
		"a page":    `<html>`,
		"a text":    `"hello"`,
		"bad JSON":  `{"summary":{"started_at":"2026-03-04T05:06:07Z"},"connections":[{"id":}]}`,
		"a bad key": `{"connections":[{"id":"c1"}], 7:8}`,
	} {
		p := newPlane(t)
		p.picture(t, text)
		if _, err := Attach(t.Context(), p.URL, ""); err == nil || !strings.Contains(err.Error(), "does not understand") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// A strip keeps what both versions understand: an earlier holter has beats without a trace, and one of this version whose
// trace is not understood has the beats.
func TestStripOfAnotherVersion(t *testing.T) {
	beats := model.Strip{21: 1, 7, 9}
	for trace, want := range map[string]model.Strip{
		"":                          {21: 1, 7, 9},
		"54.":                       {21: 1, 7, 9},
		"                     54.":  {21: model.Beat(1).Raised(5), model.Beat(7).Raised(4), model.ProbeBeat},
		"                     9.4":  {21: 1, 7, 9},
		"4444                 \n0x": {21: 1, 7, 9},
	} {
		if got := stripOf(beats, trace); got != want {
			t.Errorf("%q: %v, want %v", trace, got, want)
		}
	}
}

// What an earlier version reads in beats has not changed its meaning.
func TestBeatsKeepTheirMeaning(t *testing.T) {
	c := FromConnection(&model.Connection{Beats: model.Strip{19: model.Beat(1).Raised(5), model.FullBeat.Raised(8), model.MissedBeat, model.LateBeat, model.ProbeBeat}})
	if want := (model.Strip{19: 1, 8, 9, 10, 9}); c.Beats != want || c.Trace != "                   58x!." {
		t.Errorf("%v %q", c.Beats, c.Trace)
	}
}
