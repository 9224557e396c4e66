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

// team is services of all kinds and in all states, as of the time of the fake's snapshot.
func team(now time.Time) []model.Service {
	strip := func(newest ...model.Beat) (s model.Strip) {
		for i := range s {
			s[i] = model.Beat(1).Raised(3 + i%2)
		}
		copy(s[len(s)-len(newest):], newest)
		return s
	}
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	calm := []model.ServiceChange{{At: ago(time.Hour), From: model.Unknown, To: model.Normal}}
	refused := model.Diagnosis{Cause: model.CauseRefused, Detail: "Nobody listens there (connection refused), 14 times in a row."}
	silent := model.Diagnosis{Cause: model.CauseNoHeartbeat, Detail: "No report for 6.1 s, where one was due every 5.0 s."}
	return []model.Service{
		{ID: "api", Kind: model.Probed, Target: "http://localhost:3000/health", State: model.Normal, Since: ago(time.Hour), Known: ago(time.Hour), Heard: ago(2 * time.Second), Status: "200",
			Latency: 3100 * time.Microsecond, LatencyMean: 2900 * time.Microsecond, LatencyDev: 4 * time.Millisecond, Timeout: 506 * time.Millisecond, Interval: 5 * time.Second,
			Received: 719, Uptime: 1, Strip: strip(), Changes: calm},
		{ID: "billing", Kind: model.Probed, Target: "https://billing.internal:8443/ready", State: model.Failed, Since: ago(62 * time.Second), Known: ago(time.Hour), Heard: ago(75 * time.Second), Diagnosis: refused,
			Latency: 12 * time.Millisecond, LatencyMean: 11 * time.Millisecond, LatencyDev: 9 * time.Millisecond, Timeout: 522 * time.Millisecond, Interval: 5 * time.Second, Missed: 14,
			Received: 704, Lost: 16, Uptime: 0.9791, Strip: strip(model.MissedBeat, model.MissedBeat, model.MissedBeat, model.MissedBeat, model.MissedBeat, model.MissedBeat),
			Changes: append(calm[:1:1],
				model.ServiceChange{At: ago(30 * time.Minute), From: model.Normal, To: model.Suspect, Diagnosis: model.Diagnosis{Cause: model.CauseStatus, Detail: "It answers 503 Service Unavailable."}},
				model.ServiceChange{At: ago(30*time.Minute - 5*time.Second), From: model.Suspect, To: model.Normal, Diagnosis: model.Diagnosis{Cause: model.CauseJitter, Detail: "It failed once; it recovered by itself."}},
				model.ServiceChange{At: ago(72 * time.Second), From: model.Normal, To: model.Suspect, Diagnosis: model.Diagnosis{Cause: model.CauseRefused, Detail: "Nobody listens there (connection refused)."}},
				model.ServiceChange{At: ago(62 * time.Second), From: model.Suspect, To: model.Failed, Diagnosis: model.Diagnosis{Cause: model.CauseRefused, Detail: "Nobody listens there (connection refused), 3 times in a row."}, Late: time.Second},
			)},
		{ID: "gone", Kind: model.Reported, State: model.Closed, Since: ago(20 * time.Second), Known: ago(time.Hour), Heard: ago(21 * time.Second), Timeout: time.Second,
			Interval: 5 * time.Second, TTL: 15 * time.Second, Received: 700, Uptime: 1, Strip: strip(), Changes: append(calm[:1:1], model.ServiceChange{At: ago(20 * time.Second), From: model.Normal, To: model.Closed})},
		{ID: "mailer-with-a-long-name-of-its-own", Kind: model.Reported, State: model.Suspect, Since: ago(400 * time.Millisecond), Known: ago(10 * time.Minute), Heard: ago(6100 * time.Millisecond), Diagnosis: silent, Status: "draining",
			Latency: 40 * time.Millisecond, LatencyMean: 22 * time.Millisecond, LatencyDev: 90 * time.Millisecond, Timeout: 544 * time.Millisecond, Interval: 5 * time.Second, TTL: 15 * time.Second, Missed: 1,
			Received: 121, Lost: 1, Uptime: 0.99994, Strip: strip(model.LateBeat, model.Beat(2).Raised(6), model.MissedBeat),
			Changes: []model.ServiceChange{{At: ago(10 * time.Minute), From: model.Closed, To: model.Normal}, {At: ago(400 * time.Millisecond), From: model.Normal, To: model.Suspect, Diagnosis: silent}}},
		{ID: "new", Kind: model.Upstream, Target: "ws://localhost:3000/ws", State: model.Unknown, Since: ago(time.Second), Known: ago(time.Second), Timeout: time.Second, Interval: 5 * time.Second, Uptime: 1},
		{ID: "worker-1", Kind: model.Reported, State: model.Normal, Since: ago(10 * time.Minute), Known: ago(10 * time.Minute), Heard: ago(time.Second), Status: "idle", Clock: -37 * time.Second,
			Timeout: time.Second, Interval: time.Second, TTL: 3 * time.Second, Received: 600, Uptime: 1, Strip: strip()},
	}
}

