package filter

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"holter/model"
)

// sampleRows are rows of each place.
func sampleRows() map[Place][]Row {
	conns := sampleConnections()
	rows := map[Place][]Row{}
	for i := range conns {
		rows[Connections] = append(rows[Connections], Row{Connection: &conns[i], Now: noon})
		rows[ConnectionRows] = append(rows[ConnectionRows], Row{Connection: &conns[i], In: float64(i) * 1234.5, Out: 0.4, Now: noon})
	}
	rows[ClientRows] = []Row{
		{Client: &model.Client{ID: "zoe", Generation: 4, State: model.Away, Since: noon.Add(-time.Minute), FirstSeen: noon.Add(-time.Hour), UserAgent: "curl/8", Shared: "js",
			Reconnects: []time.Duration{time.Second, 3 * time.Second}}, Now: noon},
		{Client: &model.Client{ID: conns[1].Client, Connection: 2, Generation: 1, State: model.Suspect, Since: noon.Add(-time.Second), FirstSeen: noon.Add(-time.Minute)},
			Connection: &conns[1], In: 20, Now: noon},
		{Client: &model.Client{ID: conns[2].Client, Generation: 9, State: model.Away, Since: noon}, Connection: &conns[2], Now: noon},
	}
	rows[EventRows] = []Row{
		{Event: &Event{Kind: "opened", Text: "demo-0042 (c1) connected again, generation 3"}, Connection: &conns[0], Now: noon},
		{Event: &Event{Kind: "closed", Text: "Zoë (c17) closed: 1006 no close frame, by holter"}, Connection: &conns[2], Now: noon},
		{Event: &Event{Kind: "refused", Text: "refused 10.1.2.3:4 by upstream: 426 no Upgrade", Refusal: &model.Refusal{
			Remote: "10.1.2.3:4", Client: "tv", Status: 426, Reason: "Upgrade Required", By: model.RefusedByUpstream,
			Diagnosis: model.Diagnosis{Cause: model.CauseHandshakeBroken, Detail: "no Upgrade: set it"},
		}}, Now: noon.Add(time.Second)},
		{Event: &Event{Kind: "storm", Text: "storm 2: 9 clients lost their connection and come back"}, Now: noon},
	}
	return rows
}

// selected lists the places of the rows that f selects.
func selected(f Filter, rows []Row) string {
	var found []string
	for i, r := range rows {
		if f.Selects(r) {
			found = append(found, strconv.Itoa(i))
		}
	}
	return strings.Join(found, " ")
}

