package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/model/heart"
	"holter/server/api"
	"holter/server/hub"
	"holter/server/services"
)

// fakeSource is a hub with a picture of the test's own.
type fakeSource struct {
	*hub.Hub // for the events
	*services.Registry
	snapshot model.Snapshot
	err      error // of Snapshot; errPanic for a panic

	mu        sync.Mutex
	kicks     []model.Kick
	faults    []model.FaultOrder
	dismissed []string
	orders    []model.AlertOrder
	mistake   string // in the settings
}

var errPanic = errors.New("panic")

func (f *fakeSource) Snapshot(context.Context) (model.Snapshot, error) {
	if f.err == errPanic {
		panic("secret of the machine room")
	}
	s := f.snapshot
	s.Connections = slices.Clone(s.Connections)
	return s, f.err
}

func (f *fakeSource) Alerts(context.Context) (model.AlertBook, error) {
	return model.AlertBook{Alerts: f.snapshot.Alerts}, f.err
}

func (f *fakeSource) OrderAlert(_ context.Context, o model.AlertOrder) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.Target == "nothing" {
		return 0, model.Errorf(model.NotFound, "there is no alert and no rule %q", o.Target)
	}
	f.orders = append(f.orders, o)
	return len(f.orders), o.Validate()
}

func (f *fakeSource) Detail(_ context.Context, id model.ID) (model.Detail, error) {
	for _, c := range f.snapshot.Connections {
		if c.ID == id {
			return model.Detail{Connection: c, Samples: []model.Sample{{RTT: time.Millisecond}}}, nil
		}
	}
	return model.Detail{}, model.Errorf(model.NotFound, "there is no connection %s", id)
}

func (f *fakeSource) Client(id string) (model.Client, []model.Connection, error) {
	for _, c := range f.snapshot.Clients {
		if c.ID == id {
			return c, f.snapshot.Connections[:1], nil
		}
	}
	return model.Client{}, nil, model.Errorf(model.NotFound, "there is no client %q", id)
}

func (f *fakeSource) MayChange() error { return nil }

func (f *fakeSource) Reload(context.Context) (model.Reload, error) {
	if f.mistake != "" {
		return model.Reload{Error: f.mistake}, model.Errorf(model.BadSettings, "%s", f.mistake)
	}
	return model.Reload{By: model.ByAPI, Changed: []model.SettingChange{{Name: "max-conns", Was: "0", Is: "5", Origin: "holter.yaml:3"}}, Took: 3 * time.Millisecond}, nil
}

func (f *fakeSource) Dismiss(ctx context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.ContainsFunc(f.snapshot.Warnings, func(w model.Warning) bool { return w.ID == id }) {
		return f.Hub.Dismiss(ctx, id)
	}
	f.dismissed = append(f.dismissed, id)
	return nil
}

func (f *fakeSource) Recall(ctx context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.dismissed, id) {
		return f.Hub.Recall(ctx, id)
	}
	f.dismissed = slices.DeleteFunc(f.dismissed, func(other string) bool { return other == id })
	return nil
}

func (f *fakeSource) Kick(_ context.Context, k model.Kick) (int, error) {
	if err := k.Validate(); err != nil {
		return 0, err
	}
	if _, err := filter.ParseSelection(k.Query); len(k.IDs) == 0 && err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kicks = append(f.kicks, k)
	return 1, nil
}

func newFakeSource() *fakeSource {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	connection := func(id model.ID, client string, state model.State, rtt time.Duration) model.Connection {
		return model.Connection{
			ID: id, Client: client, Generation: 1, Remote: netip.MustParseAddrPort("127.0.0.1:5000"), Path: "/ws",
			State: state, Since: now, Opened: now.Add(-time.Minute), RTT: rtt,
		}
	}
	events := hub.New(hub.Options{})
	return &fakeSource{
		Hub:      events,
		Registry: services.New(services.Options{}.WithDefaults(), heart.DefaultRhythm(), time.Minute, events, silent),
		snapshot: model.Snapshot{
			Time:    now,
			Monitor: model.Monitor{Version: "v1", Started: now.Add(-time.Hour), Scheme: model.SchemeBoth},
			Connections: []model.Connection{
				connection(1, "ann", model.Normal, 3*time.Millisecond),
				connection(2, "bob", model.Suspect, 1*time.Millisecond),
				connection(3, "cid", model.Failed, 2*time.Millisecond),
				connection(5, "bob", model.Normal, 1*time.Millisecond),
			},
			Clients: []model.Client{{ID: "ann", Generation: 1, Connection: 1}, {ID: "10.0.0.1 Mozilla/5.0 (a+b)", State: model.Away}},
			Paths:   []model.Path{{ID: 2, Template: "/ws", Open: 4, Margin: model.NoMargin}, {ID: 7, Template: "/ocpp/*", Margin: 1.5}},
			Host:    model.Host{Time: now, CPU: 12.5, Cores: []float64{10, 15}},
		},
	}
}

