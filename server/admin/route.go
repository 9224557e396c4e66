package admin

import (
	"net/http"
	"strings"

	"holter/server/api"
	"holter/server/plane"
)

// handler answers a request, or returns an error to answer it with.
type handler func(w http.ResponseWriter, r *http.Request) error

// route is one call of the API. In its path, {id} stands for text without slashes and {id...} at the end for
// any text; a handler reads it as PathValue("id"). A call that changes something, or lists what it is asked for,
// refuses parameters that it does not know. The others ignore them: the screen of a later holter may ask for more.
type route struct {
	method, path string
	query        parameters
	handle       handler
}

// routes are all calls that the plane answers, in the order in which an answer 405 names their methods. All but
// those by GET change something.
func (a *Plane) routes() []route {
	routes := []route{
		{"GET", "/summary", "…", a.summary},
		{"GET", "/connections", "q state sort limit cursor", a.connections},
		{"GET", "/connections/{id}", "…", a.connection},
		{"DELETE", "/connections/{id}", "code reason", a.kickOne},
		{"POST", "/kick", "", a.kickMatching},
		{"PUT", "/connections/{id}/faults", "", a.disturbOne},
		{"POST", "/faults", "", a.disturbMatching},
		{"POST", "/refuse", "", a.refuse},
		{"GET", "/clients", "q state", a.clients},
		{"GET", "/clients/{id...}", "…", a.client},
		{"GET", "/storms", "", a.storms},
		{"GET", "/paths", "", a.paths},
		{"GET", "/paths/{id}", "…", a.path},
		{"GET", "/cohorts", "", a.cohorts},
		{"GET", "/advice", "", a.advice},
		{"DELETE", "/advice/{id}", "", a.dismiss},
		{"PUT", "/advice/{id}", "", a.recall},
		{"GET", "/alerts", "", a.alerts},
		{"PUT", "/alerts/{id}/acknowledgement", "", a.acknowledge},
		{"DELETE", "/alerts/{id}/acknowledgement", "", a.unacknowledge},
		{"PUT", "/alerts/{id}/silence", "", a.silence},
		{"DELETE", "/alerts/{id}/silence", "", a.unsilence},
		{"GET", "/events", "since …", a.events},
		{"GET", "/snapshots", "every_ms …", a.snapshots},
		{"GET", "/host", "…", a.host},
	}
	for i, r := range routes {
		handle := r.query.only(r.handle)
		if r.method != http.MethodGet {
			handle = a.changes(handle)
		}
		routes[i] = a.call(r, handle)
	}
	for _, r := range a.always() {
		routes = append(routes, a.call(r, r.query.only(r.handle)))
	}
	healthy := parameters("…").only(a.health)
	return append(routes, route{"GET", "/health", "…", healthy}, route{"HEAD", "/health", "…", healthy})
}

// always are the calls that a holter takes which is only to show. The reports of services change nothing but what is known, and a
// reload takes over what the operator has written.
func (a *Plane) always() []route {
	return []route{
		{"POST", "/reload", "", a.reload},
		{"GET", "/services", "q state", a.services},
		{"GET", "/services/{id...}", "…", a.service}, // that of one that is asked may be an address with its path
		{"PUT", "/services/{id}/heartbeat", "", a.heartbeat},
		{"DELETE", "/services/{id...}", "", a.goodbye},
	}
}

// call makes a route one of the API. All but those by GET need the token that may change something, the reports of services
// too: with the other one a caller could otherwise hide that a service has failed.
func (a *Plane) call(r route, handle handler) route {
	needs := changing
	if r.method == http.MethodGet {
		needs = reading
	}
	return route{r.method, "/api/v1" + r.path, r.query, a.authorized(needs, a.metered(handle))}
}

// find returns the handler for a request. It uses every path as it is. http.ServeMux would redirect a path that is not
// clean, such as the path of a client whose id is a URL, and would answer HEAD without end if the GET has no end.
func find(routes []route, r *http.Request) handler {
	var allowed []string
	for _, to := range routes {
		id, ok := match(to.path, r.URL.Path)
		switch {
		case ok && to.method == r.Method:
			r.SetPathValue("id", id)
			return to.handle
		case ok:
			allowed = append(allowed, to.method)
		}
	}
	if allowed == nil {
		return func(http.ResponseWriter, *http.Request) error { return plane.ErrNoRoute }
	}
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		return plane.ErrNoMethod
	}
}

// match reports whether a path matches the pattern of a route, and returns the id in it.
func match(pattern, path string) (id string, ok bool) {
	if before, open := strings.CutSuffix(pattern, "{id...}"); open {
		return strings.CutPrefix(path, before)
	}
	before, after, hasID := strings.Cut(pattern, "{id}")
	if !hasID {
		return "", path == pattern
	}
	id, begins := strings.CutPrefix(path, before)
	id, ends := strings.CutSuffix(id, after)
	return id, begins && ends && id != "" && !strings.Contains(id, "/")
}

// changes returns a handler for a call that changes something. If the source forbids changes, it answers so before it
// reads the request: otherwise the caller might correct a request that is forbidden anyway.
func (a *Plane) changes(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := a.source.MayChange(); err != nil {
			return err
		}
		return h(w, r)
	}
}

// health needs no token: load balancers have none, and it says nothing else. While the server drains it answers 503, so that they
// send their clients elsewhere.
func (a *Plane) health(w http.ResponseWriter, _ *http.Request) error {
	if _, _, draining := a.source.Draining(); draining {
		return writeJSON(w, http.StatusServiceUnavailable, api.Health{Status: "draining"})
	}
	return writeJSON(w, http.StatusOK, api.Health{Status: "ok"})
}