func onServices(t testing.TB, w, h int, getenv func(string) string) *screen {
	f := newFake(ward(20)...)
	f.snapshot.Services = team(f.snapshot.Time)
	return newScreenWith(t, f, w, h, getenv, false).press("8")
}

func TestServicesGoldens(t *testing.T) {
	for name, size := range map[string]size{"60x15": {60, 15}, "80x24": {80, 24}, "120x36": {120, 36}, "200x60": {200, 60}} {
		t.Run(name, func(t *testing.T) {
			golden.RequireEqual(t, []byte(onServices(t, size.w, size.h, utf8Locale).text()))
		})
	}
	t.Run("reported", func(t *testing.T) {
		golden.RequireEqual(t, []byte(onServices(t, 120, 30, utf8Locale).press("j", "j", "j").text()))
	})
	t.Run("ascii", func(t *testing.T) { golden.RequireEqual(t, []byte(onServices(t, 80, 24, asciiTerminal).text())) })
	t.Run("colours", func(t *testing.T) { golden.RequireEqual(t, []byte(onServices(t, 120, 36, utf8Locale).app.View())) })
	t.Run("nobody", func(t *testing.T) {
		golden.RequireEqual(t, []byte(newScreen(t, newFake(), 80, 24).press("8").text()))
	})
}

// At all sizes the page fits, and says the same with colours and without.
func TestServicesFit(t *testing.T) {
	for w := 60; w <= 220; w += 7 {
		for _, h := range []int{15, 16, 24, 30, 36, 60} {
			s, bare := onServices(t, w, h, utf8Locale), onServices(t, w, h, withoutColour)
			for range team(time.Now()) {
				checkSize(t, s.app.View(), w, h)
				if ansi.Strip(s.app.View()) != ansi.Strip(bare.app.View()) {
					t.Fatalf("%dx%d differs without colours", w, h)
				}
				s.press("j")
				bare.press("j")
			}
		}
	}
}

// The page has a place on the line of pages only while there are services, and is reached by its key all the same.
func TestServicesComeAndGo(t *testing.T) {
	f := newFake(ward(3)...)
	s := newScreen(t, f, 120, 30)
	if strings.Contains(s.text(), "8 services") {
		t.Error("the line of pages has a page without anything on it")
	}
	if s.press("tab", "tab", "tab", "tab", "tab", "tab", "tab"); !strings.Contains(s.text(), "STATE") {
		t.Errorf("tab goes to a page that is not on the line:\n%s", s.text())
	}
	if s.press("8"); !strings.Contains(s.text(), "--health http://localhost:3000/health") {
		t.Errorf("the page does not say how services come to be there:\n%s", s.text())
	}
	s = onServices(t, 120, 30, utf8Locale).press("1")
	if !strings.Contains(s.text(), "8 services") {
		t.Error("the line of pages lacks the services")
	}
}

