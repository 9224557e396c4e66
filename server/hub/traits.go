package hub

import (
	"cmp"
	"hash/maphash"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"holter/server/redact"
)

// traits are what differs or not between the requests of clients that bear one name: hashes of the values, by the
// identity that takes its names from there, such as query:device. The hashes have a random key.
type traits map[string]uint64

const (
	maxTraits  = 64      // of a request
	maxParsed  = 8 << 10 // bytes of a query, or of the cookies, that are looked at
	maxSamples = 64      // requests of one name whose traits are kept: of present connections, and of past ones
	maxWatched = 256     // names whose requests are looked at
	mostLooks  = 64      // requests that are looked at between two checks, which are a second apart

	// fewestSamples is the number of requests that show what differs between clients.
	fewestSamples = 4
)

// fleeting are header fields that differ by request or by socket, and say nothing about the client.
var fleeting = map[string]bool{
	"Sec-Websocket-Key": true, "Sec-Websocket-Protocol": true, "Date": true, "Cookie": true, "Forwarded": true, "Cf-Ray": true,
	"X-Request-Id": true, "X-Correlation-Id": true, "Request-Id": true, "Traceparent": true, "Tracestate": true, "Baggage": true,
	"X-Amzn-Trace-Id": true, "X-Cloud-Trace-Context": true, "X-B3-Traceid": true, "X-B3-Spanid": true, "X-B3-Parentspanid": true,
	"Fly-Request-Id": true, "X-Request-Start": true, "X-Queue-Start": true, "X-Envoy-Attempt-Count": true, "X-Real-Port": true,
	"X-Forwarded-Port": true, "If-None-Match": true, "If-Modified-Since": true,
}

// fleetingParameters are parameters and claims of that kind.
var fleetingParameters = map[string]bool{
	"_": true, "cb": true, "exp": true, "iat": true, "jti": true, "nbf": true, "nonce": true, "r": true, "rand": true, "random": true,
	"sid": true, "t": true, "time": true, "timestamp": true, "ts": true,
}

// traitsOf returns the traits of a request. It keeps no value and, of names, only what looks like one.
func (s *samplers) traitsOf(r *http.Request) traits {
	t := make(traits)
	add := func(kind, name, value string) {
		if value != "" && len(t) < maxTraits && (name == "" || redact.IsName(name)) {
			t[kind+name] = maphash.String(s.seed, value)
		}
	}
	if len(r.URL.RawQuery) <= maxParsed {
		query := r.URL.Query()
		for _, name := range slices.Sorted(maps.Keys(query)) {
			if !fleetingParameters[strings.ToLower(name)] {
				add("query:", name, query.Get(name))
			}
		}
	}
	addSegments(r, add)
	if claims := claimsOf(r, s.guarded); claims != nil {
		for _, name := range slices.Sorted(maps.Keys(claims)) {
			if value, ok := claims[name].(string); ok && !fleetingParameters[strings.ToLower(name)] {
				add("jwt:", name, value)
			}
		}
	}
	user, _, _ := r.BasicAuth()
	add("basic", "", user)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if value := r.Header.Get(name); !fleeting[name] && !hasPort(name, value) {
			add("header:", name, value)
		}
	}
	if len(r.Header.Get("Cookie")) <= maxParsed {
		for _, c := range r.Cookies() {
			add("cookie:", c.Name, c.Value)
		}
	}
	add("ip", "", address(r))
	return t
}

// addSegments adds the segments of the path, the last one by its place from the end.
func addSegments(r *http.Request, add func(kind, name, value string)) {
	all := slices.Collect(segments(r))
	for i, s := range all {
		switch {
		case i == len(all)-1:
			add("path:-1", "", s)
		case i < maxTraits/4:
			add("path:"+strconv.Itoa(i+1), "", s)
		}
	}
}

