package flood

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holter/tui/look"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// come are n events of a kind, with a pause after each.
func come(w *Watch, kind string, n int, from time.Time, pause time.Duration) []*Event {
	events := make([]*Event, n)
	for i := range events {
		events[i] = &Event{At: from.Add(time.Duration(i) * pause), Kind: kind, Who: fmt.Sprintf("demo-%04d", i), How: "503 full"}
		w.Add(events[i])
	}
	return events
}

// floods are the numbers of events in each flood, in order, and how many are in none.
func floods(events []*Event) (sizes []int, single int) {
	var last *Flood
	for _, e := range events {
		switch {
		case e.Flood == nil:
			single++
		case e.Flood == last:
			sizes[len(sizes)-1]++
		default:
			sizes, last = append(sizes, 1), e.Flood
		}
	}
	return sizes, single
}

func TestFloods(t *testing.T) {
	for _, tt := range []struct {
		n      int
		pause  time.Duration
		sizes  string
		single int
	}{
		{Least - 1, 0, "[]", Least - 1},
		{Least, 0, "[10]", 0},
		{400, 5 * time.Millisecond, "[400]", 0},
		{400, 120 * time.Millisecond, "[]", 400},                        // eight a second
		{1500, 100 * time.Millisecond, "[601 601 298]", 0},              // a line for each minute
		{3 * Least, time.Second / (Least - 1), "[30]", 0},               // just as many as it takes
		{3 * Least, time.Second/(Least-1) + time.Millisecond, "[]", 30}, // just too few
	} {
		sizes, single := floods(come(new(Watch), "refused", tt.n, noon, tt.pause))
		if fmt.Sprint(sizes) != tt.sizes || single != tt.single {
			t.Errorf("%d every %v: floods %v and %d single, want %s and %d", tt.n, tt.pause, sizes, single, tt.sizes, tt.single)
		}
	}
}

// What comes between the events of a flood, and long after, is not drawn into it.
func TestFloodsDoNotMix(t *testing.T) {
	var w Watch
	first := come(&w, "refused", 50, noon, time.Millisecond)
	closed := come(&w, "closed", 3, noon, time.Millisecond)
	later := come(&w, "refused", 50, noon.Add(10*time.Second), time.Millisecond)
	if sizes, single := floods(closed); len(sizes) != 0 || single != 3 {
		t.Errorf("closed: floods %v", sizes)
	}
	if first[49].Flood == nil || first[49].Flood == later[49].Flood {
		t.Error("two floods became one")
	}
	if later[0].Flood != later[49].Flood || !later[0].Flood.From.Equal(later[0].At) {
		t.Errorf("the second flood begins at %v", later[0].Flood.From)
	}
}

func TestWords(t *testing.T) {
	events := come(new(Watch), "refused", 412, noon, 7*time.Millisecond)
	for w, want := range map[int]string{
		200: "refused 412 in 2.8s: demo-0000, demo-0001, demo-0002, demo-0003, demo-0004, demo-0005, demo-0006, demo-0007, demo-0008, demo-0009, demo-0010, demo-0011 and 400 more; 503 full",
		66:  "refused 412 in 2.8s: demo-0000, demo-0001 and 410 more; 503 full",
		58:  "refused 412 in 2.8s: demo-0000 and 411 more; 503 full",
		45:  "refused 412 in 2.8s; 503 full",
		12:  "refused 412…",
	} {
		if got := Words(events, 0, w, &look.UnicodeGlyphs); got != want {
			t.Errorf("%d cells: %q, want %q", w, got, want)
		}
	}
	if got, want := Words(events, 9000, 58, &look.UnicodeGlyphs), "refused 9412 in 2.8s: demo-0000 and 411 more; 503 full"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	events[5].How = "429 slow down, and come back in a minute"
	if got, want := Words(events, 0, 72, &look.UnicodeGlyphs), "refused 412 in 2.8s: demo-0000 and 411 more; 503 full ×411, 1 other"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	events[0].Who, events[0].How = "\x1b[2J"+strings.Repeat("界", 300), ""
	for i := range 100 {
		events[i].How = "429 slow down"
		events[i].Who = events[0].Who
	}
	events[101].How = "502 no upstream"
	if got, want := Words(events[:110], 0, 120, &look.ASCIIGlyphs), "refused 110 in 0.7s: ?[2J???????????????????~ x100, demo-0100 and 9 more; 429 slow down x100, 503 full x9, 1 other"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := Words(events[:110], 0, 90, &look.ASCIIGlyphs), "refused 110 in 0.7s: ?[2J???????????????????~ and 10 more; 429 slow down x100, 2 others"; got != want {
		t.Errorf("%q, want %q: the name has room without its count", got, want)
	}
	if got, want := Words([]*Event{{Kind: "opened", Who: "ann"}, {Kind: "opened", Who: "ann"}}, 0, 80, &look.ASCIIGlyphs), "opened 2 at once: ann"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for w := range 200 {
		if n := look.Width(Words(events, 3, w, &look.UnicodeGlyphs)); n > w {
			t.Errorf("%d cells in %d", n, w)
		}
	}
}
