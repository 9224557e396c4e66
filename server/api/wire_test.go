package api

import (
	"encoding/json"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"holter/model"
)

var (
	at     = time.Date(2026, 3, 4, 5, 6, 7, 891_234_567, time.UTC)
	ending = model.Close{Code: 1001, Reason: "deploy", By: model.ByHolter, At: at.Add(time.Minute), Parting: model.Parting{First: model.ByHolter, How: model.SignFrame, Answer: model.SignFIN}}

	connection = model.Connection{
		ID: 17, Client: "ann", Generation: 2, Remote: netip.MustParseAddrPort("[::1]:4711"), Path: "/ws",
		UserAgent: "curl/8", Subprotocol: "chat", Side: model.UpstreamSide, State: model.Failed, Since: at, Opened: at.Add(-time.Hour), Expires: at.Add(time.Hour),
		Diagnosis: model.Diagnosis{Cause: model.CauseJitter, Detail: "a late pong"}, Late: 5 * time.Second, Close: &ending,
		Faults: &model.Faults{Down: model.Line{Latency: time.Second, Rate: 1000}, Drop: 3},
		RTT:    58_123, RTTMean: 60_001, RTTDev: 7, Timeout: 1234567 * time.Microsecond, Interval: 5 * time.Second,
		Silence: time.Second, DataSilence: time.Minute, Missed: 3,
		PingsSent: 1, PongsReceived: 2, PingsReceived: 3, FramesIn: 4, FramesOut: 5, BytesIn: 6, BytesOut: 7,
		Beats: model.Strip{0, 0x41, model.FullBeat.Raised(8), model.MissedBeat, model.LateBeat, model.ProbeBeat},
	}
	detail = model.Detail{
		Connection:  connection,
		Header:      []model.HeaderField{{Name: "Origin", Value: "http://app.example"}},
		Samples:     []model.Sample{{At: at, RTT: 58_123, Timeout: time.Second}, {At: at, RTT: 2 * time.Second, Timeout: time.Second, Missed: true}, {At: at, RTT: 1, Timeout: 1, Missed: true, Probe: true}},
		Transitions: []model.Transition{{At: at, Side: model.UpstreamSide, From: model.Suspect, To: model.Failed, Diagnosis: connection.Diagnosis, Late: time.Second}},
		Evidence:    filledEvidence(),
		Legs:        []model.Detail{{Connection: connection}, {Connection: connection}},
	}
	client = model.Client{
		ID: "ann", Generation: 2, Connection: 17, State: model.Suspect, Since: at, FirstSeen: at.Add(-time.Hour),
		UserAgent: "curl/8", Shared: "js", ByOrder: true, Reconnects: []time.Duration{time.Second, 2 * time.Second},
		Attempts: []model.Attempt{
			{Delay: time.Second, Number: 1, Refused: true},
			{Delay: 7 * time.Second, Asked: 5 * time.Second, Number: 2, Free: true},
		},
		Outage: &model.Outage{
			Flaps: 3, Close: model.Close{Code: 4401, By: model.ByApp, Reason: "token expired"}, Lasted: time.Second, Every: 2 * time.Second,
			Refusals: 2, Status: 401, By: model.RefusedByUpstream, Reason: "the upstream refused", GaveUp: true,
		},
	}
	histogram   = model.DelayHistogram{From: time.Millisecond, To: time.Second, Counts: []uint32{1, 2}}
	sampleStorm = model.Storm{
		ID: 3, Started: at, Ended: at.Add(time.Minute), Restart: true, Population: 5, Clients: 4, Away: 1, Reconnects: 7, Refused: 8,
		Settling: 9, Flapping: 10, GaveUp: 11, NeverIn: 12, FlapRate: 13.5, DroppedClients: 14, DroppedAttempts: 15,
		Flaps:    []model.StormCause{{Code: 4401, By: model.ByApp, Count: 10}},
		Refusals: []model.StormRefusal{{Status: 401, By: model.RefusedByUpstream, Count: 8}},
		Back50:   time.Second, Back90: 2 * time.Second, Back99: 3 * time.Second, Peak: 4.5, Crowding: 1.5,
		Causes: []model.StormCause{{Code: 1012, By: model.ByHolter, Count: 4}},
		Policies: []model.PoolPolicy{{
			Pool: model.Pool{UserAgent: "curl/8", Path: "/ws"},
			Policy: model.Policy{
				Kind: model.PolicySteps, Base: time.Second, Factor: 2, Cap: time.Minute,
				Steps: []time.Duration{time.Second, 3 * time.Second}, Ends: []time.Duration{time.Second, 5 * time.Second},
				Jitter: model.JitterPartial, Share: 0.5, Step: 2 * time.Second, AddedFrom: time.Second, AddedTo: 3 * time.Second, Carried: true,
			},
			Like: "gRPC", Clients: 4, Attempts: 9, Obeys: true, Confidence: 0.75, Resets: model.ResetAtOpen, First: histogram,
		}, {
			Pool: model.Pool{UserAgent: "curl/9"}, Policy: model.Policy{Kind: model.PolicyUnknown, Factor: 1}, Clients: 3, First: histogram,
			Doubt: model.Doubt{Reason: model.DoubtFewClients, Have: 3, Need: 8, Attempt: 2, Seen: []model.AttemptDelays{
				{Attempt: 1, Clients: 3, Low: time.Second, Median: 2 * time.Second, High: 3 * time.Second}}},
		}},
		More:   model.PoolCount{Pools: 7, Clients: 40},
		Delays: histogram, Curve: []model.Activity{{Connects: 1, Reconnects: 2, Closes: 3, Refused: 4}},
	}
	host = model.Host{
		Time: at, CPU: 12.5, Cores: []float64{10, 15}, MemoryUsed: 1 << 30, MemoryTotal: 1 << 32, Load1: 0.5, Load5: 0.4, Load15: 0.3,
		Process: model.Process{RSS: 1 << 20, CPU: 110, Goroutines: 12, OpenFiles: 34, MaxFiles: 1024},
	}
	samplePath = model.Path{
		ID: 3, Template: "/ocpp/*", Upstream: "http://localhost:3000", Since: at, Open: 12, Opened: 40, Ended: 28, EndsOver: time.Hour, MedianAge: time.Minute,
		Ends:     []model.PathEnd{{Cause: model.CauseJitter, Code: 1006, By: model.ByNetwork, Count: 14}},
		Clocks:   []model.Clock{{Of: model.ServerClock, Period: 55 * time.Second, Late: 2 * time.Second, Count: 40, Share: 0.75}},
		Data:     model.DataRhythm{Median: time.Second, P99: 3 * time.Second, Bins: []uint32{0, 3, 1}},
		Survived: 59 * time.Second, DataSurvived: time.Minute, KeptAlive: 2 * time.Minute,
		Limits: []model.Limit{{Kind: model.SilenceLimit, After: time.Minute, Spread: 400 * time.Millisecond, From: model.LimitSeen, Name: "nginx", Source: "nginx.org", Ends: 14, Of: 15, Where: "/feed", Either: true, Refuted: true}},
		Margin: 0.95, Warnings: []model.Warning{{
			ID: "a3", Kind: model.TimerRace, Since: at, Detail: "a race", Urgency: model.Harm, Touched: 14, At: model.Place{Page: model.PathsPage, Query: "/ocpp/*"},
			Dismissed: true, Path: "/ocpp/*", Upstream: "http://localhost:3000", Agent: "curl/9",
		}},
		Notes: []string{"holter's own beats"},
	}
	snapshot = model.Snapshot{
		Time: at,
		Monitor: model.Monitor{
			Version: "v1", Address: "ws://127.0.0.1:7070/ws", Upstream: "http://localhost:3000", ReadOnly: true,
			Started: at.Add(-time.Minute), Scheme: model.SchemeBoth,
			Detector: "deviation", Interval: 5 * time.Second, OnFail: model.OnFailClose, Lateness: 1.5,
		},
		Rates: model.Rates{Connects: 1, Reconnects: 2, Refused: 3, Closes: 4, Beats: 5, BytesIn: 6, BytesOut: 7},
		Host:  host,

		Warnings: []model.Warning{{ID: "a1", Urgency: model.Hint, Kind: model.SharedIdentity, Since: at, Detail: "16 connections", Client: "js", Connections: 16, Addresses: 2, Identity: "query:device"}},
	}
)

