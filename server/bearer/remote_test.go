package bearer

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"encoding/pem"

	"holter/model"
)

// issuer publishes a set of keys.
type issuer struct {
	*httptest.Server
	mu     sync.Mutex // protects all following
	answer []byte
	status int
	asked  atomic.Int32
}

func (i *issuer) publish(status int, answer []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.status, i.answer = status, answer
}

func newIssuer(t *testing.T, answer []byte) *issuer {
	i := &issuer{answer: answer, status: http.StatusOK}
	i.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.asked.Add(1)
		i.mu.Lock()
		defer i.mu.Unlock()
		w.WriteHeader(i.status)
		w.Write(i.answer)
	}))
	t.Cleanup(i.Close)
	return i
}

// run runs a guard until the test is over.
func run(t *testing.T, g *Guard) {
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// Keys at a URL are fetched over TLS by the first client that needs them, and again for one whose key is not known.
func TestKeysAtURL(t *testing.T) {
	rs, es, hs := pairs()["RS256"], pairs()["ES256"], pairs()["HS256"]
	i := newIssuer(t, setOf(jwkOf(rs, "kid", "1"), jwkOf(hs, "kid", "s")))
	i.StartTLS()
	ca := file(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.Certificate().Raw}))
	g := guard(t, Options{JWKS: i.URL + "/keys", CA: ca})
	old, fresh2 := bearing(sign(t, rs, fresh(), "kid", "1")), bearing(sign(t, es, fresh(), "kid", "2"))
	if _, refused := check(g, old); refused != "" {
		t.Fatalf("refused for %s", refused)
	}
	if _, refused := check(g, bearing(sign(t, hs, fresh(), "kid", "s"))); refused != string(model.TokenKey) {
		t.Errorf("a secret that was published: %q", refused)
	}
	i.publish(http.StatusOK, setOf(jwkOf(es, "kid", "2")))
	if _, refused := check(g, fresh2); refused != "" {
		t.Errorf("a new key: refused for %s", refused)
	}
	if _, refused := check(g, old); refused != string(model.TokenKey) {
		t.Errorf("a key that was taken back: %q", refused)
	}
	if n := i.asked.Load(); n != 4 {
		t.Errorf("asked %d times", n)
	}
}

// One who shows keys that do not exist does not keep those out who have a new one, and clients that have an old one do not use up
// the fetches.
func TestStrangersDoNotHoldNewKeys(t *testing.T) {
	rs, es := pairs()["RS256"], pairs()["ES256"]
	synctest.Test(t, func(t *testing.T) {
		set, asked := setOf(jwkOf(rs, "kid", "1")), 0
		g := guard(t, Options{JWKS: "https://id.example/keys"})
		g.remote.client.Transport = transport(func(*http.Request) (*http.Response, error) {
			asked++
			w := httptest.NewRecorder()
			w.Write(set)
			return w.Result(), nil
		})
		if err := g.fetch(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if _, refused := check(g, bearing(sign(t, rs, fresh(), "kid", "old"))); refused != string(model.TokenKey) {
				t.Fatalf("an old key: refused for %q", refused)
			}
		}
		if asked != 2 {
			t.Errorf("asked %d times", asked)
		}
		set = setOf(jwkOf(es, "kid", "2"))
		if _, refused := check(g, bearing(sign(t, es, fresh(), "kid", "2"))); refused != "" {
			t.Errorf("a new key after one that does not exist: refused for %s", refused)
		}
		for i := range 100 {
			check(g, bearing(sign(t, rs, fresh(), "kid", fmt.Sprint("x", i))))
		}
		if asked != 1+fetchesAtOnce || len(g.remote.lacks) > mostLacking {
			t.Errorf("asked %d times, %d are remembered", asked, len(g.remote.lacks))
		}
		set = setOf(jwkOf(rs, "kid", "3"))
		newest := bearing(sign(t, rs, fresh(), "kid", "3"))
		if _, bad := g.Check(newest); bad == nil || bad.Limit != model.TokenUnavailable || bad.RetryAfter == 0 {
			t.Errorf("a new key when all fetches are used up: %+v", bad)
		}
		time.Sleep(betweenFetches)
		if _, refused := check(g, newest); refused != "" {
			t.Errorf("after the wait: refused for %s", refused)
		}
	})
}

// Many clients with keys that do not exist cause one fetch, and those with a known key do not wait for it.
func TestUnknownKeysCauseFewFetches(t *testing.T) {
	rs := pairs()["RS256"]
	i := newIssuer(t, setOf(jwkOf(rs, "kid", "1")))
	i.Start()
	g := guard(t, Options{JWKS: i.URL})
	if err := g.fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	token := sign(t, rs, fresh(), "kid", "x")
	var clients sync.WaitGroup
	for range 50 {
		clients.Go(func() {
			if _, refused := check(g, bearing(token)); refused != string(model.TokenKey) {
				t.Errorf("refused for %q", refused)
			}
		})
	}
	clients.Wait()
	if n := i.asked.Load(); n != 2 {
		t.Errorf("asked %d times, want once at the beginning and once more", n)
	}
}

