package tui

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
	"holter/model/storm"
	"holter/tui/look"
)

// The delays and the jitter of each kind of policy fit into their columns.
func TestPoliciesInCells(t *testing.T) {
	styles := look.New(look.Themes[0], look.Braille, utf8Locale)
	text := &policyText{&storms{drawing: drawing{styles: styles}}}
	for _, tt := range []struct{ backoff, jitter, delays, shaken string }{
		{"linear:0s,1s,5s", "none", "0s +1s up to 5s", "no jitter"},
		{"exponential:1s,2,16s", "added:300ms..3s", "1s ×2 up to 16s", "+300ms-3s"},
		{"exponential:3s,1.3,10s", "once:67%", "3s ×1.3 up to 10s", "67% once"},
		{"steps:0s,0s..5s,3.1s", "none", "0s 0s-5s 3.1s", "in ranges"},
		{"exponential:1.5s,1.5,5m", "carried-normal:10%", "", "10% normal"},
	} {
		p, err := model.ParsePolicy(tt.backoff, tt.jitter)
		if err != nil {
			t.Fatal(err)
		}
		row := &model.PoolPolicy{Policy: p}
		if delays, shaken := text.delays(row, 26), text.jitter(row, 13); tt.delays != "" && delays != tt.delays || !strings.HasSuffix(shaken, tt.shaken) {
			t.Errorf("%s %s: %q and %q", tt.backoff, tt.jitter, delays, shaken)
		}
	}
}

