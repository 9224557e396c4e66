package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server/api"
)

// scene is one kind of trouble for clients, and how holter is to call it.
type scene struct {
	name  string        // with which the names of its clients begin
	what  string        // happens to them
	cause model.Cause   // "" if nothing shows why
	early []model.Cause // what may be told of them before all is known
	enter func(s *stage, client string, i int)
}

// stage is a holter in front of an application, with scenes that play at the same time.
type stage struct {
	*testing.T
	watched *program
	url     string // where clients of this machine connect, without a path
	told    *tape
	heard   testimony
	struck  chan struct{} // closed when the trouble begins, for those that wait for it
	strikes []func()
}

// testimony is what holter has said of each client.
type testimony map[string][]sentence

// sentence is what it said at a time, or the empty cause.
type sentence struct {
	at   time.Time
	said api.Diagnosis
}

// openStage runs holter proxy between clients and an upstream.
func openStage(t *testing.T, upstream string, struck chan struct{}, flags ...string) *stage {
	t.Helper()
	p := launch(t, "proxy", append([]string{upstream, "--linger", "5m"}, flags...)...)
	return &stage{T: t, watched: p, url: strings.TrimSuffix(p.websocket, "/"), told: p.record(t), heard: testimony{}, struck: struck}
}

// host is where holter listens for clients of this machine.
func (s *stage) host() string { return strings.TrimPrefix(s.url, "ws://") }

// at is where clients of another machine connect, to which this one has an address of its own.
func (s *stage) at(address string) string {
	_, port, _ := net.SplitHostPort(s.host())
	return "ws://" + net.JoinHostPort(address, port)
}

// onStrike has something done when the trouble begins.
func (s *stage) onStrike(do func()) { s.strikes = append(s.strikes, do) }

// play lets clients of all scenes come one after the other, waits, strikes, and adds a row for each scene once holter has said
// what there is to be said, or within a time.
func (s *stage) play(m *matrix, scenes []scene, apart, calm, within time.Duration) {
	s.Helper()
	for i := range each {
		for k := range scenes {
			scenes[k].enter(s, fmt.Sprintf("%s-%02d", scenes[k].name, i), i)
		}
		time.Sleep(apart)
	}
	s.listen(calm, func() bool { return false })
	close(s.struck)
	for _, strike := range s.strikes {
		strike()
	}
	right := func(least int) func() bool {
		return func() bool {
			said := s.testimony()
			return !slices.ContainsFunc(scenes, func(sc scene) bool { r := said.tally(&sc); return r.right() < least })
		}
	}
	s.listen(within, right(each*95/100))
	s.listen(5*time.Second, right(each))
	s.Logf("holter was late itself: %v", s.lapses())
	said := s.testimony()
	for i := range scenes {
		s.Logf("%s, such as %s", scenes[i].what, said.example(&scenes[i]))
		m.add(said.tally(&scenes[i]))
		s.explain(said, &scenes[i])
	}
}

// explain logs all that holter knows of a few clients that are not called what they should be.
func (s *stage) explain(said testimony, sc *scene) {
	shown := 0
	for _, client := range said.of(sc) {
		last, astray := verdict(sc, said[client])
		if last.Cause == sc.cause && len(astray) == 0 || !named(last.Cause) && !named(sc.cause) || shown == 3 {
			continue
		}
		shown++
		s.Logf("%s, told %s", client, said[client])
		for _, c := range s.watched.connections(s.T, "client="+client) {
			var d api.Detail
			s.watched.ask(s.T, http.MethodGet, "/api/v1/connections/"+c.ID, nil, &d)
			d.Header, d.Samples = nil, nil
			for i := range d.Legs {
				d.Legs[i].Header, d.Legs[i].Samples, d.Legs[i].Transitions = nil, nil, nil
			}
			text, _ := json.Marshal(d)
			s.Logf("%s", text)
		}
	}
}

// String is what a message says of it.
func (s sentence) String() string {
	return fmt.Sprintf("%s %q", s.at.Format("05.000"), string(s.said.Cause)+" "+s.said.Detail)
}

