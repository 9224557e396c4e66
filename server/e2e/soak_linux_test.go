package e2e

import (
	"bufio"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"holter/probe/process"
	"holter/server/api"
)

const (
	soakVariable = "HOLTER_E2E_SOAK" // how long the soak takes
	soakDirect   = 4500              // clients
	soakProxied  = 500
	soakClients  = soakDirect + soakProxied
	soakLateness = 50.0 // ms, which 1 of 100 beats may be late or more

	soakRound = time.Minute
	// At these times of a round
	faultsBegin  = 4 * time.Second
	kicksBegin   = 8 * time.Second
	reloads      = 10 * time.Second
	faultsEnd    = 12 * time.Second
	stormBegins  = 18 * time.Second
	foesLeave    = 45 * time.Second
	roundIsTaken = 56 * time.Second
)

// Of a hundred clients one has a name that ends so, and is disturbed each minute, and another one is kicked.
const (
	disturbedEnd = "07"
	kickedEnd    = "13"
	foesName     = "foe"
)

func disturbed(client string) bool { return strings.HasSuffix(client, disturbedEnd) }

// settings of the house in two versions. Each minute the other one takes its place.
var settings = [2]string{
	"accept-rate: 0\nmax-conns: 100000\n",
	"max-conns: 90000\nmax-conns-per-ip: 80000\nalert:\n  - alert: ManyFailed\n    expr: count(state=failed) > 4000\n",
}

// soak is a holter that is used and abused for a while, with another one in front of it that some of its clients come through.
type soak struct {
	serve, proxy *house
	parties      []*attendance
	foes         *foes
	settings     string // the file
	begin        time.Time
	storms       int
	late         []float64 // how late beats were, in ms
	metronome    *metronome
}

// house is one holter, and what is known of it.
type house struct {
	name   string
	p      *program
	ledger *ledger
	wanted map[string]int // ends of the connections of parties, by whom and with which code
	rests  []rest
}

// attendance is a party, and what is known of it.
type attendance struct {
	*party
	houses []*house    // that its connections go through, the last of them first
	codes  map[int]int // with which the clients should have seen their connections end
	ends   int
}

// rest is what a process needs in a moment in which nothing happens but beats.
type rest struct {
	goroutines, files int
	rss, heap         float64 // MiB
}

// outcome is how connections end: as a house and the clients see it. Of the proxy by and code are what it sees where it is the
// house behind it that ends the connection.
type outcome struct {
	by, byProxied  string
	code, seenCode int
}

var (
	byKick  = outcome{"holter", "app", 1001, 1001}
	byOrder = outcome{"holter", "app", 1012, 1012}
	byReset = outcome{"holter", "app", 1006, 0}
	byCut   = outcome{"holter", "app", 1011, 1011}
	byLoss  = outcome{"network", "network", 1006, 0}
	byLeave = outcome{"peer", "peer", 1000, 1000}
)

// A holter is used and abused for minutes or an hour. Each minute all of its clients are thrown out in another way, some are
// kicked, some disturbed, and foes do their worst all the time. No connection is lost or counted twice, every event is
// accounted for, the beats are on time, and the process does not grow.
func TestSoak(t *testing.T) {
	text := os.Getenv(soakVariable)
	if text == "" {
		t.Skipf("it takes minutes: %s=4m asks for it", soakVariable)
	}
	length, err := time.ParseDuration(text)
	if err != nil || length < soakRound {
		t.Fatalf("%s=%s: write a time of a minute or more", soakVariable, text)
	}
	if err := process.CanOpen(soakClients + 2*soakProxied); err != nil {
		t.Skip(err)
	}
	s := openSoak(t)
	before := s.measure(t)
	s.invite(t, "regular", soakDirect, s.serve)
	s.invite(t, "visitor", soakProxied, s.serve, s.proxy)
	s.gather(t, "at the beginning")
	s.begin = time.Now()
	for round := 0; round < int(length/soakRound) && !t.Failed(); round++ {
		s.round(t, round)
	}
	s.close(t, before)
}

func openSoak(t *testing.T) *soak {
	t.Helper()
	flags := []string{"--linger", "30s"}
	file := filepath.Join(t.TempDir(), "holter.yaml")
	save(t, file, settings[0])
	serve := start(t, append(flags, "--config", file)...)
	s := &soak{settings: file, serve: openHouse(t, "serve", serve), proxy: openHouse(t, "proxy", launch(t, "proxy", append(flags, serve.page)...))}
	s.foes = newFoes(t, serve)
	s.metronome = startMetronome(t)
	return s
}

