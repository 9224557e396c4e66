package tui

import (
	"encoding/csv"
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

func onPaths(t testing.TB, w, h int, getenv func(string) string) *screen {
	f := newFake(ward(20)...)
	f.snapshot.Paths, f.snapshot.Monitor.Upstream = trodden(), "http://localhost:3000"
	return newScreenWith(t, f, w, h, getenv, false).press("7")
}

func TestPathsGoldens(t *testing.T) {
	for name, size := range map[string]size{"60x15": {60, 15}, "80x24": {80, 24}, "120x36": {120, 36}, "200x60": {200, 60}} {
		t.Run(name, func(t *testing.T) { golden.RequireEqual(t, []byte(onPaths(t, size.w, size.h, utf8Locale).text())) })
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