// serveAdmin runs an admin plane of its own until the test is over.
func serveAdmin(t *testing.T, s Source, token string) *Plane {
	t.Helper()
	a := New(s, Options{Address: "127.0.0.1:0", Token: token}, silent)
	runAdmin(t, a)
	return a
}

func runAdmin(t *testing.T, a *Plane) {
	t.Helper()
	if err := a.Listen(); err != nil {
		t.Fatal(err)
	}
	runUntilEnd(t, a.Serve)
}

// call sends one request, with header lines of the form "Name: value".
func call(t *testing.T, url, method, path, content string, header ...string) (status int, answer string, got http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if r.Header.Set(name, value); name == "Host" {
			r.Host = value
		}
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patienceOfTests}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode, body(t, response), response.Header
}

func TestAdminCalls(t *testing.T) {
	a := serveAdmin(t, newFakeSource(), "")
	for path, want := range map[string]string{
		"/health":             `{"status":"ok"}`,
		"/api/v1/summary":     `"uptime_ms":3600000,`,
		"/api/v1/connections": `{"connections":[{"id":"c1","client":"ann",`,
		"/api/v1/connections?q=all&state=&sort=&cursor=":         `"total":4,"next":""}`,
		"/api/v1/connections?q=state%3Dopen+data+silence%3C1d":   `"total":`,
		"/api/v1/connections/c3":                                 `"samples":[{"rtt_ms":1,"timeout_ms":0,"missed":false,"probe":false}],"transitions":[]`,
		"/api/v1/clients":                                        `{"clients":[{"id":"ann","generation":1,"connection":"c1",`,
		"/api/v1/clients/ann":                                    `"connections":[{"id":"c1",`,
		"/api/v1/clients/10.0.0.1%20Mozilla/5.0%20(a+b)":         `"state":"away"`,
		"/api/v1/clients/10.0.0.1%20Mozilla%2F5.0%20%28a%2Bb%29": `"state":"away"`,
		"/api/v1/host":                                           `"cpu_percent":12.5,"cores_percent":[10,15]`,
	} {
		status, answer, header := call(t, a.URL(), "GET", path, "")
		if status != 200 || !strings.Contains(answer, want) {
			t.Errorf("GET %s: status %d, %s, want %s in it", path, status, answer, want)
		}
		if contentType := header.Get("Content-Type"); contentType != "application/json; charset=utf-8" {
			t.Errorf("GET %s: %s", path, contentType)
		}
	}
	if status, answer, _ := call(t, a.URL(), "HEAD", "/health", ""); status != 200 || answer != "" {
		t.Errorf("HEAD /health: status %d, %q", status, answer)
	}
}

func TestSummaryFields(t *testing.T) {
	_, answer, _ := call(t, serveAdmin(t, newFakeSource(), "").URL(), "GET", "/api/v1/summary", "")
	var s map[string]any
	if err := json.Unmarshal([]byte(answer), &s); err != nil {
		t.Fatal(err)
	}
	for _, field := range strings.Fields("version uptime_ms states clients rates storm host") {
		if _, ok := s[field]; !ok {
			t.Errorf("no field %s", field)
		}
	}
	if states := s["states"].(map[string]any); states["normal"] != 2.0 || states["suspect"] != 1.0 || states["failed"] != 1.0 {
		t.Errorf("states %v", states)
	}
	if clients := s["clients"].(map[string]any); clients["present"] != 1.0 || clients["away"] != 1.0 {
		t.Errorf("clients %v", clients)
	}
}