func openHouse(t *testing.T, name string, p *program) *house {
	t.Helper()
	go func() { // somebody has to read the log
		for range p.log {
		}
	}()
	h := &house{name: name, p: p, wanted: map[string]int{},
		ledger: newLedger(func(client string) bool { return kindOf(client) == foesName || disturbed(client) })}
	h.ledger.follow(t, p)
	return h
}

func (s *soak) houses() []*house { return []*house{s.serve, s.proxy} }

// invite lets clients in that go through houses, the first of which is the last on their way.
func (s *soak) invite(t *testing.T, name string, n int, houses ...*house) {
	t.Helper()
	door := strings.Replace(houses[len(houses)-1].p.page, "http", "ws", 1)
	orders := regularOrders{URL: strings.TrimSuffix(door, "/") + "/ws", Name: name, Clients: n}
	s.parties = append(s.parties, &attendance{party: invite(t, orders), houses: houses, codes: map[int]int{}})
}

// until waits for that time of a round.
func (s *soak) until(t *testing.T, round int, at time.Duration) {
	t.Helper()
	at += time.Duration(round) * soakRound
	select {
	case <-time.After(time.Until(s.begin.Add(at))):
	case <-t.Context().Done():
	}
}

func (s *soak) round(t *testing.T, round int) {
	t.Helper()
	when := fmt.Sprintf("in minute %d", round+1)
	endFoes := s.foes.loose(t.Context(), 2)
	defer endFoes()
	s.until(t, round, faultsBegin)
	s.disturb(t, "latency=100ms±50ms", "rate=64KiB")
	s.until(t, round, kicksBegin)
	s.kick(t, api.Kick{Q: "client~" + kickedEnd + "$ !" + foesName, Reason: "one of some", OverMS: 2000}, soakClients/100)
	s.ended(byKick, 100)
	s.until(t, round, reloads)
	s.reload(t, round)
	s.until(t, round, faultsEnd)
	s.disturb(t)
	s.gather(t, when+", after some were kicked")
	s.until(t, round, stormBegins)
	begin, how := time.Now(), s.storm(t, round)
	s.gather(t, when+", after "+how)
	back := time.Since(begin)
	s.calm(t, when)
	s.until(t, round, foesLeave)
	endFoes()
	s.until(t, round, roundIsTaken)
	s.take(t, when)
	t.Logf("minute %d: %s, all back after %v", round+1, how, back.Round(10*time.Millisecond))
	for _, h := range s.houses() {
		t.Logf("  %s: %v", h.name, h.rests[round])
	}
}

// disturb puts faults on some clients, and ends those that are on them.
func (s *soak) disturb(t *testing.T, faults ...string) {
	t.Helper()
	s.fault(t, "client~"+disturbedEnd+"$ !"+foesName, soakClients/100, faults...)
}

func (s *soak) fault(t *testing.T, q string, n int, faults ...string) {
	t.Helper()
	var answer api.Disturbed
	s.serve.p.ask(t, http.MethodPost, "/api/v1/faults", api.FaultOrder{Q: q, Faults: append([]string{}, faults...)}, &answer)
	if answer.Disturbed != n {
		t.Errorf("%v on %d clients, not on %d", faults, answer.Disturbed, n)
	}
}

func (s *soak) kick(t *testing.T, k api.Kick, n int) {
	t.Helper()
	if kicked := s.serve.p.kick(t, k); kicked != n {
		t.Errorf("%d clients were kicked, not %d", kicked, n)
	}
}

// reload has holter read other settings, now by a signal and now by a call.
func (s *soak) reload(t *testing.T, round int) {
	t.Helper()
	save(t, s.settings, settings[(round+1)%2])
	if round%2 == 0 {
		s.serve.p.signal(t, syscall.SIGHUP)
	} else if resp, err := http.Post(s.serve.p.admin+"/api/v1/reload", "", nil); err != nil {
		t.Error(err)
	} else {
		resp.Body.Close()
	}
	eventually(t, patience, "the settings are read anew", func() bool { return s.serve.ledger.sum().reloads == round+1 })
}

