package reconnect

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"holter/model"
)

// row is a kind of clients in the table.
type row struct {
	name     string
	policies []model.Policy
	obeys    bool
	least    float64 // share that must be told right if 200 clients are read afterwards, and asked for nothing that hides it
	around   circumstances
}

func (w *row) mixed() bool { return len(w.policies) > 1 }

// rows are the kinds of clients in the table: one of each kind of policy, those that were told wrong once, all known clients, and
// mixtures of two.
func rows(t *testing.T) []row {
	of := func(backoff, jitter string) model.Policy { return *parsed(t, backoff, jitter) }
	capless := func(backoff, jitter string) model.Policy {
		p := of(backoff, jitter)
		p.Cap = 0
		return p
	}
	list := []row{
		{"at once", []model.Policy{of("none", "")}, false, 0.9, usual},
		{"fixed 2 s", []model.Policy{of("fixed:2s", "none")}, false, 0.9, usual},
		{"fixed 3 s ±20 %", []model.Policy{of("fixed:3s", "around20")}, false, 0.9, usual},
		{"fixed 8 s, full", []model.Policy{of("fixed:8s", "full")}, false, 0.9, usual},
		{"1 s ×2", []model.Policy{capless("exponential:1s,2,1h", "none")}, false, 0.9, usual},
		{"0.5 s ×1.5 to 10 s", []model.Policy{of("exponential:500ms,1.5,10s", "none")}, false, 0.9, usual},
		{"AWS full", []model.Policy{of("exponential:1s,2,20s", "full")}, false, 0.9, usual},
		{"AWS equal", []model.Policy{of("exponential:1s,2,20s", "equal")}, false, 0.9, usual},
		{"AWS decorrelated", []model.Policy{of("exponential:1s,3,60s", "decorrelated")}, false, 0.9, usual},
		{"2 s ×1.7 + U(0.5, 2)", []model.Policy{of("exponential:2s,1.7,60s", "added:500ms..2s")}, false, 0.6, usual},
		{"2 s ×1.5 to 12 s, ±50 % once", []model.Policy{of("exponential:2s,1.5,12s", "once:50%")}, false, 0.9, usual},
		{"6 s ±40 % once", []model.Policy{of("fixed:6s", "once:40%")}, false, 0.9, usual},
		{"1 s + 2 s to 9 s", []model.Policy{of("linear:1s,2s,9s", "none")}, false, 0.9, usual},
		{"linear 1 s, equal", []model.Policy{of("linear:1s,1s,10s", "equal")}, false, 0.5, usual},
		{"a table", []model.Policy{of("steps:1s,1s,1s,5s,5s,5s,30s", "none")}, false, 0.9, usual},
		{"a table of ranges", []model.Policy{of("steps:0s,1s..4s,4s,10s..12s", "none")}, false, 0, usual},
		{"1 s ×2 to 10 s, obeys", []model.Policy{of("exponential:1s,2,10s", "none")}, true, 0, usual},
		{"AWS full to 10 s, obeys", []model.Policy{of("exponential:1s,2,10s", "full")}, true, 0, usual},
		{"fixed 2 s, obeys", []model.Policy{of("fixed:2s", "none")}, true, 0, usual},
	}
	for i := range KnownClients {
		least := 0.9
		if strings.HasPrefix(KnownClients[i].Name, "OCPP") { // their third attempt may come after two minutes
			least = 0.3
		}
		list = append(list, row{KnownClients[i].Name, []model.Policy{KnownClients[i].Policy}, false, least, usual})
	}
	for _, pair := range [][2]model.Policy{
		{capless("exponential:1s,2,1h", "none"), of("fixed:1s", "none")},
		{capless("exponential:1s,2,1h", "none"), capless("exponential:1s,1.4,1h", "none")},
		{of("exponential:1s,2,20s", "full"), of("exponential:1s,2,20s", "equal")},
		{of("exponential:1s,2,20s", "full"), of("exponential:2s,2,40s", "full")},
		{of("exponential:1s,2,20s", "full"), Find("Socket.IO").Policy},
		{of("fixed:3s", "around20"), of("fixed:5s", "full")},
		{of("exponential:1s,1.3,30s", "around20"), Find("gRPC").Policy},
		{Find("Phoenix").Policy, Find("SignalR").Policy},
		{Find("reconnecting-websocket").Policy, Find("Socket.IO").Policy},
		{Find("graphql-ws").Policy, of("exponential:1s,2,20s", "equal")},
		{Find("Home Assistant").Policy, Find("SignalR").Policy},
	} {
		list = append(list, row{"two: " + pair[0].String() + " and " + pair[1].String(), pair[:], false, 0, usual})
	}
	return append(list, []row{{"1 s ±20 %", []model.Policy{of("fixed:1s", "around20")}, false, 0.9, usual},
		{"1 s ±20 %, never in", []model.Policy{of("fixed:1s", "around20")}, false, 0.8, neverIn},
		{"1 s ±20 %, 2 % late", []model.Policy{of("fixed:1s", "around20")}, false, 0.9, moreLate},
		{"0.5 s ×2 to 8 s ±20 %, 2 % late", []model.Policy{of("exponential:500ms,2,8s", "around20")}, false, 0.9, moreLate},
		{"0.5 s ×2 to 8 s, 2 % late", []model.Policy{of("exponential:500ms,2,8s", "none")}, false, 0.9, moreLate},
		{"AWS full, 2 % late", []model.Policy{of("exponential:1s,2,20s", "full")}, false, 0.9, moreLate},
		{"Socket.IO, 2 % late", []model.Policy{Find("Socket.IO").Policy}, false, 0.9, moreLate},
		{"MQTT.js, 2 % late", []model.Policy{Find("MQTT.js").Policy}, false, 0.9, moreLate},
		{"1 s + 2 s to 9 s, 2 % late", []model.Policy{of("linear:1s,2s,9s", "none")}, false, 0.9, moreLate},
		{"0.5 s ×2 to 8 s, stalls", []model.Policy{of("exponential:500ms,2,8s", "none")}, false, 0, stalling},
		{"2 s ×1.5 to 30 s, stalls", []model.Policy{of("exponential:2s,1.5,30s", "none")}, false, 0, stalling},
		{"1 s + 2 s to 9 s, stalls", []model.Policy{of("linear:1s,2s,9s", "none")}, false, 0, stalling},
		{"700 ms ×1.8 to 11 s, stalls", []model.Policy{of("exponential:700ms,1.8,11s", "none")}, false, 0, stalling},
		{"AWS full, stalls", []model.Policy{of("exponential:1s,2,20s", "full")}, false, 0, stalling},
		{"fixed 2 s, stalls", []model.Policy{of("fixed:2s", "none")}, false, 0, stalling},
		{"SignalR, stalls", []model.Policy{Find("SignalR").Policy}, false, 0, stalling},
	}...)
}

