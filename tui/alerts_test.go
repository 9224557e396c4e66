package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
)

// raised are alerts in all states.
func raised() []model.Alert {
	label := func(pairs ...string) (list []model.Label) {
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, model.Label{Name: pairs[i], Value: pairs[i+1]})
		}
		return list
	}
	return []model.Alert{
		{ID: "1", Rule: "ManyFailed", State: model.AlertFiring, Labels: label("alertname", "ManyFailed", "severity", "critical"), Annotations: label("summary", "More than a tenth of the connections have failed", "runbook", "https://wiki.example/sockets#failed"),
			Detail: "share(state=failed) is 15% (> 10%); count(state=failed) is 3 (>= 3)", Value: 15, BuiltIn: true, Since: noon.Add(-70 * time.Second), Fired: noon.Add(-time.Minute), At: model.Place{Page: model.ConnectionsPage, Query: "state=failed"}},
		{ID: "2", Rule: "BeatRacesCut", State: model.AlertFiring, Labels: label("alertname", "BeatRacesCut", "path", "/rooms/*", "severity", "warning", "upstream", "http://localhost:3000"),
			Detail: "margin is 1.1 (< 1.2)", Since: noon.Add(-time.Hour), Fired: noon.Add(-59 * time.Minute), At: model.Place{Page: model.PathsPage, Query: "/rooms/*"}},
		{ID: "3", Rule: "MachineBusy", State: model.AlertPending, Labels: label("alertname", "MachineBusy"), Detail: "cpu is 97% (> 95%)", Since: noon.Add(-20 * time.Second)},
		{ID: "4", Rule: "SilenceIsCut", State: model.AlertResolved, Labels: label("alertname", "SilenceIsCut", "cohort", "idle-cut"), Annotations: label("summary", "Something on the way cuts silent connections"),
			Detail: "14 of 15 ends at 60 s.", Since: noon.Add(-10 * time.Minute), Fired: noon.Add(-10 * time.Minute), Resolved: noon.Add(-3 * time.Minute)},
	}
}

func ruled() model.AlertBook {
	return model.AlertBook{
		Rules: []model.AlertRule{
			{Name: "Quorum", Condition: "connections < 3", For: time.Minute, State: model.AlertInactive},
			{Name: "ManyFailed", Condition: "share(state=failed) > 10% count(state=failed) >= 3", For: 10 * time.Second, KeepFiringFor: 30 * time.Second, BuiltIn: true, State: model.AlertFiring, Alerts: 1},
			{Name: "BeatRacesCut", Condition: "margin < 1.2 open > 0", For: time.Minute, KeepFiringFor: 5 * time.Minute, BuiltIn: true, State: model.AlertFiring, Alerts: 64, LeftOut: 3},
		},
		Outputs: []model.AlertOutput{
			{Name: "webhook https://hooks.example/…", Sent: 12, Waiting: 2, Dropped: 1, Failing: "it answers 500", Since: noon.Add(-2 * time.Minute)},
			{Name: "alertmanager http://localhost:9093", Sent: 40},
		},
	}
}

func onAlerts(t testing.TB, w, h int, getenv func(string) string) *screen {
	f := newFake(ward(20)...)
	f.snapshot.Alerts, f.book = raised(), ruled()
	return newScreenWith(t, f, w, h, getenv, false)
}

func TestAlertsGoldens(t *testing.T) {
	for name, size := range map[string]size{"60x15": {60, 15}, "80x24": {80, 24}, "120x30": {120, 30}, "200x60": {200, 60}} {
		t.Run(name, func(t *testing.T) {
			s := onAlerts(t, size.w, size.h, utf8Locale)
			golden.RequireEqual(t, []byte(s.press("A").text()+"\n\n"+s.press("tab", "j").text()))
		})
	}
	t.Run("ascii", func(t *testing.T) {
		golden.RequireEqual(t, []byte(onAlerts(t, 80, 24, asciiTerminal).press("A").text()))
	})
	t.Run("colours", func(t *testing.T) {
		golden.RequireEqual(t, []byte(onAlerts(t, 120, 30, utf8Locale).press("A").app.View()))
	})
}

// At all sizes it fits, and says the same with colours and without.
func TestAlertsFit(t *testing.T) {
	for w := 60; w <= 220; w += 8 {
		for _, h := range []int{15, 16, 24, 30, 36, 50, 60} {
			s, bare := onAlerts(t, w, h, utf8Locale), onAlerts(t, w, h, withoutColour)
			for _, keys := range [][]string{nil, {"A"}, {"j", "j", "j"}, {"tab"}, {"j"}, {"esc"}, {"esc"}} {
				s.press(keys...)
				bare.press(keys...)
				checkSize(t, s.app.View(), w, h)
				if ansi.Strip(s.app.View()) != ansi.Strip(bare.app.View()) {
					t.Fatalf("%dx%d differs without colours after %v", w, h, keys)
				}
			}
		}
	}
}

