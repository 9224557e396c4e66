package admin

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"holter/model"
	"holter/server/api"
)

// ownServices shows what its registry has.
type ownServices struct{ *fakeSource }

func (s ownServices) MayChange() error { return model.Errorf(model.Forbidden, "read-only") }

func TestServicesOverHTTP(t *testing.T) {
	source := newFakeSource()
	a := serveAdmin(t, source, "")
	do := func(method, path, body string, want int) string {
		t.Helper()
		status, answer, _ := call(t, a.URL(), method, path, body)
		if status != want {
			t.Errorf("%s %s %s: status %d, %s; want %d", method, path, body, status, answer, want)
		}
		return answer
	}
	var heard api.Heard
	if err := json.Unmarshal([]byte(do("PUT", "/api/v1/services/api/heartbeat", `{"timestamp": 1764399000, "status": "idle"}`, 200)), &heard); err != nil || heard != (api.Heard{ID: "api", State: "normal", IntervalMS: 5000, TTLMS: 15000}) {
		t.Errorf("%+v, %v", heard, err)
	}
	do("PUT", "/api/v1/services/api/heartbeat", "", 200) // an empty body is a heartbeat too
	do("PUT", "/api/v1/services/b%20c/heartbeat", `{"timestamp": 1.5, "interval_ms": 250, "ttl_ms": 900}`, 200)
	do("PUT", "/api/v1/services/d/heartbeat", `{"interval_ms": 1000, "ttl": 2.5}`, 200)
	for body, want := range map[string]string{
		`{"timestamp": "now"}`:                    "in the field timestamp, a string came where a number is expected",
		`{"timestamp": 1e999}`:                    "timestamp",
		`{"stat": ""}`:                            "there is no field",
		`{"status": 1}`:                           "status",
		`{"interval_ms": 0}`:                      "interval_ms is 0: write a positive number",
		`{"ttl_ms": -1}`:                          "ttl_ms is -1",
		`{"ttl": 30, "ttl_ms": 30000}`:            "write one of them",
		`{"interval_ms": 1}`:                      "out of range",
		`{"interval_ms": 1e300}`:                  "out of range",
		`{"ttl": 1}`:                              "does not fit an interval of 5s",
		`[]`:                                      "the body",
		`{"status": ""}x`:                         "something after",
		`{"status": "", "status": ""}`:            "more than once",
		`{"status": "` + "\xff" + `"}`:            "UTF-8",
		strings.Repeat(`{"a":`, 10_000):           "JSON",
		`{"status": "` + huge(longestBody) + `"}`: "more than",
	} {
		status, answer, _ := call(t, a.URL(), "PUT", "/api/v1/services/x/heartbeat", body)
		if status != 400 && status != 413 || !strings.Contains(answer, want) {
			t.Errorf("%.60s: status %d, %.200s; want %q", body, status, answer, want)
		}
	}
	do("PUT", "/api/v1/services//heartbeat", "", 405)
	do("PUT", "/api/v1/services/a/b/heartbeat", "", 405)
	source.Registry.Watch("localhost:3000/health", "", model.Probed, nil)
	do("GET", "/api/v1/services/localhost:3000/health", "", 200)
	do("PUT", "/api/v1/services/localhost:3000%2Fhealth/heartbeat", "", 405)
	do("DELETE", "/api/v1/services/localhost:3000/health", "", 400)
	do("PUT", "/api/v1/services/%1b%5b/heartbeat", "", 400)
	do("PUT", "/api/v1/services/"+huge(model.MaxServiceID+1)+"/heartbeat", "", 400)
	do("PUT", "/api/v1/services/api/heartbeat?now=1", "", 400)
	do("POST", "/api/v1/services/api/heartbeat", "", 405)
	if all, _ := source.Registry.Snapshot(); len(all) != 4 {
		t.Errorf("%d services are on the list", len(all))
	}
	var one api.Service
	if err := json.Unmarshal([]byte(do("GET", "/api/v1/services/api", "", 200)), &one); err != nil || one.Status != "" || one.Received != 2 || !one.Alive || len(one.Samples) == 0 || one.Kind != model.Reported {
		t.Errorf("%+v, %v", one, err)
	}
	if text := do("DELETE", "/api/v1/services/api", "", 200); !strings.Contains(text, `"state":"closed","alive":false`) {
		t.Error(text)
	}
	do("DELETE", "/api/v1/services/nobody", "", 404)
	do("GET", "/api/v1/services/nobody", "", 404)
}

func huge(n int) string { return strings.Repeat("x", n) }

// The list is filtered as connections are.
func TestListOfServices(t *testing.T) {
	source := newFakeSource()
	source.snapshot.Services = []model.Service{{ID: "api", State: model.Failed}, {ID: "web", State: model.Normal, Uptime: 1}}
	source.snapshot.ServicesBeyond = 7
	a := serveAdmin(t, source, "")
	for query, want := range map[string]string{
		"": "api web ", "?state=alive": "web ", "?q=service%3Dapi+state%3Dfailed": "api ", "?q=uptime%3C50%25": "api ", "?state=failed&q=web": "",
	} {
		_, text, _ := call(t, a.URL(), "GET", "/api/v1/services"+query, "")
		var list api.Services
		if err := json.Unmarshal([]byte(text), &list); err != nil || list.Beyond != 7 {
			t.Errorf("%s: %s, %v", query, text, err)
		}
		got := ""
		for _, s := range list.Services {
			got += s.ID + " "
		}
		if got != want {
			t.Errorf("%s lists %q, want %q", query, got, want)
		}
	}
	for _, query := range []string{"?q=rtt%3E1s", "?state=open", "?sort=rtt"} {
		if status, text, _ := call(t, a.URL(), "GET", "/api/v1/services"+query, ""); status != 400 {
			t.Errorf("%s: %d %s", query, status, text)
		}
	}
}

// Reports are no commands: a holter that only shows takes them. They need the token all the same.
func TestReportsAreNoCommands(t *testing.T) {
	a := serveAdmin(t, ownServices{newFakeSource()}, "secret")
	for _, tt := range []struct{ method, path string }{{"PUT", "/api/v1/services/api/heartbeat"}, {"DELETE", "/api/v1/services/api"}} {
		if status, text, _ := call(t, a.URL(), tt.method, tt.path, ""); status != 401 {
			t.Errorf("%s %s without the token: %d %s", tt.method, tt.path, status, text)
		}
		if status, text, _ := call(t, a.URL(), tt.method, tt.path, "", "Authorization: Bearer secret"); status != 200 {
			t.Errorf("%s %s with --read-only: %d %s", tt.method, tt.path, status, text)
		}
	}
}

// What a report costs beside what package http does for any request.
func BenchmarkHeartbeat(b *testing.B) {
	a := New(newFakeSource(), Options{Address: "127.0.0.1:0"}, silent)
	h := http.HandlerFunc(a.answer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	a.plane.Listener = l
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("PUT", "http://127.0.0.1/api/v1/services/api/heartbeat", strings.NewReader(`{"timestamp": 1764399000, "status": ""}`))
		w := httptest.NewRecorder()
		if h(w, r); w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}