func TestKick(t *testing.T) {
	for _, c := range []struct {
		method, path, body string
		want               model.Kick
	}{
		{"DELETE", "/api/v1/connections/c5", "", model.Kick{IDs: []model.ID{5}}},
		{"DELETE", "/api/v1/connections/c5?code=4001&reason=go%20away", "", model.Kick{IDs: []model.ID{5}, Code: 4001, Reason: "go away"}},
		{"POST", "/api/v1/kick", `{"q":"all"}`, model.Kick{Query: "all"}},
		{"POST", "/api/v1/kick", `{"ids":["c1","c5"]}`, model.Kick{IDs: []model.ID{1, 5}}},
		{"POST", "/api/v1/kick", `{"q":"rtt>1ms","code":1012,"reason":"deploy","rst":true,"over_ms":1500}`,
			model.Kick{Query: "rtt>1ms", Code: 1012, Reason: "deploy", Reset: true, Over: 1500 * time.Millisecond}},
	} {
		s := newFakeSource()
		status, answer, _ := call(t, serveAdmin(t, s, "").URL(), c.method, c.path, c.body)
		if status != 200 || answer != `{"kicked":1}` {
			t.Errorf("%s %s %s: status %d, %s", c.method, c.path, c.body, status, answer)
		}
		if len(s.kicks) != 1 || !equalKicks(s.kicks[0], c.want) {
			t.Errorf("%s %s %s: kicked %+v", c.method, c.path, c.body, s.kicks)
		}
	}
}

func equalKicks(a, b model.Kick) bool {
	return slices.Equal(a.IDs, b.IDs) && a.Query == b.Query && a.Code == b.Code && a.Reason == b.Reason &&
		a.Reset == b.Reset && a.Over == b.Over
}

// The advice is the worst of the warnings, and can be dismissed.
func TestAdvice(t *testing.T) {
	s := newFakeSource()
	s.snapshot.Warnings = []model.Warning{
		{ID: "a1", Kind: model.BetterDetector, Urgency: model.Hint, Touched: 90, Detail: "better"},
		{ID: "a2", Kind: model.TimerRace, Urgency: model.Harm, Touched: 14, Path: "/ws", At: model.Place{Page: model.PathsPage, Query: "/ws"}, Detail: "a race"},
		{ID: "a3", Kind: model.NoBeats, Urgency: model.Harm, Touched: 99, Dismissed: true},
	}
	a := serveAdmin(t, s, "")
	status, answer, _ := call(t, a.URL(), "GET", "/api/v1/advice", "")
	var got api.Advice
	if err := json.Unmarshal([]byte(answer), &got); err != nil || status != 200 || len(got.Dismissed) != 1 || got.Dismissed[0].ID != "a3" || len(got.Advice) != 2 {
		t.Fatalf("status %d, %s", status, answer)
	}
	if w := got.Advice[0]; w.ID != "a2" || w.Urgency != "harm" || w.Page != "paths" || w.Query != "/ws" || w.Touched != 14 || got.Advice[1].ID != "a1" {
		t.Errorf("%s", answer)
	}
	status, answer, _ = call(t, a.URL(), "DELETE", "/api/v1/advice/a2", "")
	if status != 200 || answer != `{"dismissed":"a2"}` || !slices.Equal(s.dismissed, []string{"a2"}) {
		t.Errorf("status %d, %s; dismissed %v", status, answer, s.dismissed)
	}
	status, answer, _ = call(t, a.URL(), "PUT", "/api/v1/advice/a2", "")
	if status != 200 || answer != `{"recalled":"a2"}` || len(s.dismissed) != 0 {
		t.Errorf("status %d, %s; dismissed %v", status, answer, s.dismissed)
	}
	if status, answer, _ = call(t, a.URL(), "PUT", "/api/v1/advice/a2", `{}`); status != 400 {
		t.Errorf("with a body: status %d, %s", status, answer)
	}
	if status, answer, _ = call(t, a.URL(), "PUT", "/api/v1/advice/a9", ""); status != 404 {
		t.Errorf("another one: status %d, %s", status, answer)
	}
	status, answer, _ = call(t, serveAdmin(t, newFakeSource(), "").URL(), "GET", "/api/v1/advice", "")
	if status != 200 || answer != `{"advice":[],"dismissed":[]}` {
		t.Errorf("without any: status %d, %s", status, answer)
	}
}

