//go:build unix

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/model/reconnect"
	"holter/server/api"
)

// library is a client library that .ci/programs/fleet.js knows, and how it comes back by default.
type library struct {
	npm  string
	path string // of its requests

	// delays are the shortest and the longest before each attempt in seconds, as its source has them. A fleet that is
	// kicked shows that it is so.
	delays [][2]float64
	kind   model.PolicyKind // of these
	jitter model.Jitter     // between the two

	names []string // of the known clients that have these delays
	vague bool     // holter need not find out
	quick bool     // the shorter refusal shows all there is, and during the longer one it may give up
	slow  bool     // of its attempts the shorter refusal does not show enough
}

// libraries have the delays of their source, and beside them the medians that were measured. They are kicked in this order:
// first those that come back at once, and last the one that then comes back so often that it would keep others waiting.
var libraries = []library{
	{
		npm: "@microsoft/signalr", path: "/signalr", names: []string{"SignalR"}, // DefaultReconnectPolicy.ts, with withAutomaticReconnect
		delays: exactly(0, 2, 10, 30), // 0.02 2.01 10.00 30.01, and then it gives up
		kind:   model.PolicySteps, jitter: model.JitterNone, slow: true,
	},
	{
		npm: "home-assistant-js-websocket", path: "/hass", names: []string{"Home Assistant"}, // lib/connection.ts, _handleClose
		delays: exactly(0, 1, 2, 3, 4, 5, 5), // 0.02 1.01 2.01 3.01 4.00 5.00
		kind:   model.PolicyLinear, jitter: model.JitterNone, quick: true,
	},
	{
		npm: "nats.ws", path: "/nats", names: []string{"NATS"}, // nats-base-client/protocol.ts, dodialLoop; options.ts, reconnectJitter
		delays: [][2]float64{{0, 0}, {2, 2.1}, {2, 2.1}, {2, 2.1}, {2, 2.1}}, // 0.04 2.06 2.07 2.08 2.08, and after ten it gives up
		kind:   model.PolicySteps, jitter: model.JitterRanges, quick: true,
	},
	{
		npm: "mqtt", path: "/mqtt", names: []string{"MQTT.js"}, // src/lib/client.ts, reconnectPeriod: a timer that goes on
		delays: exactly(1, 1, 1, 1, 1), // 1.02 1.01 1.01 1.01 1.01
		kind:   model.PolicyFixed, jitter: model.JitterNone, quick: true,
	},
	{
		npm: "sockette", path: "/sockette", names: []string{"MQTT.js"}, // src/index.js, reconnect
		delays: exactly(1, 1, 1, 1, 1), // 1.02 1.00 1.01 1.01 1.01
		kind:   model.PolicyFixed, jitter: model.JitterNone, quick: true,
	},
	{
		npm: "centrifuge", path: "/centrifuge", names: []string{"Centrifugo"}, // src/utils.ts, backoff
		delays: [][2]float64{{0.5, 1}, {0.5, 1.5}, {0.5, 2.5}, {0.5, 4.5}, {0.5, 8.5}, {0.5, 16.5}, {0.5, 20}}, // 0.79 1.09 1.60 2.50 4.73 7.68 12.6
		kind:   model.PolicyExponential, jitter: model.JitterFull,
	},
	{
		npm: "graphql-ws", path: "/graphql", names: []string{"graphql-ws"}, // src/client.ts, randomisedExponentialBackoff
		delays: [][2]float64{{1.3, 4}, {2.3, 5}, {4.3, 7}, {8.3, 11}, {16.3, 19}}, // 3.05 3.69 5.92 9.46 17.6, and then it gives up
		kind:   model.PolicyExponential, jitter: model.JitterAdded, slow: true,
	},
	{
		npm: "reconnecting-websocket", path: "/reconnecting-websocket", names: []string{"reconnecting-websocket"}, // DEFAULT, _getNextDelay
		delays: [][2]float64{{1, 5}, {1.3, 6.5}, {1.69, 8.45}, {2.197, 10}, {2.856, 10}}, // 2.89 3.72 4.83 6.28 8.16; each page has one base
		kind:   model.PolicyExponential, jitter: model.JitterOnce,
	},
	{
		npm: "partysocket", path: "/partysocket", names: []string{"PartySocket"}, // src/ws.ts, DEFAULT, _getNextDelay
		delays: exactly(3, 3.9, 5.07, 6.591, 8.568, 10, 10), // 3.04 3.90 5.07 6.59 8.57 10.0
		kind:   model.PolicyExponential, jitter: model.JitterNone, slow: true,
	},
	{
		npm: "@stomp/stompjs", path: "/stomp", names: []string{"STOMP", "react-use-websocket"}, // src/client.ts, reconnectDelay
		delays: exactly(5, 5, 5, 5, 5, 5), // 5.04 5.00 5.01
		kind:   model.PolicyFixed, jitter: model.JitterNone, slow: true,
	},
	{
		npm: "autobahn", path: "/wamp", names: []string{"autobahn"}, // lib/connection.js, _autoreconnect_advance: normal, and carried on
		delays: [][2]float64{{1.1, 1.9}, {1.4, 3.2}, {2, 5.3}, {2.6, 8.5}}, // 1.56 2.25 3.43 4.95
		kind:   model.PolicyExponential, jitter: model.JitterNormal,
	},
	{
		npm: "@rails/actioncable", path: "/cable", names: []string{"Action Cable"}, // connection_monitor.js, getPollInterval, disconnectedRecently
		delays: [][2]float64{{6, 18}, {6.9, 8}, {7.9, 9.2}, {9.1, 10.5}}, // 11.4 7.48 8.53 9.81
		kind:   model.PolicySteps, jitter: model.JitterRanges, slow: true, vague: true,
	},
	{
		npm: "phoenix", path: "/phoenix/websocket", names: []string{"Phoenix"}, // assets/js/phoenix/socket.js, reconnectAfterMs
		delays: exactly(0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2, 5, 5), // 0.04 0.08 0.11 0.16 0.20 0.25 0.50 1.00 2.00 5.00 5.00
		kind:   model.PolicySteps, jitter: model.JitterNone, quick: true,
	},
}