func save(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ended books that connections end, one of so many.
func (s *soak) ended(how outcome, oneOf int) {
	for _, a := range s.parties {
		n := a.orders.Clients / oneOf
		by := how.by
		for _, h := range a.houses {
			h.wanted[fmt.Sprint(a.orders.Name, " by ", by, " with ", how.code)] += n
			by = how.byProxied
		}
		a.codes[how.seenCode] += n
		a.ends += n
	}
}

// storm throws all clients out, each time in another way, and says how. It takes a second: a reader of events may lose some
// of more than 2048 at once.
func (s *soak) storm(t *testing.T, round int) string {
	t.Helper()
	const all = "!" + foesName
	s.storms++
	switch round % 5 {
	case 0:
		s.serve.p.ask(t, http.MethodPost, "/api/v1/refuse", map[string]int64{"for_ms": 3000}, new(map[string]any))
		s.kick(t, api.Kick{Q: all, Code: 1012, Reason: "deploy", OverMS: 1000}, soakClients)
		s.ended(byOrder, 1)
		return "a deploy"
	case 1:
		s.kick(t, api.Kick{Q: all, RST: true, OverMS: 1000}, soakClients)
		s.ended(byReset, 1)
		return "a reset of all connections by holter"
	case 2:
		for _, a := range s.parties {
			a.reset(t)
		}
		s.ended(byLoss, 1)
		return "a reset of all connections by the clients"
	case 3:
		for last := range 10 {
			s.fault(t, fmt.Sprintf("client~%d$ %s", last, all), soakClients/10, "cut=1011")
			pause(t.Context(), 100*time.Millisecond)
		}
		s.ended(byCut, 1)
		return "a cut of all connections"
	default:
		s.kick(t, api.Kick{Q: all, Reason: "drain", OverMS: 5000}, soakClients)
		s.ended(byKick, 1)
		return "a drain within 5 s"
	}
}

// gather waits until all that should have ended has, and all clients are there again.
func (s *soak) gather(t *testing.T, when string) {
	t.Helper()
	there := func() bool {
		for _, a := range s.parties {
			for _, h := range a.houses {
				sum := h.ledger.sum()
				if sum.openOf[a.orders.Name] != a.orders.Clients || sum.openedOf[a.orders.Name] != a.orders.Clients+a.ends {
					return false
				}
			}
		}
		return true
	}
	for deadline := time.Now().Add(2 * patience); !there(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			for _, h := range s.houses() {
				t.Errorf("%s: %s has not all: %+v, %q", when, h.name, h.ledger.sum(), h.ledger.found())
			}
			for _, a := range s.parties {
				t.Errorf("%s: %+v, %q", a.orders.Name, a.sum(), a.found())
			}
			t.FailNow()
		}
	}
}

// calm waits for the end of the storm.
func (s *soak) calm(t *testing.T, when string) {
	t.Helper()
	for _, h := range s.houses() {
		eventually(t, 2*patience, "the storm is over "+when+" for "+h.name, func() bool {
			sum := h.ledger.sum()
			return sum.stormsBegun == s.storms && sum.stormsOff == s.storms
		})
	}
}

// take looks at holters that rest: what they need, what they count, and how late beats were.
func (s *soak) take(t *testing.T, when string) {
	t.Helper()
	for i, now := range s.measure(t) {
		h, n := s.houses()[i], 0
		h.rests = append(h.rests, now)
		for _, a := range s.parties {
			if slices.Contains(a.houses, h) {
				n += a.orders.Clients
			}
		}
		if states := h.p.summary(t).States; states.Normal != n || states.Suspect > 0 { // foes that failed stay on the list
			t.Errorf("%s, %s at rest with %d clients: %+v", when, h.name, n, states)
		}
	}
	s.compare(t, when)
	s.beats(t, when)
}

// compare compares what all say of the connections.
func (s *soak) compare(t *testing.T, when string) {
	t.Helper()
	found := s.differences(t)
	for deadline := time.Now().Add(patience); len(found) > 0 && time.Now().Before(deadline); found = s.differences(t) {
		time.Sleep(100 * time.Millisecond)
	}
	for _, h := range s.houses() {
		found = append(found, h.ledger.found()...)
	}
	for _, a := range s.parties {
		found = append(found, a.found()...)
	}
	mistakes, _ := s.foes.found()
	for _, what := range append(found, mistakes...) {
		t.Errorf("%s: %s", when, what)
	}
}