func TestServicesFilterAndSort(t *testing.T) {
	s := onServices(t, 120, 36, utf8Locale)
	first := func() string { return s.app.page().(*servicesPage).list.Rows[0].ID }
	if first() != "billing" {
		t.Errorf("%s is on top, not the one that has failed", first())
	}
	s.press("s", "l")
	if first() != "mailer-with-a-long-name-of-its-own" {
		t.Errorf("%s is on top, not the slowest", first())
	}
	s.press("S", "/")
	for _, r := range "service=api or state=suspect" {
		s.press(string(r))
	}
	s.press("enter")
	if text := s.text(); !strings.Contains(text, "api") || strings.Contains(text, "billing") || !strings.Contains(text, "mailer") {
		t.Errorf("the filter is not obeyed:\n%s", text)
	}
	s.press("n")
	if row := s.app.page().(*servicesPage).list.Selected(); row.State != model.Suspect {
		t.Errorf("n goes to %s", row.ID)
	}
	if s.press("enter"); !strings.Contains(s.text(), "every 5s") || s.app.dialog == nil {
		t.Errorf("enter does not open the service:\n%s", s.text())
	}
	s.press("esc", "esc")
	if s.app.dialog != nil || !strings.Contains(s.text(), "billing") {
		t.Error("esc does not drop the filter")
	}
}

// enter opens all that the pane below the list says, with the beats, and it goes on with the time.
func TestServiceIsOpened(t *testing.T) {
	for _, of := range []size{{80, 24}, {120, 36}, {60, 15}} {
		f := newFake(ward(20)...)
		f.snapshot.Services = team(f.snapshot.Time)
		s := newScreen(t, f, of.w, of.h).press("8", "enter")
		text := s.text()
		_, box, _ := strings.Cut(text, "┌")
		checkSize(t, s.app.View(), of.w, of.h)
		if strings.ContainsRune(text, '\uFFFD') || !strings.Contains(box, "failed for 1m02s.") {
			t.Errorf("the dialog at %v is broken:\n%s", of, text)
		}
		if of.h > 15 && !strings.Contains(box, "asked every 5s") {
			t.Errorf("the dialog at %v says too little:\n%s", of, text)
		}
		if of.h > 15 && !strings.ContainsFunc(box, func(r rune) bool { return r > 0x2800 && r < 0x2900 }) {
			t.Errorf("the dialog at %v has no beats:\n%s", of, text)
		}
		f.snapshot.Time = f.snapshot.Time.Add(9 * time.Second)
		s.refresh()
		if _, box, _ := strings.Cut(s.text(), "┌"); !strings.Contains(box, "failed for 1m11s.") {
			t.Errorf("the dialog stands still:\n%s", s.text())
		}
		if s.press("esc"); s.app.dialog != nil {
			t.Error("esc does not shut it")
		}
	}
}

// A full list says how many were turned away.
func TestServicesTurnedAway(t *testing.T) {
	f := newFake()
	f.snapshot.ServicesBeyond = 34
	if text := newScreen(t, f, 120, 30).press("8").text(); !strings.Contains(text, "34 reports turned away") {
		t.Errorf("nothing says that reports were turned away:\n%s", text)
	}
}

func TestServiceEvents(t *testing.T) {
	f := newFake()
	all := team(f.snapshot.Time)
	s := newScreen(t, f, 120, 30).press("4")
	for i, e := range []model.Event{
		{Type: model.ServiceChanged, Service: &all[3], From: model.Closed, To: model.Normal},
		{Type: model.ServiceChanged, Service: &all[1], From: model.Suspect, To: model.Failed},
		{Type: model.ServiceChanged, Service: &all[2], From: model.Normal, To: model.Closed},
	} {
		e.Seq, e.Time = uint64(i+1), f.snapshot.Time
		s.tell(e)
	}
	for _, want := range []string{"mailer-with-a-long-name-of-its-own is there", "billing failed, was suspect: refused", "gone said goodbye"} {
		if !strings.Contains(s.text(), want) {
			t.Errorf("no event says %q:\n%s", want, s.text())
		}
	}
	s.press("/")
	for _, r := range "service=billing" {
		s.press(string(r))
	}
	if s.press("enter"); strings.Contains(s.text(), "said goodbye") || !strings.Contains(s.text(), "billing failed") {
		t.Errorf("the filter is not obeyed:\n%s", s.text())
	}
}

func TestServicesAreWritten(t *testing.T) {
	s := onServices(t, 120, 36, utf8Locale)
	var b strings.Builder
	if err := s.app.page().(document).formats(false)["csv"](&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(rows) != 1+len(team(time.Now())) || rows[1][0] != "billing" || !strings.Contains(fmt.Sprint(rows[1]), "connection refused") {
		t.Errorf("%v, %v", rows, err)
	}
}
