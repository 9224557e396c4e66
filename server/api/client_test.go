package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holter/model"
	"holter/server/journal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait. It is not a measure of speed.
const patience = 10 * time.Second

// plane is an admin plane of the test's own.
type plane struct {
	*httptest.Server
	started atomic.Pointer[time.Time]
	down    atomic.Bool // does not answer
	routes  *http.ServeMux
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	p := &plane{routes: http.NewServeMux()}
	p.restart(at)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.down.Load() {
			panic(http.ErrAbortHandler)
		}
		p.routes.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	p.routes.HandleFunc("GET /api/v1/summary", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(Summary{StartedAt: *p.started.Load()})
	})
	p.routes.HandleFunc("GET /api/v1/snapshots", func(w http.ResponseWriter, r *http.Request) {
		series := NewSnapshotWriter(w)
		for r.Context().Err() == nil {
			s := crowd(3)
			s.Monitor.Started = *p.started.Load()
			series.Write(&s)
			http.NewResponseController(w).Flush()
			select {
			case <-time.After(time.Millisecond):
			case <-r.Context().Done():
			}
		}
	})
	return p
}

func (p *plane) restart(started time.Time) { p.started.Store(&started) }

// attach attaches to the plane until the test is over.
func (p *plane) attach(t *testing.T) *Remote {
	t.Helper()
	r, err := Attach(t.Context(), p.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

func TestAttachRefuses(t *testing.T) {
	const unused = "127.0.0.1:1" // the system gives such a low port to nobody that asks for any
	answer := func(status int, text string, header ...string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			io.WriteString(w, text)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	for _, c := range []struct{ name, address, token, want string }{
		{"no listener", unused, "", "http://" + unused + " does not answer: connection refused"},
		{"a page", answer(200, "<html>"), "", "does not understand"},
		{"another API", answer(200, `{"hello":"world"}`), "", "without the time of the start"},
		{"a data plane", answer(404, "there is nothing at this path\n"), "", "write the address of its flag --admin"},
		{"an old holter", answer(404, `{"error":{"code":"not_found","message":"there is nothing at this path"}}`), "", "is a holter of another version"},
		{"no holter", answer(200, `{"connections":[{"id":"c1","state":"limbo"}]}`), "", "without the time of the start"},
		{"no token", answer(401, `{}`), "", "needs a token: write --token-file FILE"},
		{"another token", answer(401, `{}`), "guess", "does not accept this token"},
		{"forbidden", answer(403, `{"error":{"code":"forbidden","message":"no\u001b[31m"}}`), "", "no\uFFFD[31m"},
		{"a proxy without us", answer(502, "bad"), "", "answers 502"},
		{"elsewhere", answer(301, "", "Location", "https://ops.example/"), "", "redirects to https://ops.example/"},
		{"nothing", answer(200, ""), "", "does not answer: the connection ended"},
		{"TLS where there is none", strings.Replace(answer(200, ""), "http:", "https:", 1), "", "HTTP response to HTTPS client"},
		{"no address", "http://", "", "is not the address of an admin plane"},
		{"another scheme", "ftp://host", "", "speaks http"},
		{"the endpoint", "ws://127.0.0.1:7070/ws", "", "where clients connect"},
		{"a password", "http://me:secret@host", "", "--token"},
		{"a query", "http://host/?token=x", "", "after the path"},
	} {
		_, err := Attach(t.Context(), c.address, c.token)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 400 {
			t.Errorf("%s: error %v, want %q in it", c.name, err, c.want)
		}
	}
}

func TestAttachSendsTheTokenAndThePath(t *testing.T) {
	got := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.URL.Path + " " + r.Header.Get("Authorization")
	}))
	defer s.Close()
	Attach(t.Context(), s.URL+"/ops/holter/", "s3cret")
	if request := <-got; request != "/ops/holter/api/v1/snapshots Bearer s3cret" {
		t.Errorf("asked for %s", request)
	}
}

func TestSnapshotIsTheCallersOwn(t *testing.T) {
	r := newPlane(t).attach(t)
	for range 3 {
		s, err := r.Snapshot(t.Context())
		if err != nil || len(s.Connections) != 3 || s.Connections[0].Client != "demo-00000" {
			t.Fatalf("%+v, %v", s, err)
		}
		s.Connections[0].Client, s.Clients[0].ID = "somebody else", "somebody else"
	}
}