// right reports whether a policy was told as it is: by the name of its client, or by its kind with all figures that the
// attempts up to the given one show. Bases, steps and ends may be 15 % and 0.1 s off, a factor 8 %, a cap 15 %, and the share of a
// jitter 0.1. Clients that obey must be said to do so, and others must not. Two populations in one pool are never one policy.
func (w *row) right(p *model.PoolPolicy, attempts int, asked asking) bool {
	truth := &w.policies[0]
	if w.mixed() || p.Obeys != (w.obeys && asked != asksNothing) {
		return false
	}
	for _, name := range p.Names() {
		if known := Find(name); known != nil {
			return slices.Contains(p.Names(), w.name) || sameDelays(&known.Policy, truth)
		}
	}
	near := func(a, b time.Duration) bool { return math.Abs(float64(a-b)) <= max(0.15*float64(b), 1e8) }
	jitter := truth.Jitter
	if jitter == "" {
		jitter = model.JitterNone
	}
	if truth.Jitter == model.JitterRanges && (truth.Kind != p.Kind || p.Jitter == model.JitterNone) {
		// too narrow to be seen
		for i, end := range truth.Ends {
			if end-truth.Steps[i] > 200*time.Millisecond && i < attempts {
				return false
			}
		}
		jitter = model.JitterNone
	}
	if p.Kind != truth.Kind || p.Jitter != jitter || math.Abs(p.Share-truth.Share) > 0.1 && truth.Jitter != model.JitterDecorrelated && truth.Jitter != model.JitterAdded && truth.Jitter != model.JitterRanges {
		return false
	}
	switch p.Kind {
	case model.PolicyExponential, model.PolicyFixed, model.PolicyLinear:
		capped := truth.Cap > 0 && truth.Delay(attempts-2) >= truth.Cap && truth.Jitter != model.JitterDecorrelated // twice at least
		if !near(p.Base, truth.Base) || !near(p.Step, truth.Step) || capped != (p.Cap > 0) && (capped || p.Cap < truth.Cap*85/100) || p.Cap > 0 && truth.Cap > 0 && !near(p.Cap, truth.Cap) {
			return false
		}
		if p.Kind == model.PolicyExponential && p.Jitter != model.JitterDecorrelated && math.Abs(p.Factor/truth.Factor-1) > 0.08 {
			return false
		}
		return p.Jitter != model.JitterAdded || near(p.AddedTo-p.AddedFrom, truth.AddedTo-truth.AddedFrom) && near(p.Base+p.AddedFrom, truth.Base+truth.AddedFrom)
	case model.PolicySteps:
		for k := range p.Steps {
			want, end := truth.Span(k+1, -1), p.Steps[k]
			if k < len(p.Ends) {
				end = p.Ends[k]
			}
			off := 0.15*(want.High-want.Low) + 0.03*want.High + 0.1
			if math.Abs(p.Steps[k].Seconds()-want.Low) > off && p.Jitter != model.JitterNone || math.Abs(end.Seconds()-want.High) > off {
				return false
			}
		}
	}
	return true
}

