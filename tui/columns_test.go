package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
	"holter/tui/look"
)

func TestEveryCauseHasAMeaning(t *testing.T) {
	all := slices.Concat(model.Causes[:], model.CohortCauses[:])
	for _, cause := range all {
		if causeHelp[cause] == "" {
			t.Errorf("causeHelp lacks %s", cause)
		}
	}
	if len(causeHelp) != len(all) {
		t.Errorf("causeHelp has %d causes, and there are %d", len(causeHelp), len(all))
	}
}

// TestCausesAreReadWithTheirMeaning is about a terminal without room for the sentence.
func TestCausesAreReadWithTheirMeaning(t *testing.T) {
	for cause, meaning := range causeHelp {
		conns := ward(2)
		conns[0].State, conns[0].Side = model.Suspect, model.UpstreamSide
		conns[0].Diagnosis = model.Diagnosis{Cause: cause, Detail: strings.Repeat("What was seen. ", 8)}
		s := newScreen(t, newFake(conns...), 120, 30)
		if got := strings.TrimSpace(s.line("demo-0001")); !strings.HasSuffix(got, string(cause)+"  "+meaning) {
			t.Errorf("%s: %q", cause, got)
		}
	}
}

func TestEndingIsRead(t *testing.T) {
	conns := ward(2)
	conns[0].State = model.Closed
	conns[0].Close = &model.Close{Code: 1006, Reason: "connection lost: connection reset by peer", By: model.ByNetwork, At: noon}
	newScreen(t, newFake(conns...), 200, 30).line("network 1006 connection lost: connection reset by peer")
	newScreen(t, newFake(conns...), 120, 30).line("- network connection reset by peer")
	conns[0].Close.Reason = "end of stream without a close frame"
	newScreen(t, newFake(conns...), 120, 30).line("- network end of stream without a")
}

// An end that others have shown the cause of is told by that, and else by who ended it.
func TestEndWithACauseIsRead(t *testing.T) {
	conns := ward(2)
	conns[0].State = model.Closed
	conns[0].Close = &model.Close{Code: 1006, Reason: "end of stream without a close frame", By: model.ByNetwork, At: noon}
	conns[0].Diagnosis = model.Diagnosis{Cause: model.CauseIdleCut, Detail: "After 60.0 s without a byte, as 14 of 15."}
	newScreen(t, newFake(conns...), 200, 30).line("idle-cut  After 60.0 s without a byte, as 14 of 15.")
	newScreen(t, newFake(conns...), 120, 30).line("idle-cut  cut after a silence")
	conns[0].Diagnosis = model.Diagnosis{Cause: model.CauseUnknown, Detail: "Ended with 9 others."}
	newScreen(t, newFake(conns...), 120, 30).line("network end of stream without a")
}

func TestSentenceIsReadWhole(t *testing.T) {
	conns := ward(4)
	conns[3].Diagnosis = model.Diagnosis{Cause: model.CauseNoPong, Detail: "Data came in, but none of 7 pings was ever answered."}
	newScreen(t, newFake(conns...), 200, 30).line("no-pong  Data came in, but none of 7 pings was ever answered.")
	newScreen(t, newFake(conns...), 120, 30).line("no-pong  data comes, pongs do not")
	newScreen(t, newFake(conns...), 80, 24).line("no-pong")
}

// TestSilenceIsQuiet follows a connection from its last byte on: there is no bar and no colour until a beat has waited for
// most of its timeout.
func TestSilenceIsQuiet(t *testing.T) {
	styles := look.New(look.Themes[0], look.Braille, utf8Locale)
	amber, red := styles.States[model.Suspect].On, styles.States[model.Failed].On
	for _, c := range []struct {
		silence time.Duration
		state   model.State
		want    string
		paint   string
	}{
		{0, model.Normal, " <6s", styles.Dim.On},
		{5300 * time.Millisecond, model.Normal, " <6s", styles.Dim.On},
		{5400 * time.Millisecond, model.Normal, "▐███▉ ▌    5.4s", amber},
		{5600 * time.Millisecond, model.Suspect, "▐█████▌    5.6s", red},
		{300 * time.Millisecond, model.Suspect, " <6s", styles.Dim.On}, // backpressure
		{4800 * time.Millisecond, model.Suspect, "▐█████▌    4.8s", red},
		{8 * time.Second, model.Failed, "▐█████▌    8.0s", red},
	} {
		conns := ward(2)
		conns[1].Silence, conns[1].State = c.silence, c.state
		s := newScreen(t, newFake(conns...), 140, 24).press("s", "c")
		if row := s.line("demo-0002"); !strings.Contains(row, c.want) || strings.Contains(row, "▐") != strings.Contains(c.want, "▐") {
			t.Errorf("%v: no %q in %q", c.silence, c.want, row)
		}
		var row string
		for _, l := range strings.Split(s.app.View(), "\n") {
			if strings.Contains(l, "demo-0002") {
				row = l
			}
		}
		before, _, _ := strings.Cut(row, strings.TrimSpace(c.want))
		if got := before[strings.LastIndex(before, "\x1b"):]; strings.TrimRight(got, " ") != c.paint {
			t.Errorf("%v, %v: painted with %q, want %q", c.silence, c.state, got, c.paint)
		}
	}
}

// TestCalmSilenceStandsStill is about beats that come seldom, or not at all.
func TestCalmSilenceStandsStill(t *testing.T) {
	for _, c := range []struct {
		interval, timeout, silence time.Duration
		want                       string
	}{
		{2 * time.Second, time.Second, 1900 * time.Millisecond, " <3s"},
		{25 * time.Second, time.Second, 3 * time.Second, " <5s"},
		{25 * time.Second, time.Second, 14900 * time.Millisecond, " 10s"},
		{0, 0, 3*time.Minute + 7*time.Second, " 3m05s"},
		{0, 0, 3*time.Hour + 7*time.Minute, " 3h07m"},
	} {
		conns := ward(1)
		conns[0].Interval, conns[0].Timeout, conns[0].Silence = c.interval, c.timeout, c.silence
		newScreen(t, newFake(conns...), 80, 24).line(c.want)
	}
}