// The plane goes away and comes back: the error says so, and then the picture is there again.
func TestReconnect(t *testing.T) {
	p := newPlane(t)
	r := p.attach(t)
	p.down.Store(true)
	p.CloseClientConnections()
	until(t, "an error", func() bool {
		_, err := r.Snapshot(t.Context())
		return model.ErrorCode(err) == model.Unavailable
	})
	p.down.Store(false)
	until(t, "a picture", func() bool {
		_, err := r.Snapshot(t.Context())
		return err == nil
	})
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// After a break, events go on where they stopped, or with those of another run.
func TestEventsGoOn(t *testing.T) {
	p := newPlane(t)
	since := make(chan string)
	lines := make(chan string)
	p.routes.HandleFunc("GET /api/v1/events", func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Flush()
		select {
		case since <- r.URL.Query().Get("since"):
		case <-r.Context().Done():
			return
		}
		for {
			select {
			case line := <-lines:
				if line == "" {
					return
				}
				fmt.Fprintln(w, line)
				http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	r := p.attach(t)
	seen := uint64(0)
	want := func(seq, count uint64, kind model.EventType) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		events, err := r.Events(ctx, seen)
		if err != nil {
			t.Fatal(err)
		}
		e := events[0]
		if e.Seq != seq || e.Count != count || e.Type != kind {
			t.Errorf("event %d %s of %d, want %d %s of %d", e.Seq, e.Type, e.Count, seq, kind, count)
		}
		seen = e.Seq
	}
	after := func(want string) {
		t.Helper()
		select {
		case got := <-since:
			if got != want {
				t.Errorf("asked for what comes after %s, want %s", got, want)
			}
		case <-time.After(patience):
			t.Fatal("the client did not ask for events")
		}
	}
	after("0")
	lines <- `{"seq":40,"type":"dropped","count":40}`
	want(40, 40, model.Dropped)
	lines <- `{"seq":41,"type":"host.sampled"}`
	want(41, 0, model.HostSampled)
	lines <- "" // the connection breaks
	after("41")
	lines <- `{"seq":42,"type":"something.new"}`
	want(42, 0, "something.new")
	lines <- `{"seq":43,"type":"state.changed","to":"limbo"}`
	want(43, 1, model.Dropped)
	p.restart(at.Add(time.Hour))
	lines <- ""
	after("0")
	lines <- `{"seq":1,"type":"host.sampled"}`
	want(44, 0, model.HostSampled)
	lines <- `{"seq":2,"type":"host.sampled"}`
	want(45, 0, model.HostSampled)
	lines <- `{"seq":1,"type":"host.sampled"}` // an unannounced run
	want(46, 0, model.HostSampled)
}

func TestForeignNumbersOnlyRise(t *testing.T) {
	r := renumber{log: journal.New(10)}
	r.begin(at)
	r.publish(model.Event{Seq: 1})
	r.publish(model.Event{Seq: ^uint64(0)})
	r.publish(model.Event{Seq: 5})
	batch, err := r.log.After(t.Context(), 0)
	if err != nil || len(batch) != 3 || batch[1].Seq != 2 || batch[2].Seq != 3 {
		t.Errorf("after an absurd number: %+v, %v", batch, err)
	}
}

func TestDetailAndKick(t *testing.T) {
	p := newPlane(t)
	p.routes.HandleFunc("GET /api/v1/connections/c17", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(FromDetail(&detail))
	})
	p.routes.HandleFunc("GET /api/v1/connections/c18", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(404)
		json.NewEncoder(w).Encode(Error{ErrorBody{model.NotFound, "c18 is gone and forgotten"}})
	})
	bodies := make(chan string, 1)
	p.routes.HandleFunc("POST /api/v1/kick", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		json.NewEncoder(w).Encode(Kicked{2, &ErrorBody{model.Gone, "c3 is closed already"}})
	})
	r := p.attach(t)
	d, err := r.Detail(t.Context(), 17)
	if err != nil || d.ID != 17 || len(d.Header) != 1 || len(d.Samples) != 3 {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := r.Detail(t.Context(), 18); model.ErrorCode(err) != model.NotFound || err.Error() != "c18 is gone and forgotten" {
		t.Errorf("error %v", err)
	}
	n, err := r.Kick(t.Context(), model.Kick{IDs: []model.ID{1, 2, 3}, Code: 1012, Reason: "deploy", Reset: true, Over: time.Second})
	if n != 2 || model.ErrorCode(err) != model.Gone {
		t.Errorf("kicked %d, error %v", n, err)
	}
	if body := <-bodies; body != `{"ids":["c1","c2","c3"],"q":"","code":1012,"reason":"deploy","rst":true,"over_ms":1000}` {
		t.Errorf("asked for %s", body)
	}
}

func TestRefuse(t *testing.T) {
	p := newPlane(t)
	bodies := make(chan string, 2)
	p.routes.HandleFunc("POST /api/v1/refuse", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		io.WriteString(w, `{"refusing_until":null}`)
	})
	r := p.attach(t)
	for length, want := range map[time.Duration]string{10 * time.Second: `{"for_ms":10000}`, 0: `{"for_ms":0}`} {
		if err := r.Refuse(t.Context(), length); err != nil {
			t.Error(err)
		}
		if body := <-bodies; body != want {
			t.Errorf("asked for %s, want %s", body, want)
		}
	}
}