// filledEvidence has a value in every field there is.
func filledEvidence() model.Evidence {
	var e model.Evidence
	fill(reflect.ValueOf(&e).Elem())
	return e
}

func fill(v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Struct:
			fill(f)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Uint8:
			f.SetUint(1)
		default:
			f.SetInt(int64(i+1) * int64(time.Millisecond))
		}
	}
}

// roundTrip returns a model value after a trip as JSON.
func roundTrip[M, W any](t *testing.T, m M, from func(*M) W, back func(*W) (M, error)) M {
	t.Helper()
	text, err := json.Marshal(from(&m))
	if err != nil {
		t.Fatal(err)
	}
	var w W
	if err := json.Unmarshal(text, &w); err != nil {
		t.Fatal(err)
	}
	got, err := back(&w)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func sure[M, W any](back func(*W) M) func(*W) (M, error) {
	return func(w *W) (M, error) { return back(w), nil }
}

func TestRoundTrip(t *testing.T) {
	check := func(name string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s came back as\n%+v\nwant\n%+v", name, got, want)
		}
		if field := firstZero(reflect.ValueOf(want)); field != "" && name != "summary" && name != "event" {
			t.Errorf("%s: the test has no value in %s", name, field)
		}
	}
	check("connection", roundTrip(t, connection, FromConnection, (*Connection).Model), connection)
	check("detail", roundTrip(t, detail, FromDetail, (*Detail).Model), detail)
	check("client", roundTrip(t, client, FromClient, (*Client).Model), client)
	check("storm", roundTrip(t, sampleStorm, FromStorm, sure((*Storm).Model)), sampleStorm)
	check("path", roundTrip(t, samplePath, FromPath, (*Path).Model), samplePath)
	check("host", roundTrip(t, host, FromHost, sure((*Host).Model)), host)
	check("summary", roundTrip(t, snapshot, FromSnapshot, sure((*Summary).Model)), snapshot)
	for _, e := range []model.Event{
		{Seq: 1, Time: at, Type: model.ConnectionOpened, Connection: &connection},
		{Seq: 2, Time: at, Type: model.StateChanged, Connection: &connection, From: model.Suspect, To: model.Failed},
		{Seq: 3, Time: at, Type: model.ConnectionRefused, Refusal: &model.Refusal{Remote: "[::1]:1", Client: "ann", Status: 403, Reason: "origin"}},
		{Seq: 3, Time: at, Type: model.ConnectionRefused, Refusal: &model.Refusal{
			Remote: "[::1]:1", Client: "ann", Status: 426, Reason: "the upstream refused", By: model.RefusedByUpstream,
			Diagnosis: model.Diagnosis{Cause: model.CauseHandshakeBroken, Detail: "no Upgrade"}, RetryAfter: time.Second,
		}},
		{Seq: 4, Time: at, Type: model.HostSampled, Host: &host},
		{Seq: 5, Time: at, Type: model.Dropped, Count: 9},
		{Seq: 6, Time: at, Type: model.StormEnded, Storm: &sampleStorm},
		{Seq: 6, Time: at, Type: model.CohortFound, Cohort: &sampleCohort},
		{Seq: 7, Time: at, Type: model.ServiceChanged, Service: &sampleService, From: model.Normal, To: model.Suspect},
	} {
		check("event", roundTrip(t, e, FromEvent, (*Event).Model), e)
	}
}

