package export

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
	"holter/tui/traffic"
)

// noon is when everything in the tests happens.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// exported are connections in all states, the first with names that ask for trouble.
func exported() []Connection {
	var rows []Connection
	for i := 3; i < 9; i++ {
		c := model.Connection{
			ID:         model.ID(i + 1),
			Client:     fmt.Sprintf("demo-%04d", i+1),
			Generation: 1 + i%3,
			Remote:     netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(50000+i)),
			Path:       "/ws",
			UserAgent:  "holter-swarm/1",
			Since:      noon.Add(-time.Duration(i+1) * time.Second),
			Opened:     noon.Add(-time.Duration(i+601) * time.Second),
			RTT:        time.Duration(i*37+300) * time.Microsecond,
			RTTMean:    1200 * time.Microsecond,
			RTTDev:     400 * time.Microsecond,
			Timeout:    520 * time.Millisecond,
			Interval:   5 * time.Second,
			Silence:    time.Duration(i*131) * time.Millisecond,
			PingsSent:  120, PongsReceived: 119, BytesIn: 48_200, FramesIn: 260,
		}
		rows = append(rows, Connection{&c, traffic.Flow{In: 1234.4, Out: 56}, noon})
	}
	rows[0].Client, rows[0].UserAgent = `=HYPERLINK("http://10.1.2.3/","a, b")`, "Grüße\n\"quoted\""
	rows[0].State, rows[0].Silence, rows[0].RTT = model.Suspect, 5700*time.Millisecond, 31*time.Millisecond
	rows[0].Diagnosis = model.Diagnosis{Cause: "peer-stalled", Detail: "The ping of 5.7 s ago was acknowledged by the peer's " +
		"kernel after 12 ms, but no pong came: its process is frozen."}
	rows[3].State, rows[3].Silence = model.Failed, 12400*time.Millisecond
	rows[3].Diagnosis = model.Diagnosis{Cause: "path-down", Detail: "The ping of 12.4 s ago was not even acknowledged."}
	rows[5].State = model.Closed
	rows[5].Close = &model.Close{Code: 1001, By: model.ByPeer, At: noon.Add(-time.Second)}
	return rows
}