func exactly(delays ...float64) (all [][2]float64) {
	for _, d := range delays {
		all = append(all, [2]float64{d, d})
	}
	return all
}

// expedition is a fleet of clients of several libraries behind one holter, all kicked, and refused for a while.
type expedition struct {
	libraries []*library
	holter    *program
	refused   time.Duration
	began     time.Time
	mid       api.StormDetail // the last look while all are refused
	end       api.StormDetail
	clients   map[string]api.Client // at the end
	right     map[*library]int      // how often each was recognised
	late      map[*library]bool     // those that a busy machine has kept waiting
}

// eachLibrary is the number of clients of each.
const eachLibrary = 20

// Holter finds out what other people's libraries really do, or says why it does not: while they are refused, and after it.
// Only the storms are at the same time, and nothing else runs meanwhile: a client that waits for its turn is late.
func TestLibrariesAreRecognised(t *testing.T) {
	long := setOut(t, 30*time.Second, func(l *library) bool { return !l.quick })
	short := setOut(t, 12*time.Second, func(l *library) bool { return !l.slow })
	t.Run("refused", func(t *testing.T) {
		for _, e := range []*expedition{long, short} {
			e.scatter(t)
			t.Run(fmt.Sprintf("for %v", e.refused), func(t *testing.T) {
				t.Parallel()
				e.watch(t)
				for _, l := range e.libraries {
					e.behaved(t, l)
					e.recognised(t, l, "while it was refused", e.mid.Policies)
					e.recognised(t, l, "afterwards", e.end.Policies)
				}
			})
		}
	})
	recognised := 0
	for i := range libraries {
		switch l := &libraries[i]; {
		case long.right[l]+short.right[l] > 0:
			recognised++
		case !l.vague && !long.late[l] && !short.late[l]:
			t.Errorf("%s was never recognised", l.npm)
		}
	}
	if recognised < 8 {
		t.Errorf("%d of %d libraries recognised", recognised, len(libraries))
	}
}

// The known clients have the delays that are written here of the same libraries.
func TestKnownClientsHaveTheDelaysOfTheirSource(t *testing.T) {
	for i := range libraries {
		l := &libraries[i]
		for _, name := range l.names {
			if known := reconnect.Find(name); known != nil && !l.has(&known.Policy) {
				t.Errorf("%s has delays of %v s, not those of %s: %+v", l.npm, l.delays, name, known.Policy)
			}
		}
	}
}

