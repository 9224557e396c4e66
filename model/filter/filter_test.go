package filter

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"holter/model"
)

var noon = time.Date(2025, 11, 22, 12, 0, 0, 0, time.UTC)

// sampleConnections returns connections that differ in every field of a filter.
func sampleConnections() []model.Connection {
	return []model.Connection{
		{
			ID: 1, Client: "demo-0042", Generation: 3, Remote: netip.MustParseAddrPort("10.0.3.17:54321"),
			Path: "/ws?room=a", UserAgent: "Mozilla/5.0 Chrome/141", Subprotocol: "chat.v1",
			State: model.Normal, Opened: noon.Add(-2 * time.Hour),
			RTT: 31 * time.Millisecond, RTTMean: 30 * time.Millisecond, RTTDev: time.Millisecond,
			Timeout: 600 * time.Millisecond, Interval: 5 * time.Second,
			Silence: 800 * time.Millisecond, DataSilence: time.Minute,
			PingsSent: 10, PongsReceived: 9, PingsReceived: 1, FramesIn: 20, FramesOut: 30,
			BytesIn: 2 << 20, BytesOut: 999,
		},
		{
			ID: 2, Client: "kiosk-7", Generation: 1, Remote: netip.MustParseAddrPort("[fe80::1%eth0]:40122"),
			Path: "/ws", UserAgent: "gorilla", State: model.Suspect, Opened: noon.Add(-time.Minute),
			Diagnosis: model.Diagnosis{Cause: model.CauseNoPong}, Side: model.UpstreamSide,
			Faults: &model.Faults{Freeze: true, Down: model.Line{Latency: time.Second}},
			RTT:    240 * time.Millisecond, Timeout: 1100 * time.Millisecond,
			Silence: 40 * time.Second, Missed: 2, BytesIn: 10,
		},
		{
			ID: 17, Client: "Zoë", Generation: 1, Remote: netip.MustParseAddrPort("[::ffff:192.168.1.9]:443"),
			Path: "/Chat", State: model.Failed, Opened: noon.Add(-time.Hour),
			Diagnosis: model.Diagnosis{Cause: model.CauseUnknown},
			Close:     &model.Close{Code: 1006, By: model.ByHolter, At: noon.Add(-30 * time.Minute)},
			Silence:   30 * time.Minute, Missed: 4,
		},
		{ID: 18, Client: "", Opened: noon},
	}
}

// matches lists the ids of the sample connections that f selects.
func matches(f Filter) string {
	var ids []string
	for _, c := range sampleConnections() {
		if f.Match(&c, noon) {
			ids = append(ids, c.ID.String())
		}
	}
	return strings.Join(ids, " ")
}