// firstZero returns the name of a field that has its zero value, "" if there is none.
func firstZero(v reflect.Value) string {
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if v.Field(i).IsZero() {
			return name
		}
		if f := v.Field(i); f.Kind() == reflect.Struct && f.Type().PkgPath() == v.Type().PkgPath() {
			if inner := firstZero(f); inner != "" {
				return name + "." + inner
			}
		}
	}
	return ""
}

// A connection without an id cannot be told from others, and that is the only one that is refused.
func TestModelRefuses(t *testing.T) {
	bad := FromConnection(&connection)
	bad.ID = "17"
	if _, err := bad.Model(); err == nil || len(err.Error()) > 300 {
		t.Errorf("error %v", err)
	}
}

// A client whose port is not known still has an address.
func TestRemoteWithoutPort(t *testing.T) {
	for text, remote := range map[string]netip.AddrPort{
		"":            {},
		"192.0.2.7":   netip.MustParseAddrPort("192.0.2.7:0"),
		"2001:db8::7": netip.MustParseAddrPort("[2001:db8::7]:0"),
	} {
		c := connection
		c.Remote = remote
		w := FromConnection(&c)
		if got, err := w.Model(); err != nil || w.Remote != text || got.Remote != remote {
			t.Errorf("%v is written %q and read as %v, %v", remote, w.Remote, got.Remote, err)
		}
	}
}