// tally counts how the populations of one row were told.
type tally struct {
	right, unknown, wrong, sure int // sure: wrong with a confidence of 0.6 and more
}

func (y *tally) percent(n int) float64 {
	return 100 * float64(n) / float64(max(1, y.right+y.unknown+y.wrong))
}

func (y *tally) count(v verdict, confidence float64) {
	switch v {
	case toldRight:
		y.right++
	case toldUnknown:
		y.unknown++
	case toldWrong:
		y.wrong++
		if confidence >= 0.6 {
			y.sure++
		}
	}
}

type verdict uint8

const (
	toldRight verdict = iota
	toldUnknown
	toldWrong
)

// story is one population of a row, as it was told.
type story struct {
	model.PoolPolicy
	verdict
	big, after bool
	asked      asking
}

// tell simulates the population of a row with that seed.
func (w *row) tell(number, seed int) (x story) {
	r := rand.New(rand.NewPCG(uint64(number), uint64(seed)))
	x.big, x.after, x.asked = seed%2 == 1, seed/2%2 == 1, asking(seed/4%askings)
	clients := 24
	if x.big {
		clients = 200
	}
	p := newPopulation(r, clients, x.asked)
	p.obeys, p.circumstances = w.obeys, w.around
	for i := range w.policies {
		p.policies = append(p.policies, &w.policies[i])
	}
	now := begun + model.Instant(float64(p.refused)*(0.3+0.7*r.Float64()))
	if x.after {
		now = begun + model.Instant(p.refused) + model.Instant(time.Minute+time.Duration(r.IntN(60))*time.Second)
	}
	members := p.read(r, now)
	x.PoolPolicy = largest(members, now)
	x.verdict = toldWrong
	if x.Kind == model.PolicyUnknown {
		x.verdict = toldUnknown
	} else if w.right(&x.PoolPolicy, attemptsSeen(members, now), x.asked) {
		x.verdict = toldRight
	}
	return x
}

// attemptsSeen returns how many attempts are known of enough clients.
func attemptsSeen(members []*Attempts, now model.Instant) int {
	var l ladder
	if l.climb(members, now, false); len(l.rungs) == 0 {
		return 0
	}
	return l.rungs[len(l.rungs)-1].number
}