// differences are what is counted differently.
func (s *soak) differences(t *testing.T) (found []string) {
	t.Helper()
	same := func(what string, one, two any) {
		if fmt.Sprint(one) != fmt.Sprint(two) {
			found = append(found, fmt.Sprintf("%s: %v and %v", what, one, two))
		}
	}
	for _, h := range s.houses() {
		sum, figures, of := h.ledger.sum(), h.p.figures(t), " of "+h.name
		same("events that a reader lost who reads all the time"+of, sum.dropped, 0)
		ends := maps.Clone(sum.endsOf)
		maps.DeleteFunc(ends, func(what string, _ int) bool { return strings.HasPrefix(what, foesName) })
		same("ends by events, and as they should be"+of, ends, h.wanted)
		same("connections opened, by events and by metrics"+of, sum.opened, int(figures[`holter_connections_opened_total{side="client"}`]))
		same("connections closed, by events and by metrics"+of, sum.closed, int(figures[`holter_connections_closed_total{side="client"}`]))
		same("connections open, by events and by metrics"+of, sum.open, int(figures[`holter_connections{side="client"}`]))
		same("handshakes refused, by events and by metrics"+of, sum.refused, int(figures["holter_handshakes_refused_total"]))
		same("connections opened, and closed or open"+of, sum.opened, sum.closed+sum.open)
		for _, a := range s.parties {
			if name := a.orders.Name; slices.Contains(a.houses, h) {
				clients := a.sum()
				same("connections opened, by events and by "+name+of, sum.openedOf[name], clients.opened)
				same("upgrades refused, by events and by "+name+of, sum.refusedOf[name], clients.refused)
				same("connections opened by "+name+", and ended or open"+of, clients.opened, clients.stays+sum.openOf[name])
			}
		}
	}
	for _, a := range s.parties {
		same("ends by "+a.orders.Name+", and as they should be", a.sum().ended, a.codes)
	}
	same("connections opened, by events and by foes", s.serve.ledger.sum().openedOf[foesName], s.foes.upgraded.Load())
	return found
}

// beats books how late the beats were of connections that have ended: pings come an interval apart. Clients behind a proxy get
// those of both houses.
func (s *soak) beats(t *testing.T, when string) {
	t.Helper()
	for _, a := range s.parties {
		for _, stay := range a.took() {
			interval, known := a.houses[0].ledger.interval(stay.Client, stay.Number)
			if !known {
				t.Errorf("%s: connection %d of %s is not known", when, stay.Number, stay.Client)
				continue
			}
			if disturbed(stay.Client) || len(a.houses) > 1 {
				continue
			}
			for _, gap := range stay.Gaps {
				s.late = append(s.late, gap-interval)
			}
		}
	}
}

// close has all clients leave, and looks at what is left.
func (s *soak) close(t *testing.T, before []rest) {
	t.Helper()
	for _, a := range s.parties {
		a.leave(t)
	}
	s.ended(byLeave, 1)
	s.compare(t, "at the end")
	s.beats(t, "at the end")
	s.punctual(t)
	for i, h := range s.houses() {
		h.flat(t)
		const slack = 20
		var after rest
		eventually(t, 3*patience, "nothing is left of the connections of "+h.name, func() bool {
			after = s.measure(t)[i]
			return after.goroutines <= before[i].goroutines+slack && after.files <= before[i].files+slack
		})
		sum := h.ledger.sum()
		t.Logf("%s: %d events, %d connections, %d handshakes refused; ends: %v; late itself: %+v", h.name, sum.seq, sum.opened, sum.refused, sum.endsOf, h.ledger.late)
		t.Logf("  before: %v", before[i])
		t.Logf("  after: %v", after)
	}
	messages := 0
	for _, a := range s.parties {
		messages += a.sum().messages
	}
	_, acts := s.foes.found()
	t.Logf("%d messages of clients came back; foes did so often: %s", messages, acts)
}