func TestAdminRefuses(t *testing.T) {
	const kick = "/api/v1/kick"
	s := newFakeSource()
	a := serveAdmin(t, s, "")
	for _, c := range []struct {
		method, path, body string
		status             int
		message            string // part of it
	}{
		{"GET", "/", "", 404, ""},
		{"GET", "/api/v1/nothing", "", 404, ""},
		{"GET", "/api/v1/summary/", "", 404, ""},
		{"GET", "/%2e%2e/%00", "", 404, ""},
		{"POST", "/api/v1/summary", "", 405, ""},
		{"BREW", "/health", "", 405, ""},
		{"GET", kick, "", 405, ""},
		{"PUT", "/api/v1/connections/c1", "", 405, ""},
		{"GET", "/api/v1/connections/17", "", 400, "c17"},
		{"GET", "/api/v1/connections/c99999999999999999999", "", 400, "c17"},
		{"GET", "/api/v1/connections/c4", "", 404, "c4"},
		{"GET", "/api/v1/clients/", "", 404, ""},
		{"DELETE", "/api/v1/advice/a9", "", 404, "a9"},
		{"DELETE", "/api/v1/advice/a1?force=1", "", 400, "takes none"},
		{"DELETE", "/api/v1/advice/a1", "{}", 400, "takes no body"},
		{"GET", "/api/v1/advice?limit=1", "", 400, "takes none"},
		{"POST", "/api/v1/advice", "{}", 405, ""},
		{"GET", "/api/v1/clients/nobody", "", 404, "nobody"},
		{"GET", "/api/v1/clients/wss://app.example//a/../b/", "", 404, `wss://app.example//a/../b/`},
		{"GET", "//api/v1/summary", "", 404, ""},
		{"GET", "/api/v1/../v1/summary", "", 404, ""},
		{"GET", "/api/v1/connections/", "", 404, ""},
		{"PUT", "/api/v1/connections//faults", "", 404, ""},
		{"GET", "/api/v1/connections/c1/x", "", 404, ""},
		{"OPTIONS", "/api/v1/connections/c1", "", 405, ""},
		{"GET", "/api/v1/connections?q=rtt%3E", "", 400, "position 4"},
		{"GET", "/api/v1/connections?q=(((", "", 400, "position 3"},
		{"GET", "/api/v1/connections?q=in/s%3E1", "", 400, "in/s is for the connections page and the clients page"},
		{"GET", "/api/v1/connections?q=%1b[31m", "", 400, "position"},
		{"GET", "/api/v1/connections?state=fine", "", 400, "one of normal"},
		{"GET", "/api/v1/connections?state=flapping", "", 400, "flapping is for clients; here it is one of normal"},
		{"GET", "/api/v1/connections?state=normal%20or%20all", "", 400, "one of normal"},
		{"GET", "/api/v1/clients?state=closed", "", 400, "closed is for connections, the events page and services; here it is one of normal"},
		{"GET", "/api/v1/clients?q=in/s%3E1", "", 400, "in/s is for the connections page and the clients page"},
		{"GET", "/api/v1/connections?sort=beauty", "", 400, "one of state"},
		{"GET", "/api/v1/connections?limit=0", "", 400, "from 1 to 1000"},
		{"GET", "/api/v1/connections?limit=1001", "", 400, "from 1 to 1000"},
		{"GET", "/api/v1/connections?limit=ten", "", 400, "from 1 to 1000"},
		{"GET", "/api/v1/connections?cursor=!", "", 400, "cursor"},
		{"GET", "/api/v1/connections?cursor=MSAtMQ", "", 400, "cursor"}, // 1 -1
		{"GET", "/api/v1/events?since=yesterday", "", 400, "seq"},
		{"GET", "/api/v1/events?since=-1", "", 400, "0 or more"},
		{"DELETE", "/api/v1/connections/c1?code=abc", "", 400, "1001"},
		{"DELETE", "/api/v1/connections/c1?code=1006", "", 400, "1006"},
		{"DELETE", "/api/v1/connections/c1?code=-1", "", 400, "3000"},
		{"DELETE", "/api/v1/connections/c1?reason=" + strings.Repeat("x", 124), "", 400, "123"},
		{"DELETE", "/api/v1/connections/c1?reason=%ff", "", 400, "UTF-8"},
		{"DELETE", "/api/v1/connections/one", "", 400, "c17"},
		{"POST", kick, "", 400, "empty"},
		{"POST", kick, `{}`, 400, `"all"`},
		{"POST", kick, `{"q":" "}`, 400, `"all"`},
		{"POST", kick, `{"q":"rtt>"}`, 400, "position 4"},
		{"POST", kick, `{"q":"in/s>1 or all"}`, 400, "in/s is for the connections page and the clients page"},
		{"POST", kick, `{"q":"!state=away"}`, 400, "away is for clients"},
		{"POST", kick, `{"q":"!event=closed"}`, 400, "event is for the events page"},
		{"POST", kick, `{"q":"all","ids":["c1"]}`, 400, "write one of them"},
		{"POST", kick, `{"ids":["17"]}`, 400, "c17"},
		{"POST", kick, `{"ids":[]}`, 400, `"all"`},
		{"POST", kick, `{"q":"all","quick":true}`, 400, `no field "quick" here, only ids, q, code, reason, rst, over_ms`},
		{"POST", kick, `{"` + strings.Repeat("x", 1000) + `":true}`, 400, "no field"},
		{"POST", kick, `{"q":"all","code":"1001"}`, 400, "in the field code, a string came where a whole number is expected"},
		{"POST", kick, `{"q":"all","code":1.5}`, 400, "in the field code, 1.5 came where a whole number of at most 18 digits is expected"},
		{"POST", kick, `{"q":"all","code":1` + strings.Repeat("0", 1000) + `}`, 400, "of at most 18 digits"},
		{"POST", kick, `{"q":"all","over_ms":"2s"}`, 400, "in the field over_ms, a string came where a number is expected"},
		{"POST", kick, `{"q":"all","over_ms":1e999}`, 400, "in the field over_ms, 1e999 came where a number of"},
		{"POST", kick, `{"q":"all","rst":1}`, 400, "in the field rst, a number came where true or false is expected"},
		{"POST", kick, `{"q":["all"]}`, 400, "in the field q, a list came where a string is expected"},
		{"POST", kick, `{"ids":"c1"}`, 400, "in the field ids, a string came where a list is expected"},
		{"POST", kick, `{"ids":[{}]}`, 400, "in the field ids, an object came where a string is expected"},
		{"POST", kick, `true`, 400, "in the body, true or false came where an object is expected"},
		{"POST", kick, `{"q":"all","rst":tru`, 400, "in the middle of its JSON"},
		{"POST", kick, `{"q":"all",}`, 400, "position 12"},
		{"PUT", "/api/v1/connections/c1/faults", `{"faults":"freeze"}`, 400, "in the field faults, a string came where a list is expected"},
		{"POST", "/api/v1/faults", `{"q":true}`, 400, "in the field q, true or false came where a string is expected"},
		{"POST", "/api/v1/refuse", `{"for_ms":"10s"}`, 400, "in the field for_ms, a string came where a number is expected"},
		{"POST", "/api/v1/refuse", `{"seconds":10}`, 400, `no field "seconds" here, only for_ms`},
		{"POST", kick, `{"q":"all","code":1005}`, 400, "1005"},
		{"POST", kick, `{"q":"all","over_ms":-1}`, 400, ""},
		{"POST", kick, `{"q":"all","over_ms":1e300}`, 400, "a day"},
		{"POST", kick, `{"q":"all"} {"q":"all"}`, 400, "after"},
		{"POST", kick, `{"q":"all"}}`, 400, "after"},
		{"POST", kick, `["all"]`, 400, "in the body, a list came where an object is expected"},
		{"POST", kick, `q=all`, 400, "JSON"},
		{"POST", kick, `{"q":"` + strings.Repeat("x", longestBody) + `"}`, 413, "1048576"},
		{"POST", kick, strings.Repeat("[", longestBody), 400, "JSON"},
	} {
		status, answer, header := call(t, a.URL(), c.method, c.path, c.body)
		message := wantError(t, answer)
		if status != c.status || !strings.Contains(message, c.message) {
			t.Errorf("%s %.60s %.40s: status %d, %s; want %d with %q", c.method, c.path, c.body, status, answer, c.status, c.message)
		}
		if status == 405 && header.Get("Allow") == "" {
			t.Errorf("%s %s: 405 without Allow", c.method, c.path)
		}
	}
	if len(s.kicks) > 0 {
		t.Errorf("kicked all the same: %+v", s.kicks)
	}
}