// written is all formats of an export, one after the other.
func written(t *testing.T, exports ...map[string]func(io.Writer) error) string {
	t.Helper()
	var b strings.Builder
	for _, e := range exports {
		for _, ending := range []string{"csv", "json"} {
			if err := e[ending](&b); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b.String()
}

func TestExportGoldens(t *testing.T) {
	for name, text := range map[string]string{
		"connections": written(t, Connections(exported()[:3], false), Connections(exported()[:1], true)),
		"clients":     written(t, Clients(clients(), false), Clients(clients()[:1], true)),
		"events":      written(t, Events(events(), false), Events(events()[:1], true)),
		"storm":       written(t, Storm(gale(), false), NoStorm(), Storm(&model.Storm{ID: 4, Started: noon}, false)),
	} {
		t.Run(name, func(t *testing.T) { golden.RequireEqual(t, []byte(text)) })
	}
}

func clients() []Client {
	c := &exported()[0]
	return []Client{
		{&model.Client{ID: c.Client, Generation: 2, Connection: 4, State: model.Suspect, Since: c.Since, FirstSeen: c.Opened, UserAgent: c.UserAgent,
			Reconnects: []time.Duration{1100 * time.Millisecond, 250 * time.Microsecond}}, c.Connection, noon},
		{&model.Client{ID: "@zoe", Generation: 1, State: model.Away, Since: noon.Add(-time.Minute), FirstSeen: noon.Add(-time.Hour)}, nil, noon},
	}
}

func events() []Event {
	conns := exported()
	return []Event{
		{&model.Event{Seq: 1, Time: noon, Type: model.ConnectionRefused, Refusal: &model.Refusal{Remote: "10.1.2.3:4", Client: "+tv", Status: 426,
			Reason: "Upgrade Required", By: model.RefusedByUpstream, RetryAfter: 1500 * time.Millisecond,
			Diagnosis: model.Diagnosis{Cause: model.CauseHandshakeBroken, Detail: "no Upgrade: set it"}}}, "refused", "refused 10.1.2.3:4 by upstream: 426 no Upgrade: set it"},
		{&model.Event{Seq: 2, Time: noon.Add(1500 * time.Microsecond), Type: model.StateChanged, Connection: conns[0].Connection, To: model.Suspect}, "suspect", "x suspect, was normal"},
		{&model.Event{Seq: 3, Time: noon, Type: model.ConnectionClosed, Connection: conns[5].Connection}, "closed", "demo-0009 (c9) closed"},
		{&model.Event{Seq: 1 << 60, Time: noon, Type: model.StormStarted, Storm: &model.Storm{ID: 3}}, "storm", "storm 3"},
		{&model.Event{Seq: 9, Time: noon, Type: model.Dropped, Count: 17}, "lost", "17 events lost"},
	}
}

// gale is a storm with a policy that is known and one that is not.
func gale() *model.Storm {
	return &model.Storm{ID: 3, Started: noon, Clients: 900, Away: 214, Reconnects: 686, Refused: 141, Back50: 1400 * time.Millisecond, Peak: 1.25e6, Crowding: 7.4,
		Policies: []model.PoolPolicy{
			{Pool: model.Pool{UserAgent: "-phone", Path: "/ws"}, Policy: model.Policy{Kind: model.PolicySteps, Factor: 1, Jitter: model.JitterNone,
				Steps: []time.Duration{10 * time.Millisecond, time.Second}}, Like: "Phoenix", Clients: 340, Attempts: 2700, Confidence: 0.97,
				First: model.DelayHistogram{From: time.Millisecond, To: time.Second, Counts: []uint32{3, 4}}},
			{Policy: model.Policy{Kind: model.PolicyUnknown, Factor: 1, Jitter: model.JitterUnknown}, Clients: 7, Doubt: model.Doubt{
				Reason: model.DoubtFewClients, Have: 7, Need: 8, Seen: []model.AttemptDelays{{Attempt: 1, Clients: 7, Low: time.Second, Median: 2 * time.Second, High: 3 * time.Second}}}},
		}}
}

var (
	plainNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?( -?[0-9]+(\.[0-9]+)?)*$`)
	unitName    = regexp.MustCompile(`_(ms|s|per_s)$|^(bytes|frames|pings|pongs)_|^(generation|missed|clients|attempts|factor|share|confidence)$`)
	timeName    = regexp.MustCompile(`_at$|^(since|time|first_seen)$`)
)

// In every export a column whose name has a unit holds plain numbers, one that is about a time RFC 3339, and no text is a
// formula.
func TestExportsHavePlainFigures(t *testing.T) {
	for name, export := range map[string]map[string]func(io.Writer) error{
		"connections": Connections(exported(), false), "clients": Clients(clients(), false), "events": Events(events(), false), "storm": Storm(gale(), false),
	} {
		var b strings.Builder
		if err := export["csv"](&b); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || len(records) < 2 {
			t.Fatalf("%s: %d records: %v", name, len(records), err)
		}
		for i, title := range records[0] {
			for _, record := range records[1:] {
				text := record[i]
				_, notTime := time.Parse(time.RFC3339Nano, text)
				switch {
				case text == "":
				case timeName.MatchString(title) && (notTime != nil || !strings.HasSuffix(text, "Z")):
					t.Errorf("%s: %s is %q", name, title, text)
				case unitName.MatchString(title) && !plainNumber.MatchString(text):
					t.Errorf("%s: %s is %q", name, title, text)
				case strings.ContainsAny(text[:1], "=+-@\t\r"):
					t.Errorf("%s: %s is the formula %q", name, title, text)
				}
			}
		}
	}
}

// TestExportsAreRead reads back what was written.
func TestExportsAreRead(t *testing.T) {
	conns := exported()
	for n := range len(conns) + 1 {
		var c, j strings.Builder
		if err := errors.Join(Connections(conns[:n], false)["csv"](&c), Connections(conns[:n], false)["json"](&j)); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(strings.NewReader(c.String())).ReadAll()
		if err != nil || len(records) != n+1 {
			t.Fatalf("%d records of %d connections: %v", len(records), n, err)
		}
		var objects []map[string]any
		if err := json.Unmarshal([]byte(j.String()), &objects); err != nil || len(objects) != n {
			t.Fatalf("%d objects of %d connections: %v", len(objects), n, err)
		}
		for i, object := range objects {
			if object["client"] != conns[i].Client || object["timeout_ms"] != 520.0 {
				t.Errorf("read back %v of %+v", object, conns[i])
			}
			for k, name := range records[0] {
				if _, ok := object[name]; !ok {
					t.Errorf("no %q in the JSON", name)
				}
				if text := records[i+1][k]; strings.HasPrefix(text, "=") {
					t.Errorf("%s is the formula %q", name, text)
				}
			}
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestExportsFail(t *testing.T) {
	for ending, write := range Connections(exported(), false) {
		if write(fullDisk{}) == nil {
			t.Errorf("%s: a full disk is no error", ending)
		}
	}
}