func TestAlertsAreAcknowledgedAndSilencedByKey(t *testing.T) {
	s := onAlerts(t, 120, 30, utf8Locale)
	s.line("A 2 alerts")
	s.press("A", "space").line("ManyFailed is acknowledged until it is resolved")
	s.refresh()
	s.line("acknowledged")
	s.line("A 1 alert")
	s.press("space").line("ManyFailed is not acknowledged any more")
	s.refresh()
	s.line("A 2 alerts")
	s.press("j", "z").line("BeatRacesCut is silenced for 1h")
	s.refresh()
	s.line("silenced")
	s.line("silent until")
	s.press("z").line("BeatRacesCut is not silenced any more")
	s.press("tab", "z").line("the rule Quorum")
	want := []model.AlertOrder{{Target: "1", Do: model.Acknowledge}, {Target: "1", Do: model.Unacknowledge}, {Target: "2", Do: model.Silence, For: time.Hour},
		{Target: "2", Do: model.Silence}, {Target: "Quorum", Do: model.Silence, For: time.Hour}}
	for i, o := range s.fake.alertOrders {
		if i >= len(want) || o != want[i] {
			t.Errorf("order %d: %+v", i, o)
		}
	}
	if len(s.fake.alertOrders) != len(want) {
		t.Errorf("%+v", s.fake.alertOrders)
	}
}

func TestAlertsLeadToTheirEvidence(t *testing.T) {
	s := onAlerts(t, 120, 30, utf8Locale)
	s.press("4", "A", "enter").line("state=failed")
	s = onAlerts(t, 120, 30, utf8Locale)
	s.fake.snapshot.Paths = trodden()
	s.refresh()
	s.press("A", "j", "enter").line("/rooms/* ")
}

func TestNoAlerts(t *testing.T) {
	s := newScreen(t, newFake(ward(5)...), 120, 30)
	s.lacks("alert")
	s.press("A").line("No rule holds now")
	s.press("tab").line("rules and outputs")
	s.press("esc").line("No rule holds now")
	s.press("q").lacks("No rule holds now")
}

func TestAlertsOfAScreenThatChangesNothing(t *testing.T) {
	f := newFake(ward(5)...)
	f.snapshot.Alerts = raised()
	s := newScreenWith(t, f, 120, 30, utf8Locale, true).press("A", "space")
	s.line("read-only: this screen changes nothing")
	s.press("z").line("read-only: this screen changes nothing")
	if len(f.alertOrders) > 0 {
		t.Errorf("%+v", f.alertOrders)
	}
}

// The terminal tells once of each alert that begins to fire while the screen is there.
func TestTheTerminalTellsOfAlerts(t *testing.T) {
	alert := func(id, rule string, fired time.Duration) model.Alert {
		return model.Alert{ID: id, Rule: rule, State: model.AlertFiring, Fired: noon.Add(fired), Labels: []model.Label{{Name: "path", Value: "/a;b\x1b]"}}}
	}
	for way, want := range map[string]string{
		"off": "", "": "", "bell": "\a", "osc9": "\x1b]9;holter: alert Two of /a,b\uFFFD]: \a", "osc777": "\x1b]777;notify;holter;alert Two of /a,b\uFFFD]: \a",
	} {
		f := newFake(ward(5)...)
		f.snapshot.Alerts = []model.Alert{alert("1", "One", -time.Hour)}
		s := newScreen(t, f, 120, 30)
		s.app.notify, s.app.rung = way, nil // as before the first picture
		t.Setenv("TMUX", "")
		t.Setenv("STY", "")
		step := func(what, want string, alerts ...model.Alert) {
			t.Helper()
			s.out.Reset()
			f.snapshot.Alerts = alerts
			s.refresh()
			if got := s.out.String(); got != want {
				t.Errorf("%s, %s: %q, want %q", way, what, got, want)
			}
		}
		step("it has fired before", "", alert("1", "One", -time.Hour))
		step("another", want, alert("1", "One", -time.Hour), alert("2", "Two", 0))
		step("the same", "", alert("1", "One", -time.Hour), alert("2", "Two", 0))
		step("over", "", alert("1", "One", -time.Hour))
		step("again", want, alert("1", "One", -time.Hour), alert("2", "Two", time.Minute))
		quiet := alert("3", "Three", 0)
		quiet.Acknowledged = noon
		step("acknowledged elsewhere", "", alert("2", "Two", time.Minute), quiet)
		storm := alert("4", "Storm", 0)
		storm.BuiltIn = true
		step("a storm, of which the screen has a word", "", alert("2", "Two", time.Minute), storm)
		if way == "osc9" {
			step("two at once", strings.Replace(strings.Replace(want, "Two", "Five", 1), ": \a", ":  (and 1 more)\a", 1), alert("5", "Five", 0), alert("6", "Six", 0))
		}
	}
}

func TestAlertsAmongTheEvents(t *testing.T) {
	s := newScreen(t, newFake(ward(5)...), 120, 30)
	a := raised()
	s.tell(model.Event{Seq: 1, Time: noon, Type: model.AlertChanged, Alert: &a[0]}, model.Event{Seq: 2, Time: noon, Type: model.AlertChanged, Alert: &a[3]})
	s.press("4").line("alert ManyFailed: More than a tenth of the connections have failed")
	s.line("alert SilenceIsCut of idle-cut is resolved")
	s.press("/", "event=alert", "enter").line("/2")
}