// hasPort reports whether a proxy has put the client's port into a field that should have its address alone.
func hasPort(name, value string) bool {
	return strings.HasPrefix(name, "X-") && strings.Count(value, ":") == 1 && strings.IndexByte(value, '.') >= 0
}

// preference is the order in which identities are proposed: what is meant for a client before what happens to differ.
var preference = []string{"query", "jwt", "path", "basic", "header", "cookie", "ip"}

func byPreference(a, b string) int {
	rank := func(identity string) int {
		kind, name, _ := strings.Cut(identity, ":")
		n := 2 * slices.Index(preference, kind)
		if redact.Secret(name) && kind != "cookie" {
			n++
		}
		return n
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
}

// sampler keeps the traits of the connections that bear one name.
type sampler struct {
	mu      sync.Mutex // protects all following
	present map[*connection]sample
	past    []traits // of connections that have ended, the newest maxSamples
	ended   int      // connections, in all
	changed bool     // since they were compared
	early   bool     // they were compared since the last check, as connections ended
	clients int      // at the last check
	last    distinction
	calls   map[string]*called       // refused requests, by identity
	refused int                      // requests, of those that were looked at
	by      atomic.Pointer[Identity] // see crowd.by
}

// called is what refused requests had in one place.
type called struct {
	times  map[uint64]int // that a value came after another one; of the first maxSamples values
	newest uint64
	all    int // requests that had any
}

// call keeps the traits of a refused request.
func (s *sampler) call(t traits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls == nil {
		s.calls = make(map[string]*called)
	}
	s.refused++
	for identity, value := range t {
		c := s.calls[identity]
		if c == nil && len(s.calls) < maxTraits {
			c = &called{times: make(map[uint64]int)}
			s.calls[identity] = c
		}
		if c == nil {
			continue
		}
		c.all++
		if _, known := c.times[value]; value != c.newest && (known || len(c.times) < maxSamples) {
			c.times[value]++
		}
		c.newest = value
	}
}

// callers finds the best identity whose values come again and again, in turn, in the requests that were refused: each is a
// client's own. It returns "" if there is none, and the number of the values.
func (s *sampler) callers() (best string, values int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for identity, c := range s.calls {
		again := 0
		for _, times := range c.times {
			if times > 1 {
				again++
			}
		}
		once := len(c.times) - again
		if c.all < s.refused || again < crowded || once > again/4 {
			continue
		}
		if best == "" || byPreference(identity, best) < 0 {
			best, values = identity, len(c.times)
		}
	}
	return best, values
}

// sample is the traits of a connection, with the number of connections that had ended before it came.
type sample struct {
	traits
	after int
}

// add keeps the traits of a connection, if there is room.
func (s *sampler) add(c *connection, t traits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.present) < maxSamples {
		s.present[c], s.changed = sample{t, s.ended}, true
	}
}

// forget moves the traits of a connection to those of the past.
func (s *sampler) forget(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, known := s.present[c]
	if !known {
		return
	}
	if s.changed && !s.early && len(s.present) >= fewestSamples {
		s.early, s.last = true, s.compare(s.clients) // there may be too few at the next check
	}
	delete(s.present, c)
	if len(s.past) == maxSamples {
		s.past = slices.Delete(s.past, 0, 1)
	}
	s.past, s.ended, s.changed = append(s.past, t.traits), s.ended+1, true
}

// distinction is an identity that tells clients apart which bear one name.
type distinction struct {
	identity string // "" for none
	looked   bool   // at enough requests to know
	kept     bool   // clients that came back had the same value as before
	fleeting bool   // something differs, but anew in each connection
}

// distinguish finds the best identity that is different for each connection. all is the number of clients: if there are more
// than were looked at, a value that was not seen before proves nothing.
func (s *sampler) distinguish(all int) distinction {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed && len(s.present) >= fewestSamples {
		s.changed, s.last = false, s.compare(all)
	}
	s.early, s.clients = false, all
	return s.last
}