// While keys were never had, clients are asked to come back. Whatever an issuer answers, the keys of before stay.
func TestKeysThatCannotBeFetched(t *testing.T) {
	rs := pairs()["RS256"]
	i := newIssuer(t, nil)
	i.Start()
	var log bytes.Buffer
	g, err := New(Options{JWKS: i.URL + "/?key=s3cret", Audience: []string{"chat"}}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	token := bearing(sign(t, rs, fresh(), "kid", "1"))
	i.publish(http.StatusServiceUnavailable, nil)
	_, bad := g.Check(token)
	if bad == nil || bad.Limit != model.TokenUnavailable || bad.Status != http.StatusServiceUnavailable || bad.RetryAfter == 0 || bad.Challenge != "" {
		t.Fatalf("%+v", bad)
	}
	i.publish(http.StatusOK, setOf(jwkOf(rs, "kid", "1")))
	if err := g.fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string][]byte{
		"junk": []byte("s3cret"), "a page": []byte("<html>"), "no keys": []byte(`{}`), "an empty set": setOf(), "too long": make([]byte, maxSet+1),
		"a number": []byte("1"), "null": []byte("null"), "other keys": setOf(map[string]any{"kty": "x"}),
	} {
		i.publish(http.StatusOK, answer)
		if err := g.fetch(t.Context()); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
		if _, refused := check(g, token); refused != "" {
			t.Errorf("after %s: refused for %s", name, refused)
		}
	}
	i.Close()
	if err := g.fetch(t.Context()); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("nobody is there: %v", err)
	}
	if strings.Contains(log.String(), "s3cret") || !strings.Contains(log.String(), "cannot be fetched") {
		t.Errorf("log: %s", &log)
	}
}

// A redirect does not lead from https to http, where the keys could be replaced.
func TestRedirects(t *testing.T) {
	es := pairs()["ES256"]
	plain := newIssuer(t, setOf(jwkOf(es, "kid", "1")))
	plain.Start()
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer secure.Close()
	round := httptest.NewServer(http.RedirectHandler("/", http.StatusFound))
	defer round.Close()
	ca := file(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	for name, o := range map[string]Options{"from https to http": {JWKS: secure.URL, CA: ca}, "round and round": {JWKS: round.URL}} {
		if err := guard(t, o).fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "redirect") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := plain.asked.Load(); n != 0 {
		t.Errorf("asked %d times", n)
	}
	there := httptest.NewServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer there.Close()
	if err := guard(t, Options{JWKS: there.URL}).fetch(t.Context()); err != nil {
		t.Error(err)
	}
}

// transport answers in place of a network, so that time can be that of a test.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The URL is asked at the start, sooner again after a failure, and then as often as it was set.
func TestRefreshes(t *testing.T) {
	set := setOf(jwkOf(pairs()["EdDSA"], "kid", "1"))
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var mu sync.Mutex
		var at []time.Duration
		g := guard(t, Options{JWKS: "https://id.example/keys", Refresh: time.Minute})
		g.remote.client.Transport = transport(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			at = append(at, time.Since(begin))
			if len(at) <= 3 {
				return nil, fmt.Errorf("no route")
			}
			w := httptest.NewRecorder()
			w.Write(set)
			return w.Result(), nil
		})
		run(t, g)
		time.Sleep(2*time.Minute + 20*time.Second)
		mu.Lock()
		defer mu.Unlock()
		if got, want := fmt.Sprint(at), "[0s 2s 6s 14s 1m14s 2m14s]"; got != want {
			t.Errorf("asked at %s, want %s", got, want)
		}
		if g.keys.Load().size() != 1 {
			t.Error("no keys")
		}
	})
}

// A file that changes is read within seconds.
func TestRunLooksAtFiles(t *testing.T) {
	es, ed := pairs()["ES256"], pairs()["EdDSA"]
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		path, next := filepath.Join(dir, "key"), filepath.Join(dir, "next")
		write(t, path, es.file)
		g := guard(t, Options{Key: []string{path}})
		run(t, g)
		write(t, next, append(ed.file, '\n'))
		if err := os.Rename(next, path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2*time.Second + time.Millisecond)
		synctest.Wait()
		if _, refused := check(g, bearing(sign(t, ed, fresh()))); refused != "" {
			t.Errorf("refused for %s", refused)
		}
	})
}

// A flood of keys that do not exist does not keep any number of clients waiting.
func TestFewClientsWait(t *testing.T) {
	g := guard(t, Options{JWKS: "https://id.example/keys"})
	f, mine := g.remote.board(true, "1")
	if f == nil || !mine {
		t.Fatal("the first client does not fetch")
	}
	for range mostWaiting {
		if f, mine := g.remote.board(true, "1"); f == nil || mine {
			t.Fatal("a client does not wait")
		}
	}
	if f, _ := g.remote.board(true, "1"); f != nil {
		t.Error("one too many waits")
	}
	if f, _ := g.remote.board(false, ""); f == nil {
		t.Error("the guard itself does not wait")
	}
}

// A client that leaves does not break off the fetch that others wait for.
func TestFetchOutlivesItsClient(t *testing.T) {
	ed := pairs()["EdDSA"]
	set, token := setOf(jwkOf(ed, "kid", "1")), sign(t, ed, fresh(), "kid", "1")
	asked, answer := make(chan struct{}), make(chan struct{})
	g := guard(t, Options{JWKS: "https://id.example/keys"})
	g.remote.client.Transport = transport(func(r *http.Request) (*http.Response, error) {
		close(asked)
		select {
		case <-answer:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
		w := httptest.NewRecorder()
		w.Write(set)
		return w.Result(), nil
	})
	ctx, leave := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	clients.Go(func() { g.Check(bearing(token).WithContext(ctx)) })
	<-asked
	waits := make(chan struct{})
	clients.Go(func() {
		close(waits)
		if _, refused := check(g, bearing(token)); refused != "" {
			t.Errorf("refused for %s", refused)
		}
	})
	<-waits
	leave()
	close(answer)
	clients.Wait()
}