func TestDismiss(t *testing.T) {
	p := newPlane(t)
	p.routes.HandleFunc("DELETE /api/v1/advice/a3", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"dismissed":"a3"}`) })
	p.routes.HandleFunc("DELETE /api/v1/advice/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		json.NewEncoder(w).Encode(Error{ErrorBody{model.NotFound, "there is no advice " + r.PathValue("id")}})
	})
	r := p.attach(t)
	if err := r.Dismiss(t.Context(), "a3"); err != nil {
		t.Error(err)
	}
	p.routes.HandleFunc("PUT /api/v1/advice/a3", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"recalled":"a3"}`) })
	if err := r.Recall(t.Context(), "a3"); err != nil {
		t.Error(err)
	}
	if err := r.Dismiss(t.Context(), "a4/../x"); model.ErrorCode(err) != model.NotFound || !strings.Contains(err.Error(), "a4/../x") {
		t.Errorf("the error is %v", err)
	}
}

func TestDisturb(t *testing.T) {
	p := newPlane(t)
	bodies := make(chan string, 1)
	p.routes.HandleFunc("POST /api/v1/faults", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		json.NewEncoder(w).Encode(Disturbed{2, &ErrorBody{model.Gone, "c3 is closed already"}})
	})
	r := p.attach(t)
	for want, order := range map[string]model.FaultOrder{
		`{"ids":["c1","c2","c3"],"q":"","faults":["freeze","drop=1/10"]}`: {IDs: []model.ID{1, 2, 3}, Faults: model.Faults{Freeze: true, Drop: 10}},
		`{"q":"all","faults":[]}`: {Query: "all"},
	} {
		if n, err := r.SetFaults(t.Context(), order); n != 2 || model.ErrorCode(err) != model.Gone {
			t.Errorf("disturbed %d, error %v", n, err)
		}
		if body := <-bodies; body != want {
			t.Errorf("asked for %s, want %s", body, want)
		}
	}
}

func TestNow(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(Summary{Time: at})
	}))
	base, err := ParseAddress(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := Remote{caller: newCaller(base, "")}
	if now, err := r.Now(t.Context()); err != nil || !now.Equal(at) {
		t.Errorf("%v, error %v", now, err)
	}
	s.Close()
	if _, err := r.Now(t.Context()); model.ErrorCode(err) != model.Unavailable {
		t.Errorf("error %v", err)
	}
}

// With a plane that has stopped answering, a call takes until its deadline. A picture does not wait.
func TestSilentPlane(t *testing.T) {
	p := newPlane(t)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	p.routes.HandleFunc("POST /api/v1/kick", func(w http.ResponseWriter, r *http.Request) { <-hang })
	r := p.attach(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.Kick(ctx, model.Kick{Query: "all"}); model.ErrorCode(err) != model.Unavailable || !strings.Contains(err.Error(), "not known") {
		t.Errorf("error %v", err)
	}
	if _, err := r.pictures.get(t.Context(), time.Now().Add(2*staleAfter)); err != errStale {
		t.Errorf("an old picture: error %v", err)
	}
}

func TestStreamDiesOfSilence(t *testing.T) {
	p := newPlane(t)
	p.routes.HandleFunc("GET /quiet", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "a line\n")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	s, err := p.attach(t).openStream(t.Context(), "/quiet", "", 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	text, err := io.ReadAll(s)
	if string(text) != "a line\n" || err != errSilent || !s.broke(err) {
		t.Errorf("read %q, error %v", text, err)
	}
}

func TestTLS(t *testing.T) {
	p := newPlane(t)
	secure := httptest.NewUnstartedServer(p.routes)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	if _, err := Attach(t.Context(), secure.URL, ""); err == nil || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
		t.Errorf("an unknown certificate: error %v", err)
	}
	base, err := ParseAddress(secure.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := &Remote{caller: newCaller(base, ""), pictures: newAlbum()}
	defer r.caller.http.CloseIdleConnections()
	r.caller.http.Transport.(*http.Transport).TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig
	if err := r.first(t.Context()); err != nil {
		t.Error(err)
	}
}