// setOut returns when clients of all libraries that are to come are there.
func setOut(t *testing.T, refused time.Duration, comes func(*library) bool) *expedition {
	t.Helper()
	e := &expedition{refused: refused, right: map[*library]int{}, late: map[*library]bool{}}
	names := []string{}
	for i := range libraries {
		if l := &libraries[i]; comes(l) {
			e.libraries, names = append(e.libraries, l), append(names, l.npm)
		}
	}
	server, _ := scripted(node(t, "fleet-server.js"))(t)
	e.holter = inFrontOf(t, server)
	act(t, node(t, "fleet.js", append([]string{strings.TrimSuffix(e.holter.page, "/"), strconv.Itoa(eachLibrary)}, names...)...))
	const settled = "state=normal age>3s" // NATS comes back later from a connection that was shorter
	eventually(t, 2*patience, "all are there", func() bool {
		return len(e.holter.connections(t, settled)) == eachLibrary*len(names)
	})
	return e
}

// scatter kicks one library after the other. It waits for those that come back at once, which keeps them from waiting for
// each other.
func (e *expedition) scatter(t *testing.T) {
	t.Helper()
	e.holter.ask(t, http.MethodPost, "/api/v1/refuse", map[string]int64{"for_ms": e.refused.Milliseconds()}, new(map[string]any))
	e.began = time.Now()
	for _, l := range e.libraries {
		if kicked := e.holter.kick(t, api.Kick{Q: "path=" + l.path, RST: true}); kicked != eachLibrary {
			t.Fatalf("%d connections of %s kicked, want %d", kicked, l.npm, eachLibrary)
		}
		if l.delays[0][1] < 0.1 {
			eventually(t, patience, l.npm+" has tried to come back", func() bool { return e.tried(t, l) == eachLibrary })
		}
	}
}

// tried is the number of clients of l that have tried to come back.
func (e *expedition) tried(t *testing.T, l *library) (n int) {
	t.Helper()
	for id, c := range e.holter.clients(t) {
		if strings.HasPrefix(id, l.npm) && len(c.Attempts) > 0 {
			n++
		}
	}
	return n
}

// watch looks at the storm until it is over: not as often as it can, because to forecast a storm takes a while.
func (e *expedition) watch(t *testing.T) {
	t.Helper()
	ticks := time.NewTicker(500 * time.Millisecond)
	defer ticks.Stop()
	for e.end.EndedAt == nil {
		now := <-ticks.C
		if now.Sub(e.began) > e.refused+2*patience {
			t.Fatalf("%v after the refusal the storm is not over: %+v", now.Sub(e.began)-e.refused, e.end.StormSummary)
		}
		storms := e.holter.storms(t)
		if len(storms) != 1 {
			continue
		}
		if e.end = storms[0]; now.Sub(e.began) < e.refused {
			e.mid = e.end
		}
	}
	e.clients = e.holter.clients(t)
}

// byClient are the delays before each attempt of each of l's clients, in seconds.
func (e *expedition) byClient(l *library) (all [eachLibrary][]float64) {
	for i := range all {
		for _, a := range e.clients[fmt.Sprintf("%s-%d", l.npm, i+1)].Attempts {
			all[i] = append(all[i], a.DelayMS.Duration().Round(time.Millisecond).Seconds())
		}
	}
	return all
}

// byAttempt are the delays before each attempt of all of l's clients in order, in seconds.
func (e *expedition) byAttempt(l *library) (all [][]float64) {
	for _, delays := range e.byClient(l) {
		for k, delay := range delays {
			if k == len(all) {
				all = append(all, nil)
			}
			all[k] = append(all[k], delay)
		}
	}
	for _, delays := range all {
		slices.Sort(delays)
	}
	return all
}

// behaved wants the clients of l to do what is written of it, and notes whether they were late.
func (e *expedition) behaved(t *testing.T, l *library) {
	t.Helper()
	var medians []string
	for k, delays := range e.byAttempt(l) {
		if n := len(delays); n == eachLibrary && k < len(l.delays) {
			low, high := l.delays[k][0], 1.02*l.delays[k][1]
			medians = append(medians, fmt.Sprintf("%.2f", delays[n/2]))
			e.late[l] = e.late[l] || delays[n*3/4] > high+0.03
			if delays[n/10] < 0.98*low-0.02 || delays[n-1-n/10] > high+busy {
				t.Errorf("%s waits for %v s before attempt %d, not for %v to %v s", l.npm, delays, k+1, low, high)
			}
		}
	}
	t.Logf("%s: medians %s s, late: %t", l.npm, strings.Join(medians, " "), e.late[l])
	if len(medians) < 2 {
		t.Errorf("%s: of %d attempts all delays are known", l.npm, len(medians))
	}
}