func TestConnectionFields(t *testing.T) {
	const fields = `id client generation remote path user_agent subprotocol side state since opened_at rtt_ms rtt_mean_ms
		rtt_dev_ms timeout_ms interval_ms silence_ms data_silence_ms missed pings_sent pongs_received pings_received
		frames_in frames_out bytes_in bytes_out diagnosis late_ms faults close beats trace expires_at`
	text, _ := json.Marshal(FromConnection(&connection))
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, field := range strings.Fields(fields) {
		if _, ok := got[field]; !ok {
			t.Errorf("no field %s", field)
		}
		delete(got, field)
	}
	if len(got) > 0 {
		t.Errorf("fields that are not documented: %v", got)
	}
}

// Zero values are JSON too: lists are [], and figures that do not exist are 0.
func TestEmpty(t *testing.T) {
	for _, v := range []any{
		FromConnection(&model.Connection{ID: 1}),
		FromDetail(&model.Detail{}),
		FromClient(&model.Client{}),
		FromStormDetail(&model.Storm{Peak: math.Inf(1), Policies: []model.PoolPolicy{{Policy: model.Policy{Factor: math.NaN()}}}}),
		FromPath(&model.Path{Margin: math.NaN()}),
		FromHost(&model.Host{CPU: math.NaN(), Cores: []float64{math.Inf(1)}}),
		FromSnapshot(&model.Snapshot{Rates: model.Rates{Beats: math.Inf(-1)}}),
		FromEvent(&model.Event{Type: model.StateChanged}),
	} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%T: %v", v, err)
		}
		for _, list := range []string{"faults", "header", "legs", "samples", "transitions", "reconnects_ms", "cores_percent", "ends", "clocks", "counts", "limits", "notes", "warnings"} {
			if strings.Contains(string(text), `"`+list+`":null`) {
				t.Errorf("%T: %s is null", v, list)
			}
		}
	}
}

func TestMillis(t *testing.T) {
	for _, d := range []time.Duration{0, 1, 58_123, time.Second, 400 * 24 * time.Hour, -time.Second} {
		if got := millis(d).Duration(); got != d {
			t.Errorf("%v came back as %v", d, got)
		}
	}
	for m, want := range map[Millis]time.Duration{1e300: math.MaxInt64, -1e300: math.MinInt64, 0.0004: 400} {
		if got := m.Duration(); got != want {
			t.Errorf("%v ms are %d ns, want %d", m, got, want)
		}
	}
	if text, _ := json.Marshal(millis(58_123)); !slices.Equal(text, []byte("0.058123")) {
		t.Errorf("58.123 µs are written as %s ms", text)
	}
}

// A client that flaps counts among those with a connection, or those without, as it is at the moment.
func TestPresenceOfClientsThatFlap(t *testing.T) {
	s := model.Snapshot{Clients: []model.Client{{State: model.Flapping}, {State: model.Flapping, Connection: 7}, {State: model.Away}}}
	if p := FromSnapshot(&s).Clients; p != (Presence{Present: 1, Away: 2, Flapping: 2}) {
		t.Errorf("%+v", p)
	}
}