// wantError wants answer to be an error of the API, and short.
func wantError(t *testing.T, answer string) (message string) {
	t.Helper()
	var e api.Error
	if err := json.Unmarshal([]byte(answer), &e); err != nil || e.Error.Code == "" || e.Error.Message == "" || len(answer) > 600 {
		t.Errorf("answer %.700s", answer)
	}
	return e.Error.Message
}

func TestAdminAccess(t *testing.T) {
	const path = "/api/v1/summary"
	open, locked := serveAdmin(t, newFakeSource(), ""), serveAdmin(t, newFakeSource(), "s3cret")
	self := open.plane.Listener.Addr().String()
	for _, c := range []struct {
		a      *Plane
		path   string
		header string
		status int
	}{
		{open, path, "Host: localhost:7071", 200},
		{open, path, "Host: LOCALHOST", 200},
		{open, path, "Host: 127.8.9.1", 200},
		{open, path, "Host: [::1]:7071", 200},
		{open, path, "Host: evil.example", 403},
		{open, path, "Host: 127.0.0.1.evil.example:7071", 403},
		{open, path, "Host: 192.168.0.1", 403},
		{open, "/health", "Host: evil.example", 403},
		{open, path, "Origin: http://" + self, 200},
		{open, path, "Origin: http://evil.example", 403},
		{open, path, "Origin: null", 403},
		{open, "/no/such/path", "Origin: http://evil.example", 403},
		{open, path, "Authorization: Bearer whatever", 200},
		{locked, path, "Authorization: Bearer s3cret", 200},
		{locked, path, "Authorization: bearer s3cret", 200},
		{locked, path, "Authorization: Bearer s3cre", 401},
		{locked, path, "Authorization: Bearer ", 401},
		{locked, path, "Authorization: Basic s3cret", 401},
		{locked, path, "X-Nothing: x", 401},
		{locked, "/api/v1/events", "X-Nothing: x", 401},
		{locked, "/health", "X-Nothing: x", 200},
	} {
		status, answer, header := call(t, c.a.URL(), "GET", c.path, "", c.header)
		if status != c.status {
			t.Errorf("%s with %s: status %d, want %d", c.path, c.header, status, c.status)
		}
		if status != 200 {
			wantError(t, answer)
		}
		challenge := header.Get("WWW-Authenticate")
		if status == 401 && !strings.HasPrefix(challenge, "Bearer") {
			t.Errorf("%s: 401 without WWW-Authenticate", c.path)
		}
		if wrong := c.header == "Authorization: Bearer s3cre"; wrong != strings.Contains(challenge, `error="invalid_token"`) || wrong != strings.Contains(answer, "this token is wrong") {
			t.Errorf("%s with %s: %s, %s", c.path, c.header, challenge, answer)
		}
	}
}