// recognised wants holter to tell the policy of l, or to say why it does not. With little confidence it may be wrong.
func (e *expedition) recognised(t *testing.T, l *library, when string, policies []api.Policy) {
	t.Helper()
	i := slices.IndexFunc(policies, func(p api.Policy) bool { return p.Path == l.path })
	if i < 0 {
		t.Errorf("%s, %s: nothing is said of %s", l.npm, when, l.path)
		return
	}
	p := &policies[i]
	told := fmt.Sprintf("%s, %s: %q, %s from %.0f ms ×%.3g to %.0f ms %v, jitter %s ±%.0f %%, confidence %.2f of %d attempts",
		l.npm, when, p.Like, p.Kind, float64(p.BaseMS), p.Factor, float64(p.CapMS), p.StepsMS, p.Jitter, 100*p.Share, p.Confidence, p.Attempts)
	switch {
	case p.Kind == model.PolicyUnknown && (p.Doubt == nil || p.Doubt.Detail == "" || len(p.Doubt.Seen) == 0):
		t.Errorf("unknown without a reason: %s", told)
	case p.Kind == model.PolicyUnknown:
		t.Logf("unknown: %s: %s; by client %v", told, p.Doubt.Detail, e.byClient(l))
	case l.agrees(p):
		e.right[l]++
		t.Logf("right: %s", told)
	case p.Confidence >= 0.6:
		t.Errorf("wrong: %s; by client %v", told, e.byClient(l))
	default:
		t.Logf("wrong, but hardly sure: %s", told)
	}
}

// agrees reports whether p is the policy of l, by its name or by its delays.
func (l *library) agrees(p *api.Policy) bool {
	if p.Like != "" {
		return !slices.ContainsFunc(strings.Split(p.Like, model.LikeEither), func(name string) bool { return !slices.Contains(l.names, name) })
	}
	if p.Kind != l.kind && p.Kind != model.PolicySteps { // a table may have the delays of any kind
		return false
	}
	exact := !slices.ContainsFunc(l.delays, func(d [2]float64) bool { return d[1]-d[0] > 0.1*d[1] })
	return (p.Jitter == l.jitter || exact && p.Jitter == model.JitterNone) && l.has(fromWire(p))
}

// has reports whether the first delays of l are those of p.
func (l *library) has(p *model.Policy) bool {
	shown := min(len(l.delays), 4)
	if p.Kind == model.PolicySteps {
		shown = min(shown, len(p.Steps))
	}
	for k, drawn := range extremesOf(p, shown) {
		if want := l.delays[k]; !agree(drawn[0], want[0]) || !agree(drawn[1], want[1]) {
			return false
		}
	}
	return true
}

// extremesOf are the shortest and the longest delay of p before each of its first n attempts in seconds, of all clients but
// the oddest.
func extremesOf(p *model.Policy, n int) (extremes [][2]float64) {
	const clients, odd = 5000, 10
	random := rand.New(rand.NewPCG(1, 1))
	before := make([]time.Duration, clients)
	for k := range n {
		for i := range before {
			before[i] = p.Draw(k+1, before[i], random)
		}
		sorted := slices.Sorted(slices.Values(before))
		extremes = append(extremes, [2]float64{sorted[odd].Seconds(), sorted[clients-1-odd].Seconds()})
	}
	return extremes
}

// fromWire returns what the API says of a policy, as far as it decides on its delays.
func fromWire(p *api.Policy) *model.Policy {
	m := &model.Policy{
		Kind: p.Kind, Base: p.BaseMS.Duration(), Factor: p.Factor, Step: p.StepMS.Duration(), Cap: p.CapMS.Duration(),
		Jitter: p.Jitter, Share: p.Share, AddedFrom: p.AddedMS[0].Duration(), AddedTo: p.AddedMS[1].Duration(), Carried: p.Carried,
	}
	for i, step := range p.StepsMS {
		m.Steps = append(m.Steps, step.Duration())
		if i < len(p.EndsMS) {
			m.Ends = append(m.Ends, p.EndsMS[i].Duration())
		}
	}
	return m
}

// agree reports whether two delays in seconds are the same, but for what a busy machine adds.
func agree(told, real float64) bool { return told >= 0.88*real-0.05 && told <= 1.12*real+busy }

// busy is how late the clients of a fleet may be that have all lost their connections together, in seconds.
const busy = 0.25