// weather is two storms of the past and one that is on.
func weather() []model.Storm {
	policies := []model.PoolPolicy{
		{
			Pool:   model.Pool{UserAgent: "Mozilla/5.0", Path: "/ws"},
			Policy: model.Policy{Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Cap: 5 * time.Second, Jitter: model.JitterPartial, Share: 0.5},
			Like:   "Socket.IO", Clients: 410, Attempts: 1830, Confidence: 0.9,
			First: model.DelayHistogram{From: 500 * time.Millisecond, To: 1500 * time.Millisecond,
				Counts: []uint32{20, 22, 18, 25, 17, 20, 21, 19, 24, 20, 18, 22, 20, 21, 19, 23, 20, 18, 22, 21}},
		},
		{
			Pool:   model.Pool{UserAgent: "phoenix.js", Path: "/socket"},
			Policy: model.Policy{Kind: model.PolicySteps, Factor: 1, Steps: []time.Duration{10 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond}, Jitter: model.JitterNone},
			Like:   "Phoenix", Clients: 340, Attempts: 2700, Confidence: 0.97,
			First: model.DelayHistogram{From: 10 * time.Millisecond, To: 30 * time.Millisecond, Counts: []uint32{300, 38, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		},
		{
			Pool:    model.Pool{Path: "/ws"},
			Policy:  model.Policy{Kind: model.PolicyFixed, Base: 3 * time.Second, Factor: 1, Jitter: model.JitterNone},
			Clients: 23, Attempts: 60, Confidence: 0.6,
			First: model.DelayHistogram{From: 2990 * time.Millisecond, To: 3010 * time.Millisecond, Counts: []uint32{0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		},
	}
	now := model.Storm{
		ID: 3, Started: noon.Add(-12 * time.Second), Population: 900, Clients: 900, Away: 214, Reconnects: 686, Refused: 141,
		Back50: 1400 * time.Millisecond, Peak: worst(gust(48, 686)), Crowding: 7.4, Policies: policies, Curve: gust(48, 686),
		Causes: []model.StormCause{{Code: 1012, By: model.ByHolter, Count: 880}, {Code: 1006, By: model.ByNetwork, Count: 20}},
		Delays: policies[0].First,
	}
	before := now
	before.ID, before.Started, before.Ended, before.Away = 2, noon.Add(-5*time.Minute), noon.Add(-4*time.Minute), 0
	before.Back90, before.Back99, before.Curve = 9*time.Second, 31*time.Second, gust(240, 900)
	before.Peak = worst(before.Curve)
	first := model.Storm{ID: 1, Started: noon.Add(-time.Hour), Ended: noon.Add(-59 * time.Minute), Clients: 12, Curve: gust(40, 12)}
	return []model.Storm{first, before, now}
}

// gust is a curve of n bins that falls off.
func gust(n, clients int) []model.Activity {
	bins := make([]model.Activity, n)
	left := clients
	for i := 4; i < n; i++ {
		came := min(left, left/7+i%3)
		left -= came
		bins[i] = model.Activity{Connects: uint32(came), Reconnects: uint32(came)}
		if i < 12 {
			bins[i].Refused = uint32(came / 3)
		}
	}
	return bins
}

// worst is the peak of a curve as a monitor measures it.
func worst(curve []model.Activity) float64 {
	attempts := make([]storm.Arrival, len(curve))
	for i, a := range curve {
		attempts[i] = storm.Arrival{At: time.Duration(i) * model.ActivityBin, Clients: float64(a.Reconnects + a.Refused)}
	}
	return storm.NewRecovery(1, nil, attempts, time.Minute).Peak
}

func stormy(t testing.TB, w, h int) *screen {
	f := newFake(ward(20)...)
	f.snapshot.Storms, f.snapshot.Monitor.AcceptRate = weather(), 300
	return newScreen(t, f, w, h).press("3")
}

func TestStormGoldens(t *testing.T) {
	for name, size := range map[string]size{"60x15": {60, 15}, "80x24": {80, 24}, "120x30": {120, 30}, "120x36": {120, 36}, "200x60": {200, 60}} {
		t.Run(name, func(t *testing.T) {
			golden.RequireEqual(t, []byte(stormy(t, size.w, size.h).text()))
		})
	}
	t.Run("past", func(t *testing.T) {
		golden.RequireEqual(t, []byte(stormy(t, 120, 30).press("N").text()))
	})
	t.Run("calm", func(t *testing.T) {
		golden.RequireEqual(t, []byte(newScreen(t, newFake(ward(5)...), 80, 24).press("3").text()))
	})
	for name, size := range map[string]size{"ascii": {80, 24}, "ascii-120x36": {120, 36}, "ascii-200x60": {200, 60}} {
		t.Run(name, func(t *testing.T) {
			f := newFake(ward(20)...)
			f.snapshot.Storms = weather()
			s := newScreenWith(t, f, size.w, size.h, func(string) string { return "" }, false)
			golden.RequireEqual(t, []byte(s.press("3").text()))
		})
	}
}

// TestStormThemes has the page in all colours and without any. They differ in nothing but colours, at any size.
func TestStormThemes(t *testing.T) {
	draw := func(theme int, getenv func(string) string, w, h int) string {
		f := newFake(ward(20)...)
		f.snapshot.Storms, f.snapshot.Monitor.AcceptRate = weather(), 300
		s := newScreenWith(t, f, w, h, getenv, false)
		for range theme {
			s.press("t")
		}
		s.press("3").refresh()
		lines := strings.Split(s.app.View(), "\n")
		return strings.Join(lines[:len(lines)-footerHeight], "\n") // the message names the theme
	}
	for i, theme := range look.Themes {
		t.Run(theme.Name, func(t *testing.T) { golden.RequireEqual(t, []byte(draw(i, utf8Locale, 120, 36))) })
		for _, size := range []size{{80, 24}, {120, 36}, {200, 60}} {
			if ansi.Strip(draw(i, utf8Locale, size.w, size.h)) != ansi.Strip(draw(0, withoutColour, size.w, size.h)) {
				t.Errorf("%s at %dx%d shows something else than without colours", theme.Name, size.w, size.h)
			}
		}
	}
	t.Run(look.Colourless.Name, func(t *testing.T) { golden.RequireEqual(t, []byte(draw(0, withoutColour, 120, 36))) })
}

// TestPeakOfTheWordsIsThatOfTheChart has bursts of all lengths, in charts with more columns than bins and with fewer. The
// axis has the figure of the words, and the chart's highest column ends on its row.
func TestPeakOfTheWordsIsThatOfTheChart(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		curve := make([]model.Activity, 20+r.IntN(800))
		for range 1 + r.IntN(20) {
			curve[r.IntN(len(curve))] = model.Activity{Reconnects: r.Uint32N(200), Refused: r.Uint32N(200)}
		}
		curve[r.IntN(len(curve))].Reconnects += 100
		f := newFake(ward(20)...)
		f.snapshot.Storms = []model.Storm{{ID: 1, Started: noon.Add(-time.Minute), Ended: noon, Clients: 900, Curve: curve, Peak: worst(curve)}}
		s := newScreen(t, f, 60+r.IntN(140), 24+r.IntN(40)).press("3")
		for range 5 {
			s.press("-")
		}
		peak := regexp.MustCompile(`peak (\S+)/s`).FindStringSubmatch(s.text())
		if peak == nil {
			t.Fatalf("the words name no peak:\n%s", s.text())
		}
		_, plot, _ := strings.Cut(s.text(), "arrivals per second")
		highest := ""
		for _, line := range strings.Split(plot, "\n")[1:] {
			if label, row, _ := strings.Cut(line, "┤"); strings.Trim(row, " ⠀") != "" {
				highest = strings.TrimSpace(label)
				break
			}
		}
		if highest != peak[1] {
			t.Fatalf("the highest column ends at %q, the words say %s/s:\n%s", highest, peak[1], s.text())
		}
	}
}

func TestStormsAreTurnedLikePages(t *testing.T) {
	s := stormy(t, 120, 30)
	s.line("STORM 3")
	s.press("n").line("this is the newest storm")
	s.press("N", "N").line("STORM 1")
	s.line("1 of 3")
	s.press("N").line("this is the oldest storm that is remembered")
	s.press("n").line("STORM 2")
	s.refresh()
	s.line("STORM 2") // stays
	s.press("esc").line("STORM 3")
	s.fake.snapshot.Storms = append(s.fake.snapshot.Storms, model.Storm{ID: 4, Started: noon})
	s.refresh()
	s.line("STORM 4") // and goes on with those that come
}

func TestStormIsAnnounced(t *testing.T) {
	s := stormy(t, 80, 24).press("1")
	s.line("STORM 214 of 900 away")
	s.app.Update(happened{events: []model.Event{{Seq: 1, Time: noon, Type: model.StormEnded, Storm: &s.fake.snapshot.Storms[1]}}})
	s.line("storm 2 is over: 100% back, peak 554/s, 99% back in 31.0s")
}

// A row lists the connections of its pool: those of its user agent and of its paths, without those of a pool beside it.
func TestPolicyListsItsConnections(t *testing.T) {
	f := newFake(ward(20)...)
	f.snapshot.Storms = weather()
	pools := f.snapshot.Storms[2].Policies
	pools[0].Pool = model.Pool{UserAgent: `a "quoted" one`, Path: "/ocpp/*"}
	pools[1].Pool = model.Pool{UserAgent: `a "quoted" one`, Path: "/ocpp/test"}
	for i, path := range []string{"/ocpp/CP1", "/ocpp/CP2", "/ocpp/test", "/ocpp/CP3/events", ""} {
		f.snapshot.Connections[i].UserAgent, f.snapshot.Connections[i].Path = `a "quoted" one`, path
	}
	f.snapshot.Connections[5].UserAgent, f.snapshot.Connections[5].Path = "", "/ws"
	s := newScreen(t, f, 200, 60).press("3", "enter")
	s.line(`1/2 of 20 ua="a \"quoted\" one" path=/ocpp/* path!=/ocpp/test`)
	s.press("3", "j", "enter").line(`1/1 of 20 ua="a \"quoted\" one" path=/ocpp/test`)
	s.press("3", "G", "enter").line(`1/1 of 20 ua="" path=/ws`)
	s.press("1", "enter", "enter").lacks("STATE▼")
	s.press("3", "g", "enter").line("STATE▼") // a detail that stood alone gives way to the list
	pools[2].Pool = model.Pool{}
	s.refresh()
	s.press("3", "G", "enter").line("nothing is known by which to list these connections")
}

// Pools for which there was no room are counted.
func TestPoolsThatAreNotListed(t *testing.T) {
	f := newFake(ward(20)...)
	f.snapshot.Storms = weather()
	f.snapshot.Storms[2].More = model.PoolCount{Pools: 23, Clients: 1230}
	for _, size := range []size{{60, 15}, {80, 24}, {120, 30}, {200, 60}} {
		s := newScreen(t, f, size.w, size.h).press("3")
		s.line("and 23 more pools, of 1230 clients, that are smaller")
		checkSize(t, s.app.View(), size.w, size.h)
	}
}

// A policy that is unknown says why, and what was seen instead.
func TestUnknownPolicySaysWhy(t *testing.T) {
	f := newFake(ward(20)...)
	f.snapshot.Storms = weather()
	f.snapshot.Storms[2].Policies = append(f.snapshot.Storms[2].Policies, model.PoolPolicy{
		Pool: model.Pool{UserAgent: "a phone", Path: "/ws"}, Policy: model.Policy{Kind: model.PolicyUnknown, Factor: 1, Jitter: model.JitterUnknown},
		Clients: 60, Attempts: 110,
		Doubt: model.Doubt{Reason: model.DoubtGaveUp, Have: 57, Attempt: 3, Seen: []model.AttemptDelays{
			{Attempt: 1, Clients: 60, Low: 900 * time.Millisecond, Median: time.Second, High: 1200 * time.Millisecond},
			{Attempt: 2, Clients: 58, Low: 1900 * time.Millisecond, Median: 2 * time.Second, High: 2200 * time.Millisecond},
		}},
	})
	for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 120, Height: 30}, {Width: 200, Height: 60}} {
		s := newScreen(t, f, size.Width, size.Height).press("3")
		s.lacks("seem to have given up")
		s.press("G").line("unknown: 57 clients have not made attempt 3 for a long time, and seem to")
		s.line("attempt 1 of 60 after 1.00s (900ms to 1.20s)")
		checkSize(t, s.app.View(), size.Width, size.Height)
	}
	s := newScreen(t, f, 80, 24).press("3")
	s.line("jitter 502/s and 34.4s") // a sentence that is too long for a line has a second one
	s = newScreen(t, f, 200, 60).press("3", "G")
	s.line("unknown: 57 gave up")
	s.line(", attempt 2 of 58 after 2.00s (1.90s to 2.20s)")
	newScreen(t, f, 60, 15).press("3", "G").line("unknown")
}

// A page with room says why it is not known whether delays start anew, and what was seen of clients that flap.
func TestStormSaysWhatIsNotKnownOfResets(t *testing.T) {
	f := newFake(ward(20)...)
	f.snapshot.Storms = weather()
	newScreen(t, f, 120, 36).press("3", "G").line("resets at open: unknown, delays that do not grow do not show it")
	f.snapshot.Storms[2].Policies[0] = model.PoolPolicy{
		Policy: model.Policy{Kind: model.PolicyUnknown, Jitter: model.JitterUnknown}, Clients: 20,
		Doubt: model.Doubt{Reason: model.DoubtFlapping, Have: 20, Seen: []model.AttemptDelays{{Clients: 20, Low: 3 * time.Second, Median: 3 * time.Second, High: 3 * time.Second}}},
	}
	s := newScreen(t, f, 120, 36).press("3", "g")
	s.line("unknown: 20 clients are closed again within seconds, and only attempts that are refused show how delays grow")
	s.line("after short connections 20 again after 3.00s (3.00s to 3.00s)")
	s.line("unknown: 20 closed again")
}

// restless is a storm that does not end because clients flap, with others that are kept out.
func restless() model.Storm {
	s := weather()[2]
	s.Away, s.Settling, s.Flapping, s.GaveUp, s.NeverIn, s.FlapRate = 700, 100, 550, 3, 5, 76.2
	s.Flaps = []model.StormCause{{Code: 4401, By: model.ByApp, Count: 540}, {Code: 1011, By: model.ByApp, Count: 10}}
	s.Refusals = []model.StormRefusal{{Status: 401, By: model.RefusedByUpstream, Count: 57}, {By: model.RefusedByClient, Count: 2}}
	s.DroppedClients, s.DroppedAttempts = 12, 400_000
	s.Policies[1].Resets = model.ResetAtOpen
	return s
}

// A storm whose clients flap says so, with the codes and the rate, and who else is out.
func TestStormSaysWhoIsKeptOut(t *testing.T) {
	f := newFake(ward(20)...)
	f.snapshot.Storms = []model.Storm{restless()}
	for _, size := range []size{{80, 24}, {120, 30}, {200, 60}} {
		s := newScreen(t, f, size.w, size.h).press("3")
		s.line("50 of 900 clients away")
		s.line("back 22%")
		s.line("550 of 900 clients flapping, 76/s: closed again within 5s with 4401 by app")
		s.line("5 never got in, 3 gave up, refused: 401 by upstream ×57, no answer by client ×2")
		s.line("only counted: 12 clients more, 400000 attempts after the end of the chart")
		s.line("resets at open: 340 clients wait as at first after each connection")
		checkSize(t, s.app.View(), size.w, size.h)
	}
	s := newScreen(t, f, 200, 60).press("3")
	s.line("100 just in")
	s.line("with 4401 by app ×540, 1011 internal error by app ×10")
	newScreen(t, f, 60, 15).press("3").line("550 of 900 clients flapping")
	s.press("1").line("STORM 550 of 900 flapping")
	s.app.Update(happened{events: []model.Event{{Seq: 1, Time: noon, Type: model.StormFlapping, Storm: &f.snapshot.Storms[0]}}})
	s.line("storm 3 does not end: 550 of 900 clients flapping")
	over := restless()
	over.Ended = noon
	s.app.Update(happened{events: []model.Event{{Seq: 2, Time: noon, Type: model.StormEnded, Storm: &over}}})
	s.line("storm 3 is over: 22% back, 550 flapping, 5 never got in, 3 gave up, peak ")
}

// What has not come is not told as a figure: nobody is back, nothing was lost, and nobody is away.
func TestStormOfClientsThatNeverGotIn(t *testing.T) {
	f := newFake(ward(4)...)
	s := weather()[2]
	s.Clients, s.Away, s.Settling, s.NeverIn, s.Causes, s.Back50 = 20, 20, 0, 20, nil, 0
	s.Refusals = []model.StormRefusal{{Status: 401, By: model.RefusedByUpstream, Count: 57}}
	f.snapshot.Storms = []model.Storm{s}
	screen := newScreen(t, f, 120, 30).press("3")
	screen.line(" 50% not back yet   ")
	lines := strings.Split(screen.text(), "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "50% not back yet") })
	if !strings.Contains(lines[at+1], "20 never got in, refused: 401 by upstream") {
		t.Errorf("%q", lines[at+1])
	}
	s.Ended, s.GaveUp = noon, 16
	f.snapshot.Storms = []model.Storm{s}
	newScreen(t, f, 120, 30).press("3").line(" 50% never back   ")
	began := s
	began.Away, began.NeverIn = 20, 5
	screen.press("4").app.Update(happened{events: []model.Event{
		{Seq: 1, Time: noon, Type: model.StormStarted, Storm: &s}, {Seq: 2, Time: noon, Type: model.StormStarted, Storm: &began}, {Seq: 3, Time: noon, Type: model.StormEnded, Storm: &s},
	}})
	screen.line("storm 3: 20 clients never got in and try again")
	screen.line("storm 3: 15 clients lost their connection and come back, 5 more never got in")
	screen.line("storm 3 is over: 0% back, 20 never got in, 16 gave up, peak 421/s")
	if strings.Contains(screen.text(), "99% back in") {
		t.Error(screen.text())
	}
}

// While all that are out flap, the title says so, and not that nobody is away.
func TestTitleOfAStormThatFlaps(t *testing.T) {
	f := newFake(ward(4)...)
	s := restless()
	f.snapshot.Storms = []model.Storm{s}
	newScreen(t, f, 120, 30).press("3").line("50 of 900 clients away  back 22%  550 flapping  100 just in")
	s.Away = s.Flapping
	s.Settling = 0
	f.snapshot.Storms = []model.Storm{s}
	newScreen(t, f, 120, 30).press("3").line("   550 of 900 clients flapping  back 38%")
}

// A client that flaps, or that is refused, says on its row by what it is kept out.
func TestClientsSayWhatKeepsThemOut(t *testing.T) {
	f := newFake(ward(4)...)
	c := f.snapshot.Clients
	flaps := model.Outage{Flaps: 9, Close: model.Close{Code: 4401, By: model.ByApp}, Lasted: 200 * time.Millisecond, Every: 220 * time.Millisecond}
	c[0].State, c[0].Connection, c[0].Outage = model.Flapping, 0, &flaps
	f.snapshot.Clients = append(c, model.Client{ID: "stale", State: model.Away, Since: noon.Add(-time.Minute), FirstSeen: noon.Add(-time.Minute),
		Outage: &model.Outage{Refusals: 12, Status: 401, By: model.RefusedByUpstream, GaveUp: true}})
	s := newScreen(t, f, 80, 24).press("2")
	s.line("↻ flapping")
	s.line("4401 by app, 4.5/s")
	s.line("gave up: 401 by ups")
	s.line(" 2 away")
	s.line("1 flapping")
	s = newScreen(t, f, 120, 30).press("2")
	s.line("gave up: 401 by upstream ×12")
	s.press("/", "status=401", "enter").line("1/1 of 6")
	s.press("enter").line("there is no connection to open: stale has never had a connection: gave up: 401 by upstream ×12")
	s.press("esc", "/", "state=flapping code=4401 kept_out_by~app", "enter").line("1/1 of 6")
}

// TestForecastIsAskedForOnce guards the processor: as long as nothing is learnt the oracle has nothing new
// to say.
func TestForecastIsAskedForOnce(t *testing.T) {
	var o oracle
	storm := weather()[2]
	first := o.ask(&storm)
	if first.same.Clients != 773 || first.supposed.Away != supposedAway {
		t.Fatalf("forecast for %d clients, away for %v", first.same.Clients, first.supposed.Away)
	}
	if again := o.ask(&storm); &again.same.Spread.Curve[0] != &first.same.Spread.Curve[0] {
		t.Error("asked again without need")
	}
	storm.Policies[0].Attempts++
	if other := o.ask(&storm); &other.same.Spread.Curve[0] == &first.same.Spread.Curve[0] {
		t.Error("not asked again after another attempt")
	}
}

func TestStormsOfAllSizes(t *testing.T) {
	storms := weather()
	storms = append(storms,
		model.Storm{ID: 4, Started: noon},
		model.Storm{ID: 5, Started: noon, Policies: make([]model.PoolPolicy, model.MaxStormPolicies), Curve: gust(model.MaxActivity, 1e6), Clients: 1, Away: 1},
		model.Storm{ID: 6, Started: noon, Policies: []model.PoolPolicy{{Pool: model.Pool{UserAgent: strings.Repeat("\x1b[31m界", 99)}, Like: "x"}}})
	f := newFake(ward(20)...)
	f.snapshot.Storms = storms
	s := newScreen(t, f, 80, 24).press("3")
	for range storms {
		for _, w := range []int{60, 79, 133, 200} {
			for _, h := range []int{15, 29, 61} {
				s.send(tea.WindowSizeMsg{Width: w, Height: h})
				checkSize(t, s.app.View(), w, h)
			}
		}
		s.press("N")
	}
}

// BenchmarkStorm is what the page costs for each refresh while it learns something new.
func BenchmarkStorm(b *testing.B) {
	s := stormy(b, 200, 60)
	storms := s.fake.snapshot.Storms
	b.ReportAllocs()
	for b.Loop() {
		storms[2].Policies[0].Attempts++
		s.refresh()
		s.app.View()
	}
}

// A storm after a restart says so. What nobody has seen is not shown as if nothing had been there.
func TestStormAfterARestart(t *testing.T) {
	f := newFake(ward(20)...)
	f.snapshot.Storms = []model.Storm{{ID: 1, Restart: true, Started: noon.Add(-5 * time.Second), Clients: 300, Away: 20, Curve: gust(20, 280)}}
	f.snapshot.Monitor.DrainingUntil = f.snapshot.Time.Add(12 * time.Second)
	text := newScreen(t, f, 120, 36).press("3").text()
	for _, want := range []string{"after a restart: the server that listened here before was gone at once", "Nobody saw their first attempts", "DRAINING 12s"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