func TestFilterOfRows(t *testing.T) {
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	time.Local = time.UTC
	rows := sampleRows()
	for _, tt := range []struct {
		place        Place
		filter, want string
	}{
		{ConnectionRows, "in/s>1", "1 2 3"},
		{ConnectionRows, "IN/S>1.2k in/s<=2.5kB/s", "1 2"},
		{ConnectionRows, "out/s=0", "0 1 2 3"}, // as it is shown
		{ConnectionRows, "in/s>1 state=suspect", "1"},

		{ClientRows, "shared=JS", "0"},
		{ClientRows, `shared=""`, "1 2"},
		{ClientRows, "state=away", "0 2"},
		{ClientRows, "state!=away", "1"},
		{ClientRows, "state=open", "1"},
		{ClientRows, "zoe", "0"},
		{ClientRows, "curl", "0"},
		{ClientRows, "agent~curl gen=4", "0"},
		{ClientRows, "for>30s", "0"},
		{ClientRows, "since<=1s", "1 2"},
		{ClientRows, "seen>30m", "0 2"}, // the zero time is long ago
		{ClientRows, "back>2s", "0"},
		{ClientRows, "back after<3s", ""},
		{ClientRows, "now=c2", "1"},
		{ClientRows, "missed>=2", "1 2"},
		{ClientRows, "rtt!=1s", "0 1 2"},
		{ClientRows, "in/s>=20", "1"},
		{ClientRows, `cause=""`, "0"},

		{EventRows, "event=refused", "2"},
		{EventRows, "event!=refused", "0 1 3"},
		{EventRows, "cause=handshake-broken", "2"},
		{EventRows, "handshake-broken", "2"},
		{EventRows, "cause=unknown", "1"},
		{EventRows, "status=426", "2"},
		{EventRows, "code=426 or code=1006", "1 2"},
		{EventRows, "by=upstream", "2"},
		{EventRows, "by=holter", "1"},
		{EventRows, "ip=10.0.0.0/8", "0 2"},
		{EventRows, "remote=10.1.2.3:4", "2"},
		{EventRows, "client=tv", "2"},
		{EventRows, "client=demo-0042", "0"},
		{EventRows, "demo", "0"},
		{EventRows, "storm or tv", "2 3"},
		{EventRows, `"connected again"`, "0"},
		{EventRows, "connected generation", "0"},
		{EventRows, "what~^storm.2", "3"},
		{EventRows, `detail~set`, "2"},
		{EventRows, "reason~required", "2"},
		{EventRows, "time>12:00", "2"},
		{EventRows, "time=12:00:00", "0 1 3"},
		{EventRows, "state=failed", "1"},
		{EventRows, "state=open", "0"},
		{EventRows, "age>1h", "0"}, // and a refusal or a storm has none
		{EventRows, "missed=0", "0"},
		{EventRows, "path~ws", "0"},
	} {
		f, err := tt.place.Parse(tt.filter)
		if err != nil {
			t.Errorf("%s on %s: %v", tt.filter, placeNouns[tt.place], err)
			continue
		}
		if got := selected(f, rows[tt.place]); got != tt.want {
			t.Errorf("%s on %s selects %q, want %q", tt.filter, placeNouns[tt.place], got, tt.want)
		}
	}
}

// A client is found by what keeps it out now, and not by what did, or by the end of its last connection.
func TestFilterOfWhatKeepsOut(t *testing.T) {
	last := &model.Connection{State: model.Closed, Close: &model.Close{Code: 1012, By: model.ByHolter}}
	flaps := model.Close{Code: 4401, By: model.ByApp, Reason: "expired"}
	rows := []Row{
		{Connection: last, Client: &model.Client{Outage: &model.Outage{Flaps: 3, Close: flaps}}},
		{Connection: last, Client: &model.Client{Outage: &model.Outage{Flaps: 3, Close: flaps, Refusals: 2, Status: 401, By: model.RefusedByUpstream, Reason: "stale"}}},
		{Connection: last, Client: &model.Client{Outage: &model.Outage{Status: 401, By: model.RefusedByUpstream}}}, // it has been let in
		{Connection: last, Client: &model.Client{}},
	}
	for filter, want := range map[string]string{
		"status=401": "1", "code=401": "1", "code=4401": "0", "code=1012": "2 3",
		"by=app": "0", "by=upstream": "1", "by=holter": "2 3", "reason=expired": "0", "reason=stale": "1", `reason=""`: "2 3",
		`kept_out_by="401 by upstream"`: "1", "kept_out_by~app": "0",
	} {
		f, err := ClientRows.Parse(filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := selected(f, rows); got != want {
			t.Errorf("%s selects %q, want %q", filter, got, want)
		}
	}
}

func TestFilterMistakesOfRows(t *testing.T) {
	for _, tt := range []struct {
		place        Place
		filter, want string
	}{
		{ConnectionRows, "state=away", ": away is for clients"},
		{ClientRows, "state=closed", ": closed is for connections, the events page and services"},
		{ClientRows, "event=closed", "event is for the events page"},
		{EventRows, "in/s>1", "a field of events before >: in/s is for the connections page and the clients page"},
		{EventRows, "event=opend", "one of opened, closed, refused,"},
		{EventRows, "evnt=opened", `a field such as event before =, not "evnt"`},
		{EventRows, "time>25:00", "a time of day such as 12:01:07 after time>"},
		{ConnectionRows, "in/s>fast", "bytes per second such as 10k after in/s>"},
		{ConnectionRows, "ins>1", `a field such as in/s`},
		{ConnectionRows, "refused=1", "event, as in event=refused on the events page"},
		{Connections, "latency>1s", "a field of connections before >: latency is for services, so write rtt, or fault as in fault=latency"},
		{Services, "rtt>1s", "a field of services before >: rtt is for connections, clients and the events page"},
		{Services, "state=open", "open is for connections, clients and the events page"},
		{Services, "uptime>101%", "a share such as 99.9% after uptime>"},
		{Services, "kind=probe", "probed, or one of reported, probed, upstream"},
		{Connections, "by=net/http", ": net/http is for clients and the events page"},
	} {
		if _, err := tt.place.Parse(tt.filter); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s on %s: %v, want %q", tt.filter, placeNouns[tt.place], err, tt.want)
		}
	}
}

