package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"holter/server/api"
)

// ledger keeps account of the event stream of a holter: no event may be missing, each connection is opened once and
// closed once, and those of a client are numbered.
type ledger struct {
	sick func(client string) bool // of a client whose state may be other than normal

	mu       sync.Mutex // protects all following
	seq      uint64
	dropped  uint64
	opened   int
	refused  map[string]int       // by the beginning of the client's name, before a hyphen
	closed   map[string]int       // by that, by whom and with which code
	open     map[string]string    // clients, by the id of the connection
	ids      map[string]bool      // all that there ever were
	clients  map[string][]float64 // interval of each of a client's connections, in ms
	storms   map[int]*api.StormSummary
	late     []api.Late
	other    map[string]int // events by type
	mistakes []string
}

func newLedger(sick func(client string) bool) *ledger {
	return &ledger{sick: sick, refused: map[string]int{}, closed: map[string]int{}, open: map[string]string{}, ids: map[string]bool{},
		clients: map[string][]float64{}, storms: map[int]*api.StormSummary{}, other: map[string]int{}}
}

// follow reads the event stream of p from its beginning until the test ends. What comes is taken at once, and
// understood as soon as there is time.
func (l *ledger) follow(t *testing.T, p *program) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.admin+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	lines, done := make(chan []byte, 100_000), make(chan struct{})
	go func() {
		defer close(lines)
		for in := bufio.NewReaderSize(resp.Body, 1<<20); ; {
			line, err := in.ReadBytes('\n')
			if err != nil {
				return // the test is over, or holter is
			}
			lines <- line
		}
	}()
	go func() {
		defer close(done)
		for line := range lines {
			l.line(line)
		}
	}()
	t.Cleanup(func() {
		resp.Body.Close()
		<-done
	})
}

// line books a line of the stream.
func (l *ledger) line(line []byte) {
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var e api.Event
	if err := json.Unmarshal(line, &e); err != nil {
		l.mistake("no event: %v in %.200s", err, line)
		return
	}
	l.book(&e)
}

// mostMistakes bounds what is kept of what does not add up.
const mostMistakes = 20

func (l *ledger) mistake(text string, args ...any) {
	if len(l.mistakes) < mostMistakes {
		l.mistakes = append(l.mistakes, fmt.Sprintf(text, args...))
	}
}

func (l *ledger) book(e *api.Event) {
	step := uint64(1)
	if e.Type == "dropped" {
		step = e.Count
		l.dropped += e.Count
	}
	if e.Seq != l.seq+step {
		l.mistake("event %d (%s, count %d) after event %d", e.Seq, e.Type, e.Count, l.seq)
	}
	l.seq = e.Seq
	switch e.Type {
	case "connection.opened":
		l.arrival(e.Connection)
	case "connection.closed":
		l.departure(e.Connection)
	case "connection.refused":
		l.refused[kindOf(e.Refusal.Client)]++
	case "state.changed":
		if c := e.Connection; !l.sick(c.Client) {
			l.mistake("%s became %s after it was %s: %s", c.Client, e.To, e.From, c.Diagnosis.Detail)
		}
	case "storm.started", "storm.ended":
		l.storms[e.Storm.ID] = &e.Storm.StormSummary
	case "config.reloaded":
		if r := e.Reload; r.Error != "" || len(r.Changed) == 0 || len(r.Kept) > 0 {
			l.mistake("settings read anew by %s: %q, changed %+v, kept %+v", r.By, r.Error, r.Changed, r.Kept)
		}
	case "host.late":
		l.late = append(l.late, *e.Late)
	}
	l.other[string(e.Type)]++
}

func (l *ledger) arrival(c *api.Connection) {
	if l.ids[c.ID] {
		l.mistake("the id %s was used again, for %s", c.ID, c.Client)
	}
	l.opened++
	l.ids[c.ID], l.open[c.ID] = true, c.Client
	l.clients[c.Client] = append(l.clients[c.Client], float64(c.IntervalMS))
	if n := len(l.clients[c.Client]); c.Generation != n {
		l.mistake("connection %d of %s is called its number %d", n, c.Client, c.Generation)
	}
}

func (l *ledger) departure(c *api.Connection) {
	switch client, open := l.open[c.ID]; {
	case !open:
		l.mistake("%s of %s was closed, and is not open", c.ID, c.Client)
	case client != c.Client:
		l.mistake("%s was opened by %s and closed as that of %s", c.ID, client, c.Client)
	}
	delete(l.open, c.ID)
	by, code := "", 0
	if c.Close != nil {
		by, code = c.Close.By, c.Close.Code
	}
	l.closed[fmt.Sprint(kindOf(c.Client), " by ", by, " with ", code)]++
}

