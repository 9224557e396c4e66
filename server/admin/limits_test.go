package admin

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"holter/model"
	"holter/server/api"
)

// refusals are those that the events of a source tell of, by reason.
func (f *fakeSource) refusals(t *testing.T) map[model.RefusalReason]uint64 {
	t.Helper()
	s, err := f.Hub.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Refusals
}

// An address may make some calls at once, and is then told when to come back. What has a rhythm of its own goes on.
func TestRateOfCalls(t *testing.T) {
	s := newFakeSource()
	a := New(s, Options{Address: "127.0.0.1:0", Limits: Limits{Rate: 0.5}}, silent) // five at once
	runAdmin(t, a)
	for i := range 5 {
		if status, answer, _ := call(t, a.URL(), "GET", "/api/v1/host", ""); status != 200 {
			t.Errorf("call %d: status %d, %s", i+1, status, answer)
		}
	}
	status, answer, header := call(t, a.URL(), "GET", "/api/v1/host", "")
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); status != 429 || err != nil || seconds < 1 || seconds > 2 || !strings.Contains(wantError(t, answer), "--api-rate") {
		t.Errorf("status %d, Retry-After %q, %s", status, header.Get("Retry-After"), answer)
	}
	for _, other := range []struct{ method, path string }{{"GET", "/health"}, {"PUT", "/api/v1/services/db/heartbeat"}, {"DELETE", "/api/v1/services/db"}} {
		if status, answer, _ := call(t, a.URL(), other.method, other.path, ""); status != 200 {
			t.Errorf("%s %s: status %d, %s", other.method, other.path, status, answer)
		}
	}
	if n := s.refusals(t)[model.ReasonCalls]; n != 1 {
		t.Errorf("%d refusals were counted: %v", n, s.refusals(t))
	}
	a.bounds.set(Limits{Rate: 1000})
	<-time.After(10 * time.Millisecond)
	if status, answer, _ := call(t, a.URL(), "GET", "/api/v1/host", ""); status != 200 {
		t.Errorf("with another limit: status %d, %s", status, answer)
	}
}

// Calls without the token do not use up those of the ones who have it: all may come through one proxy.
func TestCallsOfStrangersDoNotCount(t *testing.T) {
	a := serveWith(t, Options{Token: "s3cret", Limits: Limits{Rate: 0.1}}) // one at once
	for _, headers := range [][]string{nil, {"Authorization: Bearer guess"}} {
		if status, _, _ := call(t, a.URL(), "GET", "/api/v1/host", "", headers...); status != 401 {
			t.Errorf("%v: status %d", headers, status)
		}
	}
	for _, want := range []int{200, 429} {
		if status, _, _ := call(t, a.URL(), "GET", "/api/v1/host", "", "Authorization: Bearer s3cret"); status != want {
			t.Errorf("status %d, want %d", status, want)
		}
	}
}

// One that tries tokens has to wait soon. All others at its address go on: they may come through one proxy.
func TestWrongTokens(t *testing.T) {
	s := newFakeSource()
	a := serveAdmin(t, s, "s3cret")
	guesses := 0
	for ; guesses < 2*guessBurst; guesses++ {
		status, _, header := call(t, a.URL(), "GET", "/api/v1/host", "", "Authorization: Bearer guess"+strconv.Itoa(guesses))
		if status == 429 && header.Get("Retry-After") != "" {
			break
		}
		if status != 401 {
			t.Fatalf("guess %d: status %d", guesses+1, status)
		}
	}
	if guesses < guessBurst || guesses > guessBurst+5 {
		t.Errorf("%d guesses were answered", guesses)
	}
	if status, answer, _ := call(t, a.URL(), "GET", "/api/v1/host", "", "Authorization: Bearer s3cret"); status != 200 {
		t.Errorf("the right one: status %d, %s", status, answer)
	}
	if status, _, _ := call(t, a.URL(), "GET", "/api/v1/host", ""); status != 401 {
		t.Errorf("none: status %d", status)
	}
	if status, answer, _ := call(t, a.URL(), "GET", "/health", ""); status != 200 {
		t.Errorf("health, which needs no token: status %d, %s", status, answer)
	}
	if n := s.refusals(t)[model.ReasonToken]; n < guessBurst+2 {
		t.Errorf("counted %v", s.refusals(t))
	}
}

func TestSubscribersAreBounded(t *testing.T) {
	s := newFakeSource()
	a := New(s, Options{Address: "127.0.0.1:0", Limits: Limits{Subscribers: 2}}, silent)
	runAdmin(t, a)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patienceOfTests}
	subscribe := func(path string) *http.Response {
		t.Helper()
		response, err := client.Get(a.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return response
	}
	first, second := subscribe("/api/v1/events"), subscribe("/api/v1/snapshots")
	if first.StatusCode != 200 || second.StatusCode != 200 {
		t.Fatalf("%s, %s", first.Status, second.Status)
	}
	for _, path := range []string{"/api/v1/events", "/api/v1/snapshots"} {
		if r := subscribe(path); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s, Retry-After %q", path, r.Status, r.Header.Get("Retry-After"))
		}
	}
	second.Body.Close()
	for deadline := time.Now().Add(patienceOfTests); ; {
		if r := subscribe("/api/v1/events"); r.StatusCode == 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the place of a reader that has gone is not given away")
		}
	}
	if n := s.refusals(t)[model.ReasonSubscribers]; n < 2 {
		t.Errorf("counted %v", s.refusals(t))
	}
}