// A filter that works for connections by themselves selects the same ones on the screen.
func TestFilterSelectsTheSameEverywhere(t *testing.T) {
	rows := sampleRows()
	for _, name := range []string{"state=open", "rtt>0 or missed>1", "data silence>1s", "!code>0", "demo", "for>1s", "by!=holter"} {
		f, err := Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		g, err := ConnectionRows.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := selected(f, rows[Connections]), selected(g, rows[ConnectionRows]); a != b {
			t.Errorf("%s selects %q of the API's and %q of the screen's", name, a, b)
		}
	}
}

// Names and hints do not get into each other's way.
func TestNamesAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range names() {
		if seen[name] || name != strings.ToLower(name) {
			t.Errorf("%s names two fields, or is not in lower case", name)
		}
		seen[name] = true
	}
	for name, hint := range hints {
		if seen[name] {
			t.Errorf("%s is a field, and has the hint %q", name, hint)
		}
		first := strings.FieldsFunc(hint, func(r rune) bool { return r == ' ' || r == ',' })[0]
		if !seen[first] {
			t.Errorf("the hint for %s begins with %s, which is no field", name, first)
		}
	}
}

func TestFieldsAreDescribed(t *testing.T) {
	table := Table()
	for place := range Place(len(placeNouns)) {
		described := place.Fields()
		if len(described) == 0 || !slices.ContainsFunc(described, func(f Field) bool { return f.Name == "client" || f.Name == "service" }) {
			t.Errorf("%s: fields %v", placeNouns[place], described)
		}
		for _, f := range described {
			if f.Takes == "" || f.About == "" || !strings.Contains(table, "| `"+f.Name+"`") {
				t.Errorf("%s: %+v", placeNouns[place], f)
			}
		}
	}
}

// The address of a refusal is a text; asking for it allocates nothing all the same.
func TestSelectsAllocatesNothing(t *testing.T) {
	rows := sampleRows()
	for place, texts := range map[Place][]string{
		ConnectionRows: {"in/s>1", "state=open for>1s"},
		ClientRows:     {"state=away back>1s kiosk"},
		EventRows:      {"event=refused tv cause=handshake-broken", "ip=10.0.0.0/8"},
	} {
		for _, text := range texts {
			f, err := place.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if n := testing.AllocsPerRun(100, func() {
				for _, r := range rows[place] {
					f.Selects(r)
				}
			}); n != 0 {
				t.Errorf("%s: %v allocations", text, n)
			}
		}
	}
}

// A connection that closed in trouble was in that state until it closed, also long after.
func TestTimeInAStateEndsWithTheConnection(t *testing.T) {
	c := model.Connection{State: model.Failed, Since: noon.Add(-10 * time.Second), Close: &model.Close{At: noon.Add(-8 * time.Second)}}
	f, err := Parse("for>3s")
	if err != nil {
		t.Fatal(err)
	}
	if f.Match(&c, noon) {
		t.Error("it failed for 2 s, and not for more than 3")
	}
}