// kindOf returns the name of a client without its number.
func kindOf(client string) string {
	kind, _, _ := strings.Cut(client, "-")
	return kind
}

// found returns what does not add up.
func (l *ledger) found() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.mistakes)
}

// sum is what of a ledger can be compared.
type sum struct {
	seq, dropped           uint64
	opened, closed, open   int
	refused                int
	openOf, openedOf       map[string]int // by kind
	endsOf                 map[string]int // by kind, by whom and code
	refusedOf              map[string]int // by kind
	stormsBegun, stormsOff int
	reloads                int
}

func (l *ledger) sum() sum {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := sum{seq: l.seq, dropped: l.dropped, opened: l.opened, open: len(l.open), endsOf: maps.Clone(l.closed), refusedOf: maps.Clone(l.refused),
		openOf: map[string]int{}, openedOf: map[string]int{}, stormsBegun: l.other["storm.started"], stormsOff: l.other["storm.ended"], reloads: l.other["config.reloaded"]}
	for _, n := range l.closed {
		s.closed += n
	}
	for _, n := range l.refused {
		s.refused += n
	}
	for _, client := range l.open {
		s.openOf[kindOf(client)]++
	}
	for client, connections := range l.clients {
		s.openedOf[kindOf(client)] += len(connections)
	}
	return s
}

// interval returns the time between two beats of a client's connection, in ms.
func (l *ledger) interval(client string, number int) (ms float64, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.clients[client]
	if number < 1 || number > len(all) {
		return 0, false
	}
	return all[number-1], true
}

// A ledger finds what it is there to find.
func TestLedger(t *testing.T) {
	const opened = `{"seq":1,"type":"connection.opened","connection":{"id":"c1","client":"tester-1","generation":1,"interval_ms":5000}}`
	const closed = `{"seq":2,"type":"connection.closed","connection":{"id":"c1","client":"tester-1","generation":1,"close":{"code":1000,"by":"peer"}}}`
	later := func(line string, from, to string) string { return strings.Replace(line, from, to, 1) }
	for name, tc := range map[string]struct {
		lines []string
		want  string // within the first mistake, empty for none
	}{
		"sound":             {[]string{opened, closed, ""}, ""},
		"told to be lost":   {[]string{opened, `{"seq":5,"type":"dropped","count":4}`}, ""},
		"lost":              {[]string{opened, later(closed, `"seq":2`, `"seq":3`)}, "event 3 (connection.closed, count 0) after event 1"},
		"wrongly told":      {[]string{opened, `{"seq":5,"type":"dropped","count":3}`}, "event 5 (dropped, count 3) after event 1"},
		"told twice":        {[]string{opened, opened}, "event 1 (connection.opened, count 0) after event 1"},
		"id used again":     {[]string{opened, closed, later(opened, `"seq":1`, `"seq":3`)}, "the id c1 was used again"},
		"closed twice":      {[]string{opened, closed, later(closed, `"seq":2`, `"seq":3`)}, "c1 of tester-1 was closed, and is not open"},
		"of somebody else":  {[]string{opened, later(closed, "tester-1", "tester-2")}, "c1 was opened by tester-1 and closed as that of tester-2"},
		"skipped number":    {[]string{later(opened, `"generation":1`, `"generation":2`)}, "connection 1 of tester-1 is called its number 2"},
		"suspected":         {[]string{`{"seq":1,"type":"state.changed","from":"normal","to":"suspect","connection":{"client":"tester-1"}}`}, "tester-1 became suspect"},
		"rightly suspected": {[]string{`{"seq":1,"type":"state.changed","from":"normal","to":"suspect","connection":{"client":"foe-1"}}`}, ""},
		"no JSON":           {[]string{"{"}, "no event"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger(func(client string) bool { return kindOf(client) == "foe" })
			for _, line := range tc.lines {
				l.line([]byte(line))
			}
			found := l.found()
			if (len(found) == 0) != (tc.want == "") || tc.want != "" && !strings.Contains(found[0], tc.want) {
				t.Errorf("found %q, want %q", found, tc.want)
			}
		})
	}
	l := newLedger(func(string) bool { return false })
	l.line([]byte(opened))
	l.line([]byte(closed))
	if s := l.sum(); s.opened != 1 || s.closed != 1 || s.open != 0 || s.openedOf["tester"] != 1 || s.endsOf["tester by peer with 1000"] != 1 {
		t.Errorf("%+v", s)
	}
	if ms, known := l.interval("tester-1", 1); ms != 5000 || !known {
		t.Errorf("interval %v, %v", ms, known)
	}
}
