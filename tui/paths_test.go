package tui

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
)

// trodden is paths with all that there may be on a map.
func trodden() []model.Path {
	const s = time.Second
	usual := []model.Limit{
		{Kind: model.SilenceLimit, After: 30 * s, From: model.LimitUsual, Name: "HAProxy timeout tunnel (often)"},
		{Kind: model.SilenceLimit, After: 60 * s, From: model.LimitUsual, Name: "AWS ALB idle timeout"},
		{Kind: model.SilenceLimit, After: 60 * s, From: model.LimitUsual, Name: "DigitalOcean load balancer"},
		{Kind: model.SilenceLimit, After: 5 * time.Minute, From: model.LimitUsual, Name: "Envoy stream_idle_timeout"},
		{Kind: model.AgeLimit, After: time.Hour, From: model.LimitUsual, Name: "Cloud Run (at most)"},
	}
	seen := model.Limit{Kind: model.SilenceLimit, After: 60 * s, Spread: 400 * time.Millisecond, From: model.LimitSeen, Name: "nginx proxy_read_timeout", Ends: 14, Of: 15}
	return []model.Path{
		{
			ID: 1, Template: "/ws", Upstream: "http://localhost:3000", Open: 212, Margin: 12, Clocks: []model.Clock{{Of: model.ServerClock, Period: 5 * s, Late: 20 * time.Millisecond, Count: 256, Share: 1}},
			Survived: 5100 * time.Millisecond, Limits: usual, EndsOver: time.Hour,
		},
		{
			ID: 2, Template: "/rooms/*", Upstream: "http://localhost:3000", Open: 212, Opened: 900, Ended: 840, EndsOver: time.Hour, MedianAge: 58 * s,
			Ends:   []model.PathEnd{{Cause: model.CauseIdleCut, Code: 1006, By: model.ByNetwork, Count: 780}, {Code: 1000, By: model.ByPeer, Count: 60}},
			Clocks: []model.Clock{{Of: model.ServerClock, Period: 55 * s, Late: 2100 * time.Millisecond, Count: 180, Share: 1}, {Of: model.ClientClock, Period: 25 * s, Late: 400 * time.Millisecond, Count: 19, Share: 0.75}, {Of: model.ClientClock, Period: 90 * s, Count: 6, Share: 0.25}},
			Data:   model.DataRhythm{Median: 1100 * time.Millisecond, P99: 9 * s, Bins: []uint32{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 8, 19, 30, 44, 60, 72, 61, 40, 22, 9, 4, 2}}, DataSurvived: 59 * s,
			Survived: 59200 * time.Millisecond, Limits: append([]model.Limit{usual[0], seen}, usual[1:]...), Margin: 0.95,
			Warnings: []model.Warning{{Kind: model.TimerRace, Path: "/rooms/*", Detail: "The server's beat every 55 s (99 % within 57.1 s) meets the cut at 60 s, give or take 400 ms, that ended 14 of 15 connections (nginx proxy_read_timeout): 2 of the last 180 came later than that. Beat every 20 s, or set proxy_read_timeout to at least 3m00s."}},
		},
		{
			ID: 3, Template: "/ocpp/*", Upstream: "http://localhost:3000", Open: 30, Ended: 2, EndsOver: time.Hour, MedianAge: 3*time.Hour + 12*time.Minute,
			Ends:   []model.PathEnd{{Code: 1001, By: model.ByHolter, Count: 2}},
			Clocks: []model.Clock{{Of: model.HolterClock, Period: 5 * s, Late: 500 * time.Millisecond, Share: 1}}, Survived: 5500 * time.Millisecond, KeptAlive: 250 * s,
			Limits: usual, Margin: model.NoMargin,
			Notes: []string{"For up to 4m10s nothing passed here but holter's own beats, every 5 s: they keep this path alive. Whatever cuts such a silence is not seen while they go on; --scheme none only watches."},
		},
		{ID: 4, Template: "/new", Upstream: "http://localhost:3000", Open: 1, Limits: usual, Margin: model.NoMargin},
	}
}