// TestMissesAreNotCalm is about a connection that is held to be normal because bytes come, and yet answers no ping.
func TestMissesAreNotCalm(t *testing.T) {
	styles := look.New(look.Themes[0], look.Braille, utf8Locale)
	amber := styles.States[model.Suspect]
	conns := ward(3)
	for i := 16; i < 24; i++ {
		conns[1].Beats[i], conns[2].Beats[i] = model.MissedBeat, model.MissedBeat
	}
	conns[1].Diagnosis = model.Diagnosis{Cause: model.CauseNoPong, Detail: "Data came in, but none of 7 pings was ever answered."}
	s := newScreen(t, newFake(conns...), 120, 24).press("s", "c")
	s.line("● normal  demo-0002")
	s.line("unanswered, but bytes come in")
	if view := s.app.View(); strings.Count(view, amber.On+"● normal") != 2 || !strings.Contains(view, amber.On+"no-pong") {
		t.Errorf("rows of misses are as calm as others:\n%q", view)
	}
	s.press("j")
	if !strings.Contains(s.app.View(), styles.Cursor[model.Suspect].On+"▸● normal") {
		t.Error("the row under the cursor is calm")
	}
}

// TestLongNamesGetTheirRoom is about names that tell clients apart by their ends.
func TestLongNamesGetTheirRoom(t *testing.T) {
	conns := ward(20)
	conns[2].Client = "warehouse-7/forklift-12/telemetry-gateway.eu-central-1.example"
	s := newScreen(t, newFake(conns...), 190, 24)
	s.line(conns[2].Client + " ")
	s.press("2", "G").line(conns[2].Client + " ")
	narrow := newScreen(t, newFake(conns...), 120, 24)
	narrow.line("warehouse-7/fork…ntral-1.example")
	narrow.line("TIMEOUT")
	conns[2].Client = strings.Repeat("漢", 1300)
	newScreen(t, newFake(conns...), 190, 24).line(strings.Repeat("漢", 15) + "…" + strings.Repeat("漢", 16))
	short := newScreen(t, newFake(ward(20)...), 190, 24)
	short.line("demo-0003       3 127.0.0.1") // they leave the room to other columns
}

// TestTextsTakeWhatIsFree is about texts that would be cut beside cells with nothing in them.
func TestTextsTakeWhatIsFree(t *testing.T) {
	const agent, like = "holter-demo/steady (exponential, 1s x2, full jitter)", "AWS full jitter"
	f := newFake(ward(20)...)
	f.snapshot.Storms = weather()
	storm := &f.snapshot.Storms[2]
	storm.Policies[0].UserAgent, storm.Policies[0].Like = agent, like
	f.snapshot.Clients[3].UserAgent = agent
	for _, w := range []int{200, 300} {
		s := newScreen(t, f, w, 60).press("3")
		s.line(like + " ")
		s.line(agent + " ")
		s.line("500ms…1.50s")
		s.press("2").line(agent + " ")
		s.line("BACK AFTER")
	}
	newScreen(t, f, 80, 24).press("3").line("AWS full jit…")
	f.snapshot.Clients[3].UserAgent = strings.Repeat(agent, 99)
	newScreen(t, f, 120, 24).press("2").line("BACK AFTER")
}

// TestQuietScreens draws rows that are well, near the limit, beyond it and not what they seem, in all colours and without.
// Where holter only watches there are no beats and no timeouts, and round trips only if applications ping.
func TestColumnsOfAWatcher(t *testing.T) {
	f := newFake(ward(3)...)
	f.snapshot.Monitor.Scheme = model.SchemeNone
	s := newScreenWith(t, f, 120, 30, utf8Locale, false)
	s.line(" RTT ")
	s.lacks("BEATS")
	s.lacks("TIMEOUT")
	for i := range f.snapshot.Connections {
		f.snapshot.Connections[i].RTT = 0
	}
	s.refresh()
	s.lacks(" RTT ")
	f.snapshot.Monitor.Scheme = model.SchemeBoth
	s.refresh()
	for _, title := range []string{" RTT ", "BEATS", "TIMEOUT"} {
		s.line(title)
	}
}

func TestQuietScreens(t *testing.T) {
	conns := ward(5)
	conns[1].Silence = 5400 * time.Millisecond
	for i := 16; i < 24; i++ {
		conns[2].Beats[i] = model.MissedBeat
	}
	conns[2].Diagnosis = model.Diagnosis{Cause: model.CauseNoPong, Detail: "Data came in 27 ms ago, but none of 7 pings was answered."}
	conns[4].Diagnosis = model.Diagnosis{Cause: model.CauseJitter, Detail: "The pong came after 1.4 s; the timeout was 0.5 s."}
	for i, theme := range look.Themes {
		t.Run(theme.Name, func(t *testing.T) {
			s := newScreen(t, newFake(conns...), 110, 16)
			for range i {
				s.press("t")
			}
			golden.RequireEqual(t, []byte(s.press("s", "c").app.View()))
		})
	}
	for name, getenv := range map[string]func(string) string{"none": withoutColour, "ascii": asciiTerminal} {
		t.Run(name, func(t *testing.T) {
			s := newScreenWith(t, newFake(conns...), 110, 16, getenv, false)
			golden.RequireEqual(t, []byte(s.press("s", "c").app.View()))
		})
	}
}