func TestFilterMatch(t *testing.T) {
	tests := []struct{ filter, want string }{
		{"", "c1 c2 c17 c18"},
		{" \t\n", "c1 c2 c17 c18"},
		{"all", "c1 c2 c17 c18"},
		{" ALL ", "c1 c2 c17 c18"},
		{`"all"`, ""},
		{"(all)", "c1 c2 c17 c18"},
		{"!all", ""},
		{"! ALL", ""},
		{"!(all)", ""},
		{"!!all", "c1 c2 c17 c18"},
		{"zzz or all", "c1 c2 c17 c18"},
		{"All or zzz", "c1 c2 c17 c18"},
		{"all all", "c1 c2 c17 c18"},
		{"all and demo", "c1"},
		{"all rtt>0ms", "c1 c2"},
		{"rtt>0ms !all", ""},
		{"all !kiosk", "c1 c17 c18"},
		{"(all)kiosk", "c2"},
		{`!"all"`, "c1 c2 c17 c18"},
		{"all-in", ""}, // a word of its own
		{"wall", ""},
		{"client=all", ""},

		{"demo", "c1"},
		{"KIOSK", "c2"},
		{"c1", "c1 c17 c18"}, // part of an id
		{"fe80::1%ETH0", "c2"},
		{"192.168", "c17"},
		{":443", "c17"},
		{"/ws", "c1 c2"},
		{"chrome/141", "c1"},
		{"no-pong", "c2"},
		{"chat.v1", ""}, // a word is not compared with the subprotocol
		{"zoË", "c17"},
		{"oË", "c17"},
		{"Ë", "c17"},
		{"nobody", ""},
		{`"room=a"`, "c1"},
		{"\uFFFD", ""},

		{"id=c17", "c17"},
		{"id>C2", "c17 c18"},
		{"client=DEMO-0042", "c1"},
		{"client=demo", ""},
		{`client!=""`, "c1 c2 c17"},
		{"client~^(demo|kiosk)-", "c1 c2"},
		{"client~^Demo.*2$", "c1"},
		{"path=/ws", "c2"},
		{"path=/ws?room=a", "c1"},
		{"path=/*", "c1 c2 c17"},
		{"path!=/*", "c18"},
		{"path=*", ""},
		{"path=/*/*", ""},
		{"path=/w*", ""},
		{"client=*", ""},
		{"ua~moz", "c1"},
		{"user_agent=gorilla", "c2"},
		{"subprotocol=chat.v1", "c1"},
		{"gen>1", "c1"},
		{"generation=1", "c2 c17"},

		{"ip=10.0.0.0/8", "c1"},
		{"ip!=10.0.0.0/8", "c2 c17 c18"},
		{"ip=10.0.3.17", "c1"},
		{"ip=10.0.3.18", ""},
		{"ip=fe80::/10", "c2"},
		{"ip=fe80::1", "c2"},
		{"ip=192.168.1.9", "c17"},
		{"ip=::ffff:192.168.1.9", "c17"},
		{"ip=192.168.0.0/16", "c17"},
		{"remote=10.0.3.17:54321", "c1"},
		{"remote=10.0.3.17:54322", ""},
		{"remote=[fe80::1]:40122", "c2"},
		{"remote~:443$", "c17"},
		{`ip~^10\.`, "c1"},

		{"state=suspect", "c2"},
		{"state=FAILED or state=Suspect", "c2 c17"},
		{"state!=normal", "c2 c17"},
		{"state~^fail", "c17"},
		{"cause=unknown", "c17"},
		{`cause=""`, "c1 c18"},
		{`cause!=""`, "c2 c17"},
		{"side=upstream", "c2"},
		{"side!=Upstream", "c1 c17 c18"},
		{"side~^client$", "c1 c17 c18"},
		{"fault=freeze", "c2"},
		{"fault=LATENCY", "c2"},
		{"fault=freeze fault=latency", "c2"},
		{"fault=drop", ""},
		{"fault!=freeze", "c1 c17 c18"},
		{"fault!=drop", "c1 c2 c17 c18"},
		{`fault~"^latency freeze$"`, "c2"},
		{"fault~half|free", "c2"},
		{`fault=""`, "c1 c17 c18"},
		{`fault!=""`, "c2"},
		{"by=holter", "c17"},
		{"by!=holter", "c1 c2 c18"},
		{"code=1006", "c17"},
		{"code>=1000", "c17"},
		{"code!=1006", "c1 c2 c18"},
		{"!code>=1000", "c1 c2 c18"},

		{"rtt>100ms", "c2"},
		{"rtt>0", "c1 c2"},
		{"rtt=0", ""}, // a connection without an RTT has none, not one of 0
		{"rtt<1h", "c1 c2"},
		{"!rtt>0", "c17 c18"},
		{"rtt!=31ms", "c2 c17 c18"},
		{"rtt_mean<=30ms", "c1"},
		{"rtt_dev>=1ms", "c1"},
		{"timeout<1s", "c1"},
		{"interval=5s", "c1"},
		{"silence>=30s", "c2 c17"},
		{"data_silence>59.9s", "c1"},
		{"age>=1h30m", "c1"},
		{"age=30m", "c17"}, // its age when it closed
		{"age=0", "c18"},
		{"missed>=2", "c2 c17"},
		{"missed=0", "c1 c18"},
		{"pings_sent=10 pongs_received=9 pings_received=1", "c1"},
		{"frames_in>19 frames_out<31", "c1"},
		{"frames_in>19 frames_out<30", ""},
		{"bytes_in>1MiB", "c1"},
		{"bytes_in=2mib", "c1"},
		{"bytes_in>=2.1MB", ""},
		{"bytes_in=10", "c2"},
		{"bytes_out<1kB bytes_out>0B", "c1"},
		{"bytes_out>1GiB or bytes_out>1gb or bytes_out>=0.5KiB", "c1"},

		{"state=open", "c1 c2 c18"},
		{"state!=open", "c17"},
		{"why=no-pong", "c2"},
		{"agent=gorilla", "c2"},
		{"unanswered>=2", "c2 c17"},
		{"beats=10", "c1"},
		{"mean<=30ms", "c1"},
		{"for<1s", ""}, // without Since there is no such figure
		{"age<1d", "c1 c2 c17 c18"},
		{"age>0d1h", "c1"},
		{"bytes_in>1M", "c1"},
		{"bytes_out<1k bytes_out>0.9k", "c1"},
		{"detail=x", ""},
		{"reason=x", ""},

		{"data silence>59.9s", "c1"},
		{"Data-Silence > 59.9s", "c1"},
		{"!(data silence>59.9s) kiosk", "c2"},
		{`"data" silence>=30s`, ""},
		{"user agent=gorilla or without data>59.9s", "c1 c2"},
		{"bytes in=10", "c2"},
		{"kiosk silence>=30s", "c2"},

		{"rtt > 100ms", "c2"},
		{"RTT>100ms", "c2"},
		{"demo kiosk", ""},
		{"demo or kiosk", "c1 c2"},
		{"demo OR kiosk", "c1 c2"},
		{"demo or kiosk suspect", "c1"}, // "and" binds more tightly than "or"
		{"demo or kiosk and state=suspect", "c1 c2"},
		{"(demo or kiosk) state=suspect", "c2"},
		{"(demo or kiosk)and(state=suspect)", "c2"},
		{"!demo", "c2 c17 c18"},
		{"! demo", "c2 c17 c18"},
		{"!!demo", "c1"},
		{"!(demo or kiosk)", "c17 c18"},
		{"!demo !kiosk", "c17 c18"},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			f, err := Parse(tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			if got := matches(f); got != tt.want {
				t.Errorf("matches %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFilterString(t *testing.T) {
	tests := []struct{ filter, want string }{
		{"", ""},
		{"  ", ""},
		{" All", "all"},
		{`"all"`, `"all"`},
		{"!(ALL)", "!all"},
		{`(a or all) "ALL"`, `(a or all) "ALL"`},
		{"client=all", `client="all"`},
		{"  a   b ", "a b"},
		{"a and b", "a b"},
		{"a or b and c", "a or b c"},
		{"(a or b) c", "(a or b) c"},
		{"((a) ((b)))", "a b"},
		{"(a b) or (c or d)", "a b or c or d"},
		{"!(a)", "!a"},
		{"!(a b)", "!(a b)"},
		{"!(a or b)c", "!(a or b) c"},
		{"! ! a", "!!a"},
		{`"a b"`, `"a b"`},
		{`"a"`, "a"},
		{`"or" "AND"`, `"or" "AND"`},
		{`a"b"`, "a b"},
		{`"say \"hi\" \\ \d"`, `"say \"hi\" \\ \\d"`},
		{`a\b`, `a\b`},
		{"a!b", `"a!b"`},
		{"GEN >  2", "generation>2"},
		{`ua~"(a|b) c"`, `user_agent~"(a|b) c"`},
		{"ua~(a|b)", `user_agent~"(a|b)"`},
		{"(ua~(a|b))", `user_agent~"(a|b)"`},
		{`cause=""`, `cause=""`},
		{"path=/ws?a=b", `path="/ws?a=b"`},
		{"rtt>100ms or silence>=1m30s", "rtt>100ms or silence>=1m30s"},
		{"data  silence>1s", "data_silence>1s"},
		{`"data" silence>1s`, `"data" silence>1s`},
		{"why=jitter agent=x", "cause=jitter user_agent=x"},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			f, err := Parse(tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.String(); got != tt.want {
				t.Errorf("String() = %q, want %q", got, tt.want)
			}
			if empty := tt.want == ""; f.Empty() != empty {
				t.Errorf("Empty() = %v, want %v", f.Empty(), empty)
			}
		})
	}
}

func TestFilterMistakes(t *testing.T) {
	deep := strings.Repeat("(", 65)
	tests := []struct{ filter, want string }{
		{"rtt>", "position 4: expected a duration such as 100ms after rtt>"},
		{"demo rtt>fast", "position 9: expected a duration such as 100ms after rtt>"},
		{"rtt>100", "position 4: expected a duration such as 100ms after rtt>"},
		{"rtt>-1s", "position 4: expected a duration such as 100ms after rtt>"},
		{"rtt>=>1s", "position 5: expected a duration such as 100ms after rtt>="},
		{"rtt~1", "position 3: expected one of = != > >= < <= after rtt"},
		{"client>a", "position 6: expected one of = != ~ after client"},
		{"client==a", "position 7: expected a text after client="},
		{"client=", "position 7: expected a text after client="},
		{"(client=)", "position 8: expected a text after client="},
		{"bytes_in>1XB", "position 9: expected a size such as 1MiB after bytes_in>"},
		{"bytes_in>1e3", "position 9: expected a size such as 1MiB after bytes_in>"},
		{"bytes_in>9999999999GiB", "position 9: expected a size such as 1MiB after bytes_in>"},
		{"missed>1.5", "position 7: expected a number such as 3 after missed>"},
		{"gen=x", "position 4: expected a number such as 3 after generation="},
		{"id=17", "position 3: expected a connection id such as c17 after id="},
		{"ip=10.0.0", "position 3: expected an address such as 10.0.0.7 or a network such as 10.0.0.0/8 after ip="},
		{"ip=10.0.0.0/33", "position 3: expected an address such as 10.0.0.7 or a network such as 10.0.0.0/8 after ip="},
		{"state=away", "position 6: expected another word after state=: away is for clients; here it is one of normal, suspect, failed, closed, unknown, open"},
		{"cause=handshake-broken", "position 6: expected another word after cause=: handshake-broken is for the events page; here it is one of " + strings.Join(causeNames(Connections), ", ")},
		{"in/s>1", "position 0: expected a field of connections before >: in/s is for the connections page and the clients page"},
		{"event=closed", "position 0: expected a field of connections before =: event is for the events page"},
		{"seen>1h", "position 0: expected a field of connections before >: seen is for clients"},
		{"in>1k", `position 0: expected in/s, bytes_in or frames_in before >, not "in"`},
		{"upstream=x", `position 0: expected side, as in side=upstream before =, not "upstream"`},
		{"data >1s", `position 0: expected a field such as data_silence before >, not "data"`},
		{"data silenc>1s", `position 5: expected a field such as silence, data_silence before >, not "silenc"`},
		{"age>3x4d", "position 4: expected a duration such as 100ms after age>"},
		{"age>1000000d", "position 4: expected a duration such as 100ms after age>"},
		{"side=left", "position 5: expected one of client, upstream, unknown after side="},
		{"fault=flood", "position 6: expected one of latency, rate, freeze, half-open, swallow-pongs, drop, slow-close, cut, reset after fault="},
		{"fault>drop", "position 5: expected one of = != ~ after fault"},
		{"by=me", "position 3: expected one of peer, app, holter, network, unknown after by="},
		{"cause=peer-staled", "position 6: expected peer-stalled, or one of " + strings.Join(causeNames(Connections), ", ") + " after cause="},
		{"by=hol", "position 3: expected holter, or one of peer, app, holter, network, unknown after by="},
		{"cause=bad-luck", "position 6: expected one of " + strings.Join(causeNames(Connections), ", ") + " after cause="},
		{"client~(a", "position 7: expected a regular expression (missing closing )) after client~"},
		{"client~[", "position 7: expected a regular expression (missing closing ]) after client~"},
		{`client~""`, "position 7: expected a regular expression after client~"},
		{"client~", "position 7: expected a regular expression after client~"},
		{"client~x{900} path~x{900} ua~x{300}", "position 29: expected a smaller regular expression after user_agent~"},
		{"clinet=a", `position 0: expected a field such as client before =, not "clinet"`},
		{"all>1s", `position 0: expected a field such as client, state, rtt or silence before >, not "all"`},
		{"rt>1s", `position 0: expected a field such as rtt, rtt_dev, rtt_mean before >, not "rt"`},
		{"a byte>1", `position 2: expected a field such as bytes_in, bytes_out before >, not "byte"`},
		{"/ws?room=a", `position 0: expected a field such as client, state, rtt or silence before =, not "/ws?room"`},
		{"demo !=x", `position 0: expected a field such as client, state, rtt or silence before !=, not "demo"`},
		{`"rtt">1s`, "position 5: expected the name of a field before >"},
		{">1s", "position 0: expected the name of a field before >"},
		{"!=a", "position 0: expected the name of a field before !="},
		{"a or", "position 4: expected a word or a comparison such as rtt>100ms"},
		{"or a", "position 0: expected a word or a comparison such as rtt>100ms"},
		{"a and or b", "position 6: expected a word or a comparison such as rtt>100ms"},
		{"a !", "position 3: expected a word or a comparison such as rtt>100ms"},
		{"()", "position 1: expected a word or a comparison such as rtt>100ms"},
		{"a (b or c", "position 9: expected a ) for the ( at position 2"},
		{"a) b", "position 1: expected a ( before this )"},
		{`a "b c`, `position 6: expected a closing " for the one at position 2`},
		{`client="a\"`, `position 11: expected a closing " for the one at position 7`},
		{`a ""`, "position 2: expected a word between the quotes"},
		{"a\x1b[2J", "position 1: expected visible characters in UTF-8"},
		{"Zoë\xff", "position 4: expected visible characters in UTF-8"},
		{strings.Repeat("a", 4097), "position 4096: expected no more than 4096 bytes"},
		{deep, "position 64: expected no more than 64 levels of ( and !"},
		{strings.Repeat("!", 5000)[:4000], "position 64: expected no more than 64 levels of ( and !"},
	}
	for _, tt := range tests {
		t.Run(tt.filter[:min(len(tt.filter), 40)], func(t *testing.T) {
			_, err := Parse(tt.filter)
			if err == nil {
				t.Fatal("no error")
			}
			if err.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
			if model.ErrorCode(err) != model.Invalid {
				t.Errorf("code %s, want %s", model.ErrorCode(err), model.Invalid)
			}
		})
	}
}

func TestFilterAtItsBounds(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("a", MaxLength),
		strings.Repeat("a ", MaxLength/2),
		strings.Repeat("(", maxFilterDepth) + "a" + strings.Repeat(")", maxFilterDepth),
		strings.Repeat("!", maxFilterDepth) + "a",
		strings.Repeat("(a) ", MaxLength/4),
	} {
		if _, err := Parse(s); err != nil {
			t.Errorf("%s…: %v", s[:20], err)
		}
	}
}

func TestEveryFieldIsFound(t *testing.T) {
	for _, f := range fields {
		for _, name := range append([]string{f.name, strings.ToUpper(f.name), strings.ReplaceAll(f.name, "_", "-")}, f.also...) {
			if got, ok := findField(name); !ok || got.name != f.name {
				t.Errorf("findField(%q) = %q, %v", name, got.name, ok)
			}
		}
	}
}

func TestParseSelection(t *testing.T) {
	for _, s := range []string{"", " ", "\t\r\n"} {
		_, err := ParseSelection(s)
		if err == nil || model.ErrorCode(err) != model.Invalid || !strings.Contains(err.Error(), `write "all"`) {
			t.Errorf("ParseSelection(%q): %v", s, err)
		}
	}
	f, err := ParseSelection("all")
	if err != nil || f.Empty() || matches(f) != matches(Filter{}) {
		t.Errorf(`ParseSelection("all") = %q, %v`, f, err)
	}
	if f, err := ParseSelection("!all"); err != nil || matches(f) != "" {
		t.Errorf(`ParseSelection("!all") selects %q: %v`, matches(f), err)
	}
	if _, err := ParseSelection("rtt>"); err == nil {
		t.Error("a mistake passed")
	}
}

// busyFilters are what users type, from the cheapest to the most expensive.
var busyFilters = []struct{ name, filter string }{
	{"state", "state=suspect or state=failed"},
	{"rtt", "rtt>100ms silence>=30s"},
	{"network", "ip=10.0.0.0/8"},
	{"word", "kiosk"},
	{"words", "!(kiosk or zoë) 10.0"},
	{"pattern", "client~^(demo|kiosk)-[0-9]+$"},
	{"template", "path=/api/*/ws or path=/*"},
}

func TestFilterMatchAllocatesNothing(t *testing.T) {
	conns := sampleConnections()
	for _, tt := range busyFilters {
		f, err := Parse(tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		n := testing.AllocsPerRun(100, func() {
			for i := range conns {
				f.Match(&conns[i], noon)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", tt.filter, n)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{
		"all", "!all", `(ALL) "all" or client=all`, `demo or !"kiosk 7" (rtt>100ms and state=failed)`, `client~"a|b" ip=::1/64`, "bytes_in>=1.5MiB code!=1006", `data silence>1s "data" silence>12d04h`,
		"in/s>10k state=away back after>3s seen<1y now=c2", `event=refused what~"acc.pt" time>=12:01 by=net/http`, "a \xff", `"\"`,
	} {
		f.Add(s)
	}
	rows := sampleRows()
	f.Fuzz(func(t *testing.T, s string) {
		for place := range rows {
			checkFilter(t, place, s, rows[place])
		}
	})
}

// checkFilter holds a filter against what it is written as.
func checkFilter(t *testing.T, place Place, s string, rows []Row) {
	parsed, err := place.Parse(s)
	if e, ok := errors.AsType[*Error](err); ok {
		checkPosition(t, s, e)
		return
	}
	if err != nil {
		t.Fatalf("%q: not a FilterError: %v", s, err)
	}
	written := parsed.String()
	if len(written) > MaxLength {
		return // quotes made it too long to be read back
	}
	again, err := place.Parse(written)
	if err != nil || again.String() != written || again.Empty() != parsed.Empty() {
		t.Fatalf("%q is written %q and read back as %q, %v", s, written, again, err)
	}
	for i, r := range rows {
		if parsed.Selects(r) != again.Selects(r) {
			t.Fatalf("%q and %q do not agree on row %d", s, written, i)
		}
	}
}

// checkPosition fails if e points outside of s or into the middle of a character.
func checkPosition(t *testing.T, s string, e *Error) {
	t.Helper()
	if e.Pos < 0 || e.Pos > len(s) || e.Expected == "" {
		t.Fatalf("%q: %v", s, e)
	}
	if e.Pos < min(len(s), MaxLength) && utf8.ValidString(s) && !utf8.RuneStart(s[e.Pos]) {
		t.Fatalf("%q: %v is in the middle of a character", s, e)
	}
}

func BenchmarkFilterMatch(b *testing.B) {
	conns := manyConnections(10_000)
	for _, bb := range busyFilters {
		f, err := Parse(bb.filter)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for i := range conns {
					f.Match(&conns[i], noon)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(conns)), "ns/connection")
		})
	}
}

func BenchmarkParseFilter(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("(state=suspect or state=failed) rtt>100ms kiosk"); err != nil {
			b.Fatal(err)
		}
	}
}

// manyConnections makes n connections in the order of their ids, which differ in everything else.
func manyConnections(n int) []model.Connection {
	conns := make([]model.Connection, n)
	for i := range conns {
		x := uint64(i) * 0x9E3779B97F4A7C15 >> 40 // scattered, and the same in each run
		conns[i] = model.Connection{
			ID: model.ID(i + 1), Client: fmt.Sprintf("demo-%04d", x%uint64(n)), Generation: int(x%5) + 1,
			Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, byte(x >> 8), byte(x)}), uint16(x)),
			Path:   "/ws", UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
			State: model.State(x % 4), Opened: noon.Add(-time.Duration(x) * time.Millisecond),
			RTT: time.Duration(x%300) * time.Millisecond, Silence: time.Duration(x%6000) * time.Millisecond,
			BytesIn: x,
		}
	}
	return conns
}