// grouped is cohorts of one path, of another one and of several, more than are told.
func grouped() []model.Cohort {
	const s = time.Second
	on := func(path string) []model.Trait {
		return []model.Trait{{Kind: model.TraitAddress, Value: "10.0.3.7"}, {Kind: model.TraitPath, Value: path}, {Kind: model.TraitAgent, Value: "shop/7.1"}, {Kind: model.TraitCode, Value: "none"}}
	}
	all := []model.Cohort{
		{ID: 1, Kind: model.CohortSilence, Cause: model.CauseIdleCut, Started: noon.Add(-50 * time.Minute), Newest: noon.Add(-2 * s), Count: 780, Of: 840, Length: 60 * s, Spread: 400 * time.Millisecond, Traits: on("/rooms/*"), Chance: 3e-10,
			Detail: "780 of 840 that ended without a close frame on the side of the client did so after 60.0 s ± 400 ms without a byte, all through 10.0.3.7, all on /rooms/*: an idle timeout at the peer or on the way; known limits of that length: nginx proxy_read_timeout, AWS ALB idle timeout. Beat more often than every 60.0 s, or raise it."},
		{ID: 2, Kind: model.CohortMoment, Cause: model.CauseProxyReload, Started: noon.Add(-12 * time.Minute), Newest: noon.Add(-12 * time.Minute), Count: 412, Of: 900, Traits: []model.Trait{{Kind: model.TraitAddress, Value: "10.0.3.7"}},
			Detail: "412 of 900 connections ended within 1.4 s, all through 10.0.3.7, at different ages and whatever passed on them: the proxy at that address was reloaded or restarted, or the one program of all these clients ended. Have it drain its connections first."},
		{ID: 3, Kind: model.CohortData, Cause: model.CauseIdleCut, Started: noon.Add(-time.Hour), Newest: noon.Add(-time.Hour), Count: 4, Of: 4, Traits: on("/feed"), Chance: 1e-9, Detail: "4 of 4 on another path."},
	}
	for i := range 6 {
		at := noon.Add(time.Duration(i-20) * time.Minute)
		all = append(all, model.Cohort{ID: 4 + i, Kind: model.CohortMoment, Started: at, Newest: at, Count: 20 + i, Of: 900, Traits: on("/rooms/*")[:2], Chance: 1e-40,
			Detail: fmt.Sprintf("%d of 900 connections ended within 30 ms, all through 10.0.3.7, all on /rooms/*.", 20+i)})
	}
	return append(all, model.Cohort{ID: 10, Kind: model.CohortSilence, Cause: model.CauseUnknown, Started: noon.Add(-3 * time.Hour), Newest: noon.Add(-time.Hour), Count: 5, Of: 30, Traits: on("/rooms/*"), Chance: 2e-8,
		Detail: "5 of 30 that ended without a close frame on the side of the client did so 5.0 s ± 1 ms after they had opened, and after as long without a byte, all through 10.0.3.7, all on /rooms/*: an idle timeout or a maximum lifetime, which such connections cannot tell apart."})
}

func onPaths(t testing.TB, w, h int, getenv func(string) string) *screen {
	f := newFake(ward(20)...)
	f.snapshot.Paths, f.snapshot.Cohorts, f.snapshot.Monitor.Upstream = trodden(), grouped(), "http://localhost:3000"
	return newScreenWith(t, f, w, h, getenv, false).press("7")
}