func (s *sampler) compare(all int) distinction {
	best := distinction{looked: true}
	for identity := range s.unique() {
		again, fresh := s.seenBefore(identity)
		if again == 0 && fresh >= fewestSamples && all <= maxSamples {
			best.fleeting = true
			continue
		}
		if best.identity == "" || byPreference(identity, best.identity) < 0 {
			best.identity, best.kept = identity, again >= fewestSamples && again > fresh
		}
	}
	return best
}

// unique returns the traits that all present connections have, each with another value.
func (s *sampler) unique() map[string]bool {
	values := make(map[string]map[uint64]bool)
	for _, t := range s.present {
		for identity, value := range t.traits {
			if values[identity] == nil {
				values[identity] = make(map[uint64]bool)
			}
			values[identity][value] = true
		}
	}
	found := make(map[string]bool)
	for identity, different := range values {
		if len(different) == len(s.present) {
			found[identity] = true
		}
	}
	return found
}

// seenBefore counts the connections that came after some had ended: those whose value one of these had too, and those
// whose value is fresh.
func (s *sampler) seenBefore(identity string) (again, fresh int) {
	before := make(map[uint64]bool, len(s.past))
	for _, t := range s.past {
		before[t[identity]] = true
	}
	for _, t := range s.present {
		switch {
		case before[t.traits[identity]]:
			again++
		case t.after >= fewestSamples:
			fresh++
		}
	}
	return again, fresh
}

// samplers are those of the names that several connections bear. Nearly all connections have a name of their own; for them
// it costs a look at an empty map.
type samplers struct {
	seed    maphash.Seed
	guarded bool                                // see Options.Guarded
	looks   atomic.Int32                        // since the last check
	byName  atomic.Pointer[map[string]*sampler] // replaced under Hub.mu, and never changed
}

func (s *samplers) of(name string) *sampler {
	return s.all()[name]
}

// see looks at the request of a connection if its name is watched.
func (s *samplers) see(c *connection, r *http.Request) {
	of := s.of(c.client.id)
	if of == nil {
		return
	}
	if by := of.by.Load(); by != nil {
		c.client.value = by.value(r)
	} else if s.looks.Add(1) <= mostLooks {
		of.add(c, s.traitsOf(r)) // parsed outside the lock, for which Gone waits under Hub.mu
	}
}

// call looks at a refused request if its name is watched.
func (s *samplers) call(name string, r *http.Request) {
	if of := s.of(name); of != nil && of.by.Load() == nil && s.looks.Add(1) <= mostLooks {
		of.call(s.traitsOf(r))
	}
}

// all are the samplers by name.
func (s *samplers) all() map[string]*sampler {
	if all := s.byName.Load(); all != nil {
		return *all
	}
	return nil
}

// watch adds a name, if there is room.
func (s *samplers) watch(name string) {
	all := s.all()
	if all[name] != nil || len(all) >= maxWatched {
		return
	}
	fresh := make(map[string]*sampler, len(all)+1)
	maps.Copy(fresh, all)
	fresh[name] = &sampler{present: make(map[*connection]sample)}
	s.byName.Store(&fresh)
}

// prefer adds a name in place of another one if there is no room.
func (s *samplers) prefer(name string, other func(name string) bool) {
	all := s.all()
	if all[name] == nil && len(all) >= maxWatched {
		for n := range all {
			if other(n) {
				fresh := maps.Clone(all)
				delete(fresh, n)
				s.byName.Store(&fresh)
				break
			}
		}
	}
	s.watch(name)
}

// keep removes the names that are not wanted any more.
func (s *samplers) keep(wanted func(name string) bool) {
	s.looks.Store(0)
	all := s.byName.Load()
	if all == nil {
		return
	}
	fresh := maps.Clone(*all)
	maps.DeleteFunc(fresh, func(name string, _ *sampler) bool { return !wanted(name) })
	switch {
	case len(fresh) == 0:
		s.byName.Store(nil)
	case len(fresh) < len(*all):
		s.byName.Store(&fresh)
	}
}
