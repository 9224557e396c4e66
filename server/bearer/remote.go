package bearer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"holter/server/plane"
	"holter/server/redact"
)

const (
	fetchTimeout = 10 * time.Second
	// Clients may cause so many fetches at once, and one more in this time: each may name a key that does not exist.
	fetchesAtOnce  = 5
	betweenFetches = 10 * time.Second
	// lacksFor is how long a key is believed not to exist that a set lacked, mostLacking how many such keys are remembered.
	lacksFor    = 10 * time.Second
	mostLacking = 64
	// awaitsKeys is how long a handshake waits for them.
	awaitsKeys = 5 * time.Second
	// mostWaiting is how many handshakes wait for one fetch. No other limit counts them yet.
	mostWaiting  = 4096
	maxRedirects = 3
)

// remote is a set of keys at a URL.
type remote struct {
	url    *url.URL
	shown  string // without what may be secret
	client http.Client

	changed  func() // is called when there are other keys, before those who wait for them go on
	failures int    // in a row; only Run uses it

	mu     sync.Mutex                      // protects all following
	flight *flight                         // nil while nothing is fetched
	causes *rate.Limiter                   // of fetches that clients cause
	lacks  map[[sha256.Size]byte]time.Time // when the set lacked a key, by the hash of its name
	text   []byte                          // of the set
	keys   *set                            // nil until there are any
}

// flight is a fetch that is under way.
type flight struct {
	done    chan struct{} // closed when it is over
	err     error         // set before that
	name    string        // of the key for which a client causes it, or ""
	waiting int           // clients; under remote.mu
}

func newRemote(u *url.URL, o Options, changed func()) (*remote, error) {
	transport, err := o.transport()
	if err != nil {
		return nil, err
	}
	return &remote{
		url: u, shown: redact.Address(u.String()), changed: changed, causes: rate.NewLimiter(rate.Every(betweenFetches), fetchesAtOnce),
		lacks:  make(map[[sha256.Size]byte]time.Time),
		client: http.Client{Transport: transport, Timeout: fetchTimeout, CheckRedirect: follow},
	}, nil
}

// follow follows a redirect, but not from https to http.
func follow(r *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return errors.New("too many redirects")
	case via[0].URL.Scheme == "https" && r.URL.Scheme != "https":
		return errors.New("a redirect from https to http is not followed")
	}
	return nil
}

// plain reports whether the keys come over a network without TLS.
func (s *remote) plain() bool { return s.url.Scheme == "http" && !plane.Loopback(s.url.Hostname()) }

func (s *remote) set() *set {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys
}

// board returns the flight that is under way, or begins one, which is the caller's to fly. A client names the key that it
// needs. For a client f is nil if the set lacked that key a moment ago, if too many wait already, or if clients have caused too many
// flights lately.
func (s *remote) board(client bool, name string) (f *flight, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case client && s.lacked(name):
		return nil, false
	case s.flight != nil && client && s.flight.waiting == mostWaiting:
		return nil, false
	case s.flight != nil:
		if client {
			s.flight.waiting++
		}
		return s.flight, false
	case client && !s.causes.Allow():
		return nil, false
	}
	s.flight = &flight{done: make(chan struct{}), name: name}
	return s.flight, true
}

// fly fetches the set. With an error the keys of before stay.
func (s *remote) fly(ctx context.Context, f *flight) (changed bool, err error) {
	f.err = errors.New("the fetch was broken off")
	defer s.land(f)
	text, keys, err := s.get(ctx)
	if f.err = err; err == nil {
		changed = s.keep(text, keys)
		s.learn(f.name)
	}
	return changed, err
}

// wait returns when another one's flight is over.
func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *remote) land(f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight = nil
	close(f.done)
}

// keep takes over a set that was fetched, and reports whether it is another one than before.
func (s *remote) keep(text []byte, keys *set) bool {
	s.mu.Lock()
	if s.keys != nil && bytes.Equal(text, s.text) {
		s.mu.Unlock()
		return false
	}
	s.text, s.keys = text, keys
	s.mu.Unlock()
	s.changed()
	return true
}

// learn remembers that the set, which was just fetched, lacks the key of that name, if it does.
func (s *remote) learn(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "" || s.keys.names[name] {
		return
	}
	maps.DeleteFunc(s.lacks, func(_ [sha256.Size]byte, at time.Time) bool { return time.Since(at) >= lacksFor })
	if len(s.lacks) < mostLacking {
		s.lacks[sha256.Sum256([]byte(name))] = time.Now()
	}
}

// lacking reports whether the set lacked the key of that name a moment ago.
func (s *remote) lacking(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lacked(name)
}

// lacked is lacking for a caller that holds the lock.
func (s *remote) lacked(name string) bool {
	at, known := s.lacks[sha256.Sum256([]byte(name))]
	return known && time.Since(at) < lacksFor
}

// get asks for the set. The error has no part of the URL that may be secret.
func (s *remote) get(ctx context.Context) ([]byte, *set, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url.String(), nil)
	if err != nil {
		return nil, nil, errors.New("the URL makes no request")
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := s.client.Do(r)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok { // which has the URL
			err = failed.Err
		}
		return nil, nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("the answer is %d", response.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxSet+1))
	switch {
	case err != nil:
		return nil, nil, err
	case len(text) > maxSet:
		return nil, nil, fmt.Errorf("the answer has more than %d bytes", maxSet)
	}
	keys, err := parseSet(text, false)
	return text, keys, err
}

// again fetches the set for a client whose key is not known by that name, and reports whether what the set says of that key can be
// believed now. Clients cause a few fetches at once, and then one now and then. Those that come meanwhile wait for it.
func (g *Guard) again(ctx context.Context, name string) (fresh bool) {
	f, mine := g.remote.board(true, name)
	if f == nil {
		return g.remote.lacking(name)
	}
	if mine { // for all: the fetch does not end with this client
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, awaitsKeys)
	defer cancel()
	err := g.finish(ctx, f, mine)
	if err != nil && mine {
		g.log.Warn("a token names a key that is not known, and the keys cannot be fetched", "url", g.remote.shown, "error", err)
	}
	if err == nil && !mine {
		g.remote.learn(name)
	}
	return err == nil
}