func TestPathsGoldens(t *testing.T) {
	for name, size := range map[string]size{"60x15": {60, 15}, "80x24": {80, 24}, "120x36": {120, 36}, "200x60": {200, 60}} {
		t.Run(name, func(t *testing.T) { golden.RequireEqual(t, []byte(onPaths(t, size.w, size.h, utf8Locale).text())) })
	}
	for name, size := range map[string]size{"80x24": {80, 24}, "120x36": {120, 36}} { // at 200x60 all is seen
		t.Run("cohorts-"+name, func(t *testing.T) {
			s := onPaths(t, size.w, size.h, utf8Locale)
			for range 3 {
				s.press("pgdn")
			}
			golden.RequireEqual(t, []byte(s.text()))
		})
	}
	t.Run("kept-alive", func(t *testing.T) {
		golden.RequireEqual(t, []byte(onPaths(t, 120, 30, utf8Locale).press("j", "j").text()))
	})
	t.Run("ascii", func(t *testing.T) { golden.RequireEqual(t, []byte(onPaths(t, 80, 24, asciiTerminal).text())) })
	t.Run("nobody", func(t *testing.T) {
		golden.RequireEqual(t, []byte(newScreen(t, newFake(), 80, 24).press("7").text()))
	})
	t.Run("colours", func(t *testing.T) { golden.RequireEqual(t, []byte(onPaths(t, 120, 36, utf8Locale).app.View())) })
}

// At all sizes the page fits, and says the same with colours and without.
func TestPathsFit(t *testing.T) {
	for w := 60; w <= 220; w += 7 {
		for _, h := range []int{15, 16, 24, 30, 36, 60} {
			for range trodden() {
				s := onPaths(t, w, h, utf8Locale)
				s.press("j", "j")
				checkSize(t, s.app.View(), w, h)
				if bare := onPaths(t, w, h, withoutColour).press("j", "j"); ansi.Strip(s.app.View()) != ansi.Strip(bare.app.View()) {
					t.Fatalf("%dx%d differs without colours", w, h)
				}
			}
		}
	}
}

// The row under the cursor has the map, a warning is a trouble to seek, and enter lists the connections of the path.
func TestPathsPage(t *testing.T) {
	s := onPaths(t, 120, 36, utf8Locale)
	s.line("4 paths, 1 warning")
	s.line("idle-cut 60.0s ±400ms ×780")
	s.line("60.0s ±400ms: 14 of 15 ends")
	s.line("timer-race: The server's beat every 55 s")
	s.press("j").line("every 5.00s")
	s.lacks("timer-race: The")
	s.press("j").line("by holter's beats alone, for up to 4m10s")
	s.line("--scheme none only watches")
	s.press("n").line("timer-race: The server's beat")
	s.press("enter").line("path=/rooms/*")
	s = onPaths(t, 120, 36, utf8Locale).press("7", "j", "enter")
	s.line("path=/ws")
}

// The cohorts of a path are below its map: first those that say what to do, then the largest. What shares no path is with all
// paths on which something ended.
func TestPathsHaveTheirCohorts(t *testing.T) {
	s := onPaths(t, 120, 80, utf8Locale)
	s.line("idle-cut: 780 of 840, chance below 1e-9, began 50m00s ago, newest just now, all are shop/7.1")
	s.line("proxy-reload: 412 of 900, chance below 1e-300, began 12m00s ago, newest 12m00s ago, on several paths")
	s.line("unknown silence: 5 of 30")
	s.line("and 3 more")
	s.lacks("another path")
	s.lacks("21 of 900")
	text := s.text()
	last := 0
	for _, name := range []string{"timer-race: ", "Cohorts", "idle-cut: 780", "proxy-reload: ", "unknown silence", "moment: 25", "moment: 24", "and 3 more"} {
		at := strings.Index(text, name)
		if at < last {
			t.Errorf("%s is not below what comes before it:\n%s", name, text)
		}
		last = at
	}
	s.press("j").lacks("Cohorts") // nothing ended there
	s.press("j").line("proxy-reload: 412 of 900")
	s.lacks("idle-cut: 780")
}