func TestAdminKeepsItsSecrets(t *testing.T) {
	for _, err := range []error{errPanic, errors.New("secret of the machine room")} {
		s := newFakeSource()
		s.err = err
		status, answer, _ := call(t, serveAdmin(t, s, "").URL(), "GET", "/api/v1/host", "")
		if wantError(t, answer); status != 500 || strings.Contains(answer, "secret") {
			t.Errorf("%v: status %d, %s", err, status, answer)
		}
	}
}

func TestAdminWantsATokenForOthers(t *testing.T) {
	a := New(newFakeSource(), Options{Address: "0.0.0.0:0"}, silent)
	if err := a.Listen(); err == nil || !strings.Contains(err.Error(), "--token") {
		t.Errorf("listening without a token: %v", err)
	}
	a = New(newFakeSource(), Options{Address: "0.0.0.0:0", Token: "s3cret"}, silent)
	if err := a.Listen(); err != nil {
		t.Fatal(err)
	}
	defer a.plane.Listener.Close()
	if a.plane.Private() {
		t.Error("takes 0.0.0.0 for a loopback address")
	}
}

func TestAdminCutsLongBodiesShort(t *testing.T) {
	a := serveAdmin(t, newFakeSource(), "")
	response := exchange(t, a.plane.Listener.Addr().String(),
		"POST /api/v1/kick HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"+strings.Repeat(" ", longestBody+1))
	if io.Copy(io.Discard, response.Body); response.StatusCode != 413 {
		t.Errorf("status %d", response.StatusCode)
	}
}