// A refusal is an event, but not each of a flood.
func TestRefusalsAreEvents(t *testing.T) {
	s := newFakeSource()
	a := serveAdmin(t, s, "")
	for range 3 {
		if status, _, _ := call(t, a.URL(), "POST", "/api/v1/kick", `{"q": "`+strings.Repeat("x", longestBody)+`"}`); status != 413 {
			t.Errorf("status %d", status)
		}
	}
	events, err := s.Events(t.Context(), 0)
	if err != nil || len(events) != 1 || events[0].Type != model.RequestRefused || events[0].Refusal.Status != 413 || events[0].Count != 1 {
		t.Errorf("%+v, %v, want one for the first of the second", events, err)
	}
	if got := api.FromEvent(&events[0]); got.Refusal.Why != model.ReasonBody || got.Refusal.Remote == "" {
		t.Errorf("%+v", got.Refusal)
	}
	if n := s.refusals(t)[model.ReasonBody]; n != 3 {
		t.Errorf("%d were counted", n)
	}
}

// A filter that takes too long is answered so, and does not run on when its reader has hung up.
func TestCostlyFilters(t *testing.T) {
	s := newFakeSource()
	const many = 20_000
	for i := range many {
		s.snapshot.Connections = append(s.snapshot.Connections, model.Connection{ID: model.ID(10 + i), Client: "ann", Path: "/" + strings.Repeat("a", 250)})
	}
	a := serveAdmin(t, s, "")
	query := "/api/v1/connections?q=" + url.QueryEscape(`path~"(a?){60}(a|aa|aaa){40}a{200}b$"`)
	hasty := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 50 * time.Millisecond}
	if _, err := hasty.Get(a.URL() + query); err == nil {
		t.Error("the answer came at once")
	}
	begun := time.Now()
	status, answer, _ := call(t, a.URL(), "GET", query, "")
	if took := time.Since(begun); status != 422 || took > 5*time.Second || !strings.Contains(answer, `"too_costly"`) {
		t.Errorf("status %d after %v: %s", status, took, answer)
	}
	if status, answer, _ := call(t, a.URL(), "GET", "/api/v1/connections?q=state%3Dnormal&limit=1", ""); status != 200 {
		t.Errorf("a cheap one after that: status %d, %s", status, answer)
	}
	if n := s.refusals(t)[model.ReasonFilter]; n != 1 {
		t.Errorf("counted %v", s.refusals(t))
	}
}

// If the one that takes a snapshot for others panics, they hear that something went wrong, and not what.
func TestPanicOfASharedSnapshot(t *testing.T) {
	s := newFakeSource()
	s.err = errPanic
	a := serveAdmin(t, s, "")
	var asking sync.WaitGroup
	for range 20 {
		asking.Go(func() {
			response, err := http.Get(a.URL() + "/api/v1/host")
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			if text, _ := io.ReadAll(response.Body); response.StatusCode != 500 || strings.Contains(string(text), "machine room") {
				t.Errorf("%s: %s", response.Status, text)
			}
		})
	}
	asking.Wait()
}

// Each request that may not do what it wants is counted by the reason, and told of.
func TestRefusalsAreCounted(t *testing.T) {
	s := newFakeSource()
	a := New(s, Options{Address: "127.0.0.1:0", Token: "s3cret", Access: Access{ReadToken: "r3ader"}}, silent)
	runAdmin(t, a)
	for _, c := range []struct {
		method  string
		headers []string
		status  int
	}{
		{"GET", nil, 401},
		{"GET", []string{"Authorization: Bearer guess"}, 401},
		{"POST", []string{"Authorization: Bearer r3ader"}, 403},
		{"GET", []string{"Authorization: Bearer s3cret", "Origin: https://evil.example"}, 403},
		{"GET", []string{"Authorization: Bearer s3cret", "Host: evil.example"}, 403},
		{"GET", []string{"Authorization: Bearer s3cret"}, 200},
	} {
		path := map[string]string{"GET": "/api/v1/host", "POST": "/api/v1/kick"}[c.method]
		if status, answer, _ := call(t, a.URL(), c.method, path, "", c.headers...); status != c.status {
			t.Errorf("%s with %v: status %d, %s", c.method, c.headers, status, answer)
		}
	}
	counted := s.refusals(t)
	for reason, want := range map[model.RefusalReason]uint64{model.ReasonToken: 2, model.ReasonRights: 1, model.ReasonSite: 2} {
		if counted[reason] != want {
			t.Errorf("%s: %d, want %d", reason, counted[reason], want)
		}
	}
	events, err := s.Hub.Events(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	told := map[model.RefusalReason]int{}
	for i := range events {
		if events[i].Type == model.RequestRefused {
			told[events[i].Refusal.Why()]++
		}
	}
	if len(told) != 3 {
		t.Errorf("events of %v", told)
	}
}