// fleetsOfRow is how many populations of each row the table has. HOLTER_E2E_FLEETS changes it.
func fleetsOfRow(t *testing.T) int {
	text := os.Getenv("HOLTER_E2E_FLEETS")
	if text == "" {
		return 24
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("HOLTER_E2E_FLEETS is %q: write a number such as 300", text)
	}
	return n
}

// Each kind of clients is told right or is unknown, and hardly ever told wrong with confidence, whether there are 24 clients or 200,
// while they are refused and afterwards, and whatever refusals ask for.
func TestTable(t *testing.T) {
	fleets := fleetsOfRow(t)
	var table strings.Builder
	var bins [10]tally // by confidence
	fmt.Fprintf(&table, "of %d populations each, in %%           right unknown wrong sure | right: 24 200  refused after | none const varied  why unknown\n", fleets)
	for number, w := range rows(t) {
		var all, clear tally
		var parts [7]tally
		doubts, said := map[model.DoubtReason]int{}, map[string]int{}
		for seed := range fleets {
			x := w.tell(number, seed)
			counts := []*tally{&all, &parts[0], &parts[2], &parts[4+int(x.asked)], &bins[min(9, int(10*x.Confidence))]}
			if x.big {
				counts[1] = &parts[1]
			}
			if x.after {
				counts[2] = &parts[3]
			}
			if x.big && x.after && x.asked == asksNothing {
				counts = append(counts, &clear)
			}
			for _, y := range counts {
				y.count(x.verdict, x.Confidence)
			}
			switch x.verdict {
			case toldUnknown:
				doubts[x.Doubt.Reason]++
			case toldWrong:
				said[fmt.Sprintf("%s %s, obeys %t (%.2f, seed %d)", x.Policy, x.Like, x.Obeys, x.Confidence, seed)]++
			}
		}
		fmt.Fprintf(&table, "%-40.40s %5.0f %7.0f %5.0f %4.0f |", w.name, all.percent(all.right), all.percent(all.unknown), all.percent(all.wrong), all.percent(all.sure))
		for _, y := range parts {
			fmt.Fprintf(&table, " %3.0f", y.percent(y.right))
		}
		fmt.Fprintf(&table, "  %v\n", doubts)
		if all.percent(all.wrong) > 10 || float64(all.sure) >= max(2, 0.02*float64(fleets)) {
			t.Errorf("%s: %d of %d wrong, %d of them surely: %v", w.name, all.wrong, fleets, all.sure, said)
		}
		if fleets >= 100 && clear.percent(clear.right) < 100*w.least {
			t.Errorf("%s: %.0f %% of the clear ones right", w.name, clear.percent(clear.right))
		}
	}
	for i, y := range bins {
		fmt.Fprintf(&table, "confidence %.1f: %d right, %d wrong\n", float64(i)/10, y.right, y.wrong)
	}
	t.Log("\n" + table.String())
}

// A hub keeps many of them.
func TestAttemptsAreSmall(t *testing.T) {
	if size := unsafe.Sizeof(attempt{}); size != 8 {
		t.Errorf("an attempt takes %d bytes", size)
	}
}

// The first step of a table is the first attempt after the loss, also if the close code asked for a wait.
func TestFirstStepAfterACode(t *testing.T) {
	table := parsed(t, "steps:500ms,3s,7s,9s", "none")
	for _, code := range []int{1006, 1012, 1013} {
		p := population{policies: []*model.Policy{table}, clients: 24, refused: time.Minute, code: code, rtt: 0.002, late: 0.002}
		end := begun + model.Instant(time.Hour)
		got := largest(p.read(rand.New(rand.NewPCG(1, 2)), end), end)
		if got.Kind != model.PolicySteps || got.Steps[0] != 500*time.Millisecond || got.Steps[1] != 3*time.Second {
			t.Errorf("after %d: %+v", code, got.Policy)
		}
	}
}