// A limit that is outlived says where it came from, also if it has no name.
func TestOutlivedLimits(t *testing.T) {
	f := newFake(ward(3)...)
	f.snapshot.Paths = []model.Path{{ID: 1, Template: "/ws", Open: 3, Margin: model.NoMargin, Limits: []model.Limit{
		{Kind: model.SilenceLimit, After: 5 * time.Second, From: model.LimitSet, Refuted: true},
		{Kind: model.SilenceLimit, After: 7 * time.Second, From: model.LimitElsewhere, Where: "/feed", Refuted: true},
		{Kind: model.AgeLimit, After: 9 * time.Second, From: model.LimitSet, Refuted: true},
		{Kind: model.SilenceLimit, After: 30 * time.Second, From: model.LimitNamed, Name: "some proxy", Refuted: true},
	}}}
	s := newScreenWith(t, f, 120, 36, utf8Locale, false).press("7")
	s.line("5.0s outlived here: --idle-cut is wrong")
	s.line("7.0s outlived here: seen on /feed")
	s.line("9.0s outlived here: --age-cut is wrong")
	s.line("30.0s outlived here: some proxy")
}

// A cohort that the application has made itself has no cause, and says what to do.
func TestCohortOfTheApplication(t *testing.T) {
	f := newFake(ward(3)...)
	f.snapshot.Paths = []model.Path{{ID: 1, Template: "/ws", Open: 3, Ended: 60, Margin: model.NoMargin}}
	f.snapshot.Cohorts = []model.Cohort{
		{ID: 1, Kind: model.CohortMoment, Cause: model.CauseUnknown, Started: noon, Newest: noon, Count: 50, Of: 60, Detail: "50 of 60 connections ended within 3 ms."},
		{ID: 2, Kind: model.CohortData, Started: noon, Newest: noon, Count: 36, Of: 36, Detail: "Your application closes connections after 7.0 s."},
	}
	s := newScreenWith(t, f, 120, 36, utf8Locale, false).press("7")
	s.line("data-silence by the application: 36 of 36")
	s.line("moment: 50 of 60")
	if text := s.text(); strings.Index(text, "36 of 36") > strings.Index(text, "50 of 60") || strings.Contains(text, "unknown moment") {
		t.Error(text)
	}
}

// The detail of a connection has the map of its path.
func TestDetailHasTheTimersOfItsPath(t *testing.T) {
	for name, size := range map[string]size{"80x24": {80, 24}, "120x36": {120, 36}, "200x60": {200, 60}} {
		t.Run(name, func(t *testing.T) {
			f := newFake(ward(20)...)
			f.snapshot.Paths = trodden()
			s := newScreen(t, f, size.w, size.h).press("enter", "enter")
			for range 6 {
				s.press("pgdn")
			}
			if name == "200x60" {
				s.press("pgup", "pgup", "pgup")
			}
			golden.RequireEqual(t, []byte(s.text()))
		})
	}
}

func TestPathOf(t *testing.T) {
	p := &picture{Snapshot: &model.Snapshot{Paths: []model.Path{{ID: 1, Template: "/rooms/*"}, {ID: 2, Template: "/rooms/lobby"}, {ID: 3}}}}
	for path, want := range map[string]int{"/rooms/7": 1, "/rooms/lobby": 2, "/x": 0, "/rooms/7/x": 0} {
		got := p.pathOf(&model.Connection{Path: path})
		if got == nil && want != 0 || got != nil && got.ID != want {
			t.Errorf("%s is of %+v, want %d", path, got, want)
		}
	}
}

func TestPathsAreWritten(t *testing.T) {
	s := onPaths(t, 120, 30, utf8Locale)
	var out strings.Builder
	if err := s.app.page().(document).formats(false)["csv"](&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatalf("%v, %q", err, out.String())
	}
	row := map[string]string{}
	for i, name := range rows[0] {
		row[name] = rows[1][i]
	}
	for name, want := range map[string]string{"id": "p2", "path": "/rooms/*", "server_period_ms": "55000", "cut_ms": "60000", "margin": "0.95", "warnings": "timer-race", "holter_period_ms": "", "median_age_ms": "58000"} {
		if row[name] != want {
			t.Errorf("%s is %q, want %q", name, row[name], want)
		}
	}
}