// listen looks again and again for what holter says of the connections.
func (s *stage) listen(length time.Duration, enough func() bool) {
	for end := time.Now().Add(length); time.Now().Before(end) && !enough(); time.Sleep(250 * time.Millisecond) {
		at := time.Now()
		for _, c := range s.watched.connections(s.T, "") {
			s.heard.add(c.Client, sentence{at, c.Diagnosis})
		}
	}
}

func (h testimony) add(client string, said sentence) {
	all := h[client]
	if len(all) == 0 || all[len(all)-1].said.Cause != said.said.Cause {
		h[client] = append(all, said)
	}
}

// testimony is what holter has said so far, by events too.
func (s *stage) testimony() testimony {
	all := testimony{}
	for client, said := range s.heard {
		all[client] = slices.Clone(said)
	}
	s.told.mu.Lock()
	for i := range s.told.events {
		switch e := &s.told.events[i]; {
		case e.Refusal != nil:
			said := api.Diagnosis{Cause: model.Cause(e.Refusal.Cause), Detail: e.Refusal.Detail}
			all[e.Refusal.Client] = append(all[e.Refusal.Client], sentence{e.Time, said})
		case e.Connection != nil:
			said := e.Connection.Diagnosis
			if e.Diagnosis != nil {
				said = *e.Diagnosis
			}
			all[e.Connection.Client] = append(all[e.Connection.Client], sentence{e.Time, said})
		}
	}
	s.told.mu.Unlock()
	for client, said := range all {
		slices.SortStableFunc(said, func(a, b sentence) int { return a.at.Compare(b.at) })
		all[client] = slices.CompactFunc(said, func(a, b sentence) bool { return a.said.Cause == b.said.Cause })
	}
	return all
}

// lapses are how often holter was late itself, by the reason. It names less then.
func (s *stage) lapses() map[model.LateKind]int {
	s.told.mu.Lock()
	defer s.told.mu.Unlock()
	counts := map[model.LateKind]int{}
	for i := range s.told.events {
		if late := s.told.events[i].Late; late != nil {
			counts[late.Kind] += late.Times
		}
	}
	return counts
}

// of are the clients of a scene.
func (h testimony) of(sc *scene) (clients []string) {
	for client := range h {
		if i := strings.LastIndexByte(client, '-'); i > 0 && client[:i] == sc.name {
			clients = append(clients, client)
		}
	}
	slices.Sort(clients)
	return clients
}

// verdict is the newest cause that was told, and what else was told on the way that is neither that nor early.
func verdict(sc *scene, said []sentence) (last api.Diagnosis, astray []model.Cause) {
	for _, one := range said {
		switch c := one.said.Cause; {
		case c == model.CauseHostBusy && c != sc.cause: // that is said of holter itself
		case named(c):
			last = one.said
			if c != sc.cause && !slices.Contains(sc.early, c) {
				astray = append(astray, c)
			}
		case last.Cause == nothing:
			last = one.said
		}
	}
	return last, astray
}

func (h testimony) tally(sc *scene) tally {
	r := tally{scene: sc, verdicts: map[model.Cause]int{}}
	for _, client := range h.of(sc) {
		last, astray := verdict(sc, h[client])
		r.verdicts[last.Cause]++
		if len(astray) > 0 {
			r.astray = append(r.astray, fmt.Sprintf("%s: %v", client, h[client]))
		}
	}
	return r
}

// example is what was said last of one client.
func (h testimony) example(sc *scene) string {
	for _, client := range h.of(sc) {
		if last, _ := verdict(sc, h[client]); last.Cause != nothing {
			return fmt.Sprintf("%s: %s: %s", client, last.Cause, last.Detail)
		}
	}
	return "nothing"
}

// dial is a client of its own kind. It reads nothing by itself. Its socket has a small buffer if it is narrow.
func (s *stage) dial(url, client, agent string, narrow bool) *websocket.Conn {
	s.Helper()
	d := websocket.Dialer{}
	if narrow {
		d.NetDialContext = (&net.Dialer{Control: smallBuffer}).DialContext
	}
	c, _, err := d.DialContext(s.Context(), url+"?client="+client, http.Header{"User-Agent": {agent}})
	if err != nil {
		s.Fatalf("%s: %v", client, err)
	}
	s.Cleanup(func() { c.NetConn().Close() })
	return c
}
