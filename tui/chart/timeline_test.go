package chart

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
	"holter/tui/look"
)

// lifeOf is a connection that was suspected twice and failed once; it opened a minute before noon.
func lifeOf(state model.State) *model.Detail {
	d := &model.Detail{Connection: model.Connection{State: state, Opened: noon.Add(-time.Minute), Since: noon.Add(-5 * time.Second)}}
	add := func(before int, from, to model.State) {
		d.Transitions = append(d.Transitions, model.Transition{At: noon.Add(-time.Duration(before) * time.Second), From: from, To: to})
	}
	add(40, model.Normal, model.Suspect)
	add(36, model.Suspect, model.Normal)
	add(20, model.Normal, model.Suspect)
	add(12, model.Suspect, model.Failed)
	switch state {
	case model.Normal:
		add(5, model.Failed, model.Normal)
	case model.Closed:
		add(5, model.Failed, model.Closed)
		d.Close = &model.Close{Code: 1006, By: model.ByNetwork, At: noon.Add(-5 * time.Second)}
	}
	return d
}

func TestTimeline(t *testing.T) {
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	generations := []Stay{
		{State: model.Normal, From: at(-60), To: at(-40), First: true},
		{State: model.Failed, From: at(-40), To: at(-36)},
		{State: model.Normal, From: at(-20), To: at(-10), First: true},
		{State: model.Normal, From: at(-10), To: at(0), First: true},
	}
	for _, test := range []struct {
		name  string
		stays []Stay
		from  time.Time
		w     int
		want  string
	}{
		{"recovered", Stays(lifeOf(model.Normal), noon), at(-60), 30, "━━━━━━━━━━◐◐━━━━━━━━◐◐◐◐✖✖✖✖━━"},
		{"closed", Stays(lifeOf(model.Closed), noon), at(-60), 30, "━━━━━━━━━━◐◐━━━━━━━━◐◐◐◐✖✖✖✖  "},
		{"the end of it", Stays(lifeOf(model.Failed), noon), at(-30), 10, "━━━◐◐◐✖✖✖✖"},
		{"coarse", Stays(lifeOf(model.Normal), noon), at(-60), 3, "━◐✖"},
		{"generations", generations, at(-60), 30, "━━━━━━━━━━✖✖        ━━━━━┊━━━━"},
		{"no connection", nil, at(-60), 5, "     "},
		{"no time", generations, noon, 5, "     "},
		{"no room", generations, at(-60), 0, ""},
	} {
		if got := ansi.Strip(Timeline(test.stays, test.from, noon, test.w, stylesFor(look.Braille))); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestStaysForget has as many changes as are kept, so there may have been others before.
func TestStaysForget(t *testing.T) {
	d := lifeOf(model.Normal)
	for len(d.Transitions) < model.MaxTransitions {
		d.Transitions = append([]model.Transition{d.Transitions[0]}, d.Transitions...)
	}
	if stays := Stays(d, noon); !stays[0].From.Equal(d.Transitions[0].At) {
		t.Errorf("the first stay began at %s, before what is known", stays[0].From)
	}
}

func TestMachineGoldens(t *testing.T) {
	var b strings.Builder
	for _, g := range []look.Graph{look.Braille, look.ASCII} {
		for _, state := range []model.State{model.Normal, model.Suspect, model.Failed, model.Closed} {
			for _, w := range []int{100, 60, 20} {
				lines := Machine(lifeOf(state), noon, w, stylesFor(g))
				b.WriteString(ansi.Strip(strings.Join(lines, "\n")) + "\n\n")
			}
		}
	}
	golden.RequireEqual(t, []byte(b.String()))
}

func TestTimelineAndMachineFit(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	anytime := func() time.Time { return noon.Add(time.Duration(r.Int64N(int64(time.Hour))) - 30*time.Minute) }
	for range 1000 {
		s, w := stylesFor(look.Graphs[r.IntN(3)]), r.IntN(220)-1
		d := &model.Detail{Connection: model.Connection{State: model.State(r.IntN(5)), Opened: anytime(), Since: anytime()}}
		for range r.IntN(model.MaxTransitions + 1) {
			d.Transitions = append(d.Transitions,
				model.Transition{At: anytime(), From: model.State(r.IntN(5)), To: model.State(r.IntN(5))})
		}
		requireWidth(t, "timeline", Timeline(Stays(d, noon), anytime(), anytime(), w, s), w)
		h := machineList
		if w >= machineFrom {
			h = machineLines
		}
		lines := Machine(d, noon, w, s)
		if len(lines) != h {
			t.Fatalf("%d lines, want %d", len(lines), h)
		}
		for _, line := range lines {
			requireWidth(t, "machine", line, w)
		}
	}
}