// punctual looks at how late beats were. A beat follows the one before after an interval and up to 40 ms, as holter waits that
// long to send many at once.
func (s *soak) punctual(t *testing.T) {
	t.Helper()
	if len(s.late) == 0 {
		t.Error("no beats")
		return
	}
	machine := s.metronome.late()
	t.Logf("%d beats were late by %s; a timer of the test by %s", len(s.late), percentiles(s.late), percentiles(machine))
	if late := share(s.late, 0.99); late <= soakLateness {
		return
	} else if share(machine, 0.99) > busyMachine {
		t.Logf("1 %% of the beats were late by %.1f ms or more, on a machine that let others wait too", late)
	} else {
		t.Errorf("1 %% of the beats were late by %.1f ms or more", late)
	}
}

// share returns that of which so much is less, in an ordered list.
func share(ordered []float64, part float64) float64 {
	return ordered[int(part*float64(len(ordered)-1))]
}

// percentiles orders a list of times in ms, and describes it.
func percentiles(list []float64) string {
	slices.Sort(list)
	return fmt.Sprintf("%.1f ms (half of them, or more), %.1f (10 %%), %.1f (1 %%), %.1f (0.1 %%), %.1f (one)",
		share(list, 0.5), share(list, 0.9), share(list, 0.99), share(list, 0.999), share(list, 1))
}

// metronome is a timer by which one sees how long a machine lets programs wait.
type metronome struct {
	stop func()
	ms   []float64 // how late each tick was; to be read after stop
}

const (
	tick        = 20 * time.Millisecond
	busyMachine = 5.0 // ms by which one of a hundred ticks is late, or more
)

func startMetronome(t *testing.T) *metronome {
	m, over, done := new(metronome), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for begin := time.Now(); ; begin = time.Now() {
			select {
			case <-over:
				return
			case <-time.After(tick):
				m.ms = append(m.ms, float64((time.Since(begin)-tick).Microseconds())/1000)
			}
		}
	}()
	m.stop = sync.OnceFunc(func() {
		close(over)
		<-done
	})
	t.Cleanup(m.stop)
	return m
}

func (m *metronome) late() []float64 {
	m.stop()
	return m.ms
}

// flat looks whether what the process needs has grown.
func (h *house) flat(t *testing.T) {
	t.Helper()
	if len(h.rests) < 2 {
		return
	}
	const slack, growth, warm = 20, 1.15, 8 // of memory so much more, and so many MiB
	first, last := h.rests[0], h.rests[len(h.rests)-1]
	if last.goroutines > first.goroutines+slack || last.files > first.files+slack {
		t.Errorf("%s after the first minute: %v; at the end: %v", h.name, first, last)
	}
	half := len(h.rests) / 2
	if early, late := memoryOf(h.rests[:half]), memoryOf(h.rests[half:]); late > early*growth+warm {
		t.Errorf("%s took %.0f MiB in the first half and %.0f in the second", h.name, early, late)
	}
}

// memoryOf is the mean, as memory depends on how much garbage there is.
func memoryOf(rests []rest) (mib float64) {
	for _, r := range rests {
		mib += r.rss / float64(len(rests))
	}
	return mib
}

func (r rest) String() string {
	return fmt.Sprintf("%d goroutines, %d open files, %.0f MiB of which %.0f in use", r.goroutines, r.files, r.rss, r.heap)
}

// measure looks at each of the houses.
func (s *soak) measure(t *testing.T) (all []rest) {
	t.Helper()
	for _, h := range s.houses() {
		f := h.p.figures(t)
		all = append(all, rest{int(f["go_goroutines"]), int(f["process_open_fds"]), f["process_resident_memory_bytes"] / (1 << 20), f["go_memstats_heap_inuse_bytes"] / (1 << 20)})
	}
	return all
}

// figures are the metrics of holter: summed over all labels and, where there is one, over all with the same side.
func (p *program) figures(t *testing.T) map[string]float64 {
	t.Helper()
	resp, err := http.Get(p.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all := map[string]float64{}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		text := lines.Text()
		at := strings.LastIndexByte(text, ' ')
		if strings.HasPrefix(text, "#") || at < 0 {
			continue
		}
		value, err := strconv.ParseFloat(text[at+1:], 64)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		name, labels, _ := strings.Cut(text[:at], "{")
		all[name] += value
		for _, side := range []string{`side="client"`, `side="upstream"`} {
			if strings.Contains(labels, side) {
				all[name+"{"+side+"}"] += value
			}
		}
	}
	return all
}
