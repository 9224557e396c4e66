package describe

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"holter/model"
	"holter/tui/look"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// aged is a connection that was opened some time before noon, with an answer each second since, and a miss at first.
func aged(age time.Duration) model.Detail {
	d := model.Detail{Connection: model.Connection{Opened: noon.Add(-age), Since: noon.Add(-age), Interval: time.Second, Timeout: time.Second}}
	for at := d.Opened.Add(time.Second); at.Before(noon) && len(d.Samples) < 60; at = at.Add(time.Second) {
		d.Samples = append(d.Samples, model.Sample{At: at, RTT: time.Millisecond, Timeout: time.Second})
	}
	d.Samples[0].RTT, d.Samples[0].Missed = 0, true
	return d
}

// misses are how far to the right the misses stand in the charts of a detail, in per cent of w cells.
func misses(d model.Detail, w int) (at []int) {
	s := look.New(look.Themes[0], look.ASCII, os.Getenv)
	text := Text{Styles: s, Width: w, Height: 40, Now: noon, Of: &d, Beats: 30}
	for _, l := range text.Lines() {
		l = ansi.Strip(l)
		for i := range l {
			if strings.HasPrefix(l[i:], "x_") {
				at = append(at, 100*i/w)
			}
		}
	}
	return at
}

// TestChartOfTheYoungBeginsWithThem has the whole width for what there is, from ten seconds on.
func TestChartOfTheYoungBeginsWithThem(t *testing.T) {
	for _, test := range []struct {
		age        time.Duration
		least, top int
	}{{3 * time.Second, 70, 85}, {6 * time.Second, 40, 60}, {12 * time.Second, 8, 20}, {28 * time.Second, 4, 15}} {
		if got := misses(aged(test.age), 100); len(got) != 1 || got[0] < test.least || got[0] > test.top {
			t.Errorf("%v old: the miss of its first second is at %v %%", test.age, got)
		}
	}
	if got := misses(aged(40*time.Second), 100); len(got) != 0 {
		t.Errorf("older than the chart: a miss at %v %%", got)
	}
	forgotten := aged(20 * time.Second)
	forgotten.Opened = noon.Add(-time.Hour)
	if got := misses(forgotten, 100); len(got) != 1 || got[0] > 20 {
		t.Errorf("what is kept of an old one begins at %v %%", got)
	}
}

// TestSidesOfAProxyShareTheirAxis has the beats of the same time below each other, although one side beats less often.
func TestSidesOfAProxyShareTheirAxis(t *testing.T) {
	near, far := aged(12*time.Second), aged(12*time.Second)
	far.Side, far.Interval = model.UpstreamSide, 2*time.Second
	far.Samples = far.Samples[4:]
	far.Samples[0] = near.Samples[4]
	near.Samples[0].Missed, near.Samples[0].RTT = false, time.Millisecond
	for _, d := range []*model.Detail{&near, &far} {
		i := len(d.Samples) - 5
		d.Samples[i].Missed, d.Samples[i].RTT = true, 0
	}
	both := near
	both.Legs = []model.Detail{near, far}
	for _, w := range []int{100, 220} {
		got := misses(both, w)
		if w >= legsBeside && len(got) == 2 {
			got[1] -= 50
		}
		if len(got) != 2 || got[1]-got[0] > 1 || got[0]-got[1] > 1 {
			t.Errorf("in %d cells the misses of the same second are at %v %%", w, got)
		}
	}
}

// TestRoundTrips has one outlier, which is told as what it is.
func TestRoundTrips(t *testing.T) {
	d := aged(12 * time.Second)
	d.RTT, d.RTTMean, d.RTTDev = time.Millisecond, 2400*time.Microsecond, 15600*time.Microsecond
	d.Samples[4].RTT = 18 * time.Millisecond
	text := Text{Of: &d}
	if got, want := text.roundTrips(), "1.0ms   mean 2.4ms   longest of the last 10: 18ms"; got != want {
		t.Errorf("%q instead of %q", got, want)
	}
	d.Samples = nil
	if got, want := text.roundTrips(), "1.0ms   mean 2.4ms"; got != want {
		t.Errorf("%q instead of %q", got, want)
	}
}

func TestUnanswered(t *testing.T) {
	for want, d := range map[string]model.Detail{
		"":         {Evidence: model.Evidence{Unanswered: 1, PingAge: 300 * time.Millisecond}}, // on its way
		"4 in all": {Connection: model.Connection{PingsSent: 9, PongsReceived: 4}, Evidence: model.Evidence{Unanswered: 1, PingAge: 300 * time.Millisecond}},
		"1 in all   1 in a row now, the oldest for 0.6s": {
			Evidence: model.Evidence{Unanswered: 1, PingAge: 600 * time.Millisecond}},
		"5 in all   3 in a row now, 2 of them probes, the oldest for 4.6s": {
			Connection: model.Connection{PingsSent: 9, PongsReceived: 4},
			Evidence:   model.Evidence{Unanswered: 3, Probes: 2, PingAge: 4600 * time.Millisecond}},
		"2 in all": {Connection: model.Connection{State: model.Closed, PingsSent: 9, PongsReceived: 7}},
	} {
		if d.PingsSent == 0 {
			d.PingsSent, d.PongsReceived = 9, 8
		}
		d.Timeout = 500 * time.Millisecond
		text := Text{Of: &d}
		if got := text.unanswered(); got != want {
			t.Errorf("%q instead of %q", got, want)
		}
	}
}
