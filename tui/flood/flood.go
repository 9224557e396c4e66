// Package flood finds the events that come in hundreds, such as the refusals of a storm, and words many of them in one
// line.
//
// A Watch gets every event once, in order, and gives those that come in a flood the same Flood. Words makes one line of
// them that names as many as there is room for. Neither drops or changes an event: what is shown folded, and what is kept,
// is the caller's to decide.
//
// The screen's feed of events calls it, on the goroutine of the screen.
package flood

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holter/tui/look"
)

const (
	// Least is the number of events of a kind within a second that makes a flood of them.
	Least  = 10
	within = time.Second

	// longest bounds a flood, so that one that does not end has a line for each minute.
	longest = time.Minute
)

// Event is an event as far as floods matter.
type Event struct {
	At    time.Time
	Kind  string // one word; floods are of one kind
	Who   string // the client, or its address
	How   string // the reason, "" for none
	Flood *Flood // set by Watch.Add, also some time after the event, nil while it is none of a flood
}

// Flood is what the events of one flood have in common.
type Flood struct {
	From time.Time
	Gone int // of its events, how many the caller has forgotten
}

// Watch finds floods. The zero value is ready.
type Watch struct {
	recent map[string][]*Event // the last events of each kind, oldest first, at most Least
}

// Add looks at the next event. It may find that this one and the ones before it are a flood.
func (w *Watch) Add(e *Event) {
	if w.recent == nil {
		w.recent = map[string][]*Event{}
	}
	last := append(w.recent[e.Kind], e)
	last = last[max(0, len(last)-Least):]
	w.recent[e.Kind] = last
	if len(last) < Least || e.At.Sub(last[0].At) > within {
		return
	}
	f := newest(last)
	if f == nil || e.At.Sub(f.From) > longest {
		f = &Flood{From: e.At}
	}
	for _, x := range last {
		if x.Flood == nil {
			x.Flood = f
			if x.At.Before(f.From) {
				f.From = x.At
			}
		}
	}
}

// newest returns the flood that the last of events are in, nil if they are in none.
func newest(events []*Event) *Flood {
	for _, e := range slices.Backward(events) {
		if e.Flood != nil {
			return e.Flood
		}
	}
	return nil
}

// Words are the events of a flood in at most w cells, such as "refused 412 in 3.0s: demo-0042 ×9, demo-0007 and 390
// more; 503: too many at once". events has at least one. gone is how many more there were, of which nothing else is known.
// Names and reasons in it are made safe to draw.
func Words(events []*Event, gone, w int, g *look.Glyphs) string {
	from, last := events[0].At, events[len(events)-1]
	if gone > 0 && last.Flood != nil {
		from = last.Flood.From
	}
	head := fmt.Sprintf("%s %d at once", last.Kind, len(events)+gone)
	if d := last.At.Sub(from); d >= 100*time.Millisecond {
		head = fmt.Sprintf("%s %d in %s", last.Kind, len(events)+gone, look.Silence(d))
	}
	who := commonest(events, func(e *Event) string { return e.Who })
	for most := mostReasons; most > 0; most-- { // names matter more than a second reason
		tail := reasons(events, most, g)
		names := list(who, gone, w-look.Width(head)-look.Width(tail)-2, g)
		if names != "" {
			return head + ": " + names + tail
		}
	}
	return g.Cut(head+reasons(events, 1, g), w)
}

const (
	longestName  = 24 // cells
	mostNames    = 12
	mostReasons  = 2
	longestCause = 40 // cells
)

// list names as many as fit into w cells, with how often those came that came much more than others, and counts the rest.
// It is empty if not even one fits.
func list(names []tally, gone, w int, g *look.Glyphs) (text string) {
	share := 0 // of one client, were all the same
	for _, t := range names {
		share += t.n
	}
	share /= max(len(names), 1)
	for _, counted := range []bool{true, false} {
		named := ""
		for i, t := range names[:min(len(names), mostNames)] {
			if i > 0 {
				named += ", "
			}
			named += g.Cut(g.Plain(t.what), longestName)
			if counted && t.n > 2 && t.n > 2*share {
				named += fmt.Sprintf(" %s%d", g.Lost, t.n)
			}
			if longer := named + more(len(names)-i-1, gone); look.Width(longer) <= w {
				text = longer
			}
		}
		if text != "" {
			break
		}
	}
	return text
}

// more counts those that are not named. Of the events that are gone no names are known.
func more(n, gone int) string {
	switch {
	case n > 0:
		return fmt.Sprintf(" and %d more", n)
	case gone > 0:
		return " and others"
	}
	return ""
}

// reasons are the commonest ones behind a semicolon, at most so many, with how often each came if there are several.
func reasons(events []*Event, most int, g *look.Glyphs) string {
	all := commonest(events, func(e *Event) string { return e.How })
	if len(all) == 0 {
		return ""
	}
	var words []string
	for _, r := range all[:min(len(all), most)] {
		word := g.Cut(g.Plain(r.what), longestCause)
		if len(all) > 1 {
			word += fmt.Sprintf(" %s%d", g.Lost, r.n)
		}
		words = append(words, word)
	}
	if n := len(all) - len(words); n > 0 {
		words = append(words, others(n))
	}
	return "; " + strings.Join(words, ", ")
}

func others(n int) string {
	if n == 1 {
		return "1 other"
	}
	return fmt.Sprintf("%d others", n)
}

// tally is a word and how often it came.
type tally struct {
	what string
	n    int
}

// commonest are the words of events that are not empty, the commonest first, and then in the order in which they came.
func commonest(events []*Event, of func(*Event) string) []tally {
	var all []tally
	at := map[string]int{}
	for _, e := range events {
		what := of(e)
		i, known := at[what]
		switch {
		case what == "":
		case known:
			all[i].n++
		default:
			at[what] = len(all)
			all = append(all, tally{what, 1})
		}
	}
	slices.SortStableFunc(all, func(a, b tally) int { return cmp.Compare(b.n, a.n) })
	return all
}
