package drill

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holter/probe/expect"
)

// checkSteps reports steps that undo each other. All keys are valid, and d.Steps in the order of the file.
func (s *script) checkSteps(d *Drill) {
	for i := range d.Steps {
		for j := range i {
			if why := clash(&d.Steps[j], &d.Steps[i]); why != "" {
				s.mistake(s.places.steps[i], why, s.places.steps[j].Line())
				break
			}
		}
	}
}

// checkExpectations reports expectations that contradict each other and, if sound tells that all else in the drill is
// valid, those about times that the drill does not watch.
func (s *script) checkExpectations(d *Drill, sound bool) {
	for i, e := range d.Expect {
		at := s.places.expectations[i]
		j, how := contradicts(e, d.Expect[:i])
		switch {
		case e.torn():
			s.mistake(at, "%s: %s", e, tornAdvice)
		case how != "":
			s.mistake(at, "%s %s in line %d", e, how, s.places.expectations[j].Line())
		case sound:
			if why := d.unwatched(e); why != "" {
				s.mistake(at, "%s: %s", e, why)
			}
		}
	}
}

// clash says why one of two steps is in vain, "" if none is. a stands above b. In the text is the line of a, as %d.
func clash(a, b *Step) string {
	if b.At < a.At {
		return clashInTime(b, a)
	}
	return clashInTime(a, b)
}

// clashInTime is clash for steps of which a does not begin later than b.
func clashInTime(a, b *Step) string {
	together := a.At == b.At
	switch {
	case a.Kind == Refuse && b.Kind == Refuse && b.At < a.end():
		return "this refusal and that of line %d overlap, and the later one replaces the other: leave one out, or let the second begin when the first is over"
	case a.Kind == Fault && b.Kind == Fault && b.For > 0 && b.At < a.end() && b.covers(a):
		return "this fault and that of line %d are on the same connections at the same time, and replace each other: write both in one step, or let the second begin when the first is over"
	case a.Kind == Kick && b.Kind == Kick && (together && (a.covers(b) || b.covers(a)) || b.At < a.end() && b.covers(a)):
		return "this step and line %d close the same connections: leave one out, or let the second begin when the first is over"
	case a.Kind == Kick && b.Kind == Fault && together && a.Kick.Over == 0 && a.covers(b):
		return "this fault finds no connection, because line %d closes them at the same time: write it above that, or let it begin later"
	}
	return ""
}

// covers reports whether s selects all that t does.
func (s *Step) covers(t *Step) bool {
	mine, its := words(s.Selection), words(t.Selection)
	return s.Share == 1 && (mine == its || mine == "all")
}

// words is a filter without needless spaces.
func words(filter string) string {
	filter = strings.Join(strings.Fields(filter), " ")
	if strings.EqualFold(filter, "all") {
		return "all"
	}
	return filter
}

// expect adds an expectation that is not in the file.
func (d *Drill) expect(text string) error {
	e, err := ParseExpectation(text)
	if err != nil {
		return err
	}
	if e.torn() {
		return errors.New(tornAdvice)
	}
	if i, how := contradicts(e, d.Expect); how == sameAs {
		return fmt.Errorf("%s %s, which the drill expects already: leave it out", how, d.Expect[i])
	} else if how != "" {
		return errors.New(how + ", which the drill expects: leave one out")
	}
	if why := d.unwatched(e); why != "" {
		return errors.New(why)
	}
	d.Expect = append(d.Expect, e)
	return nil
}

// torn reports whether the parts of e contradict each other.
func (e Expectation) torn() bool {
	for i := range e.Parts {
		for j := range i {
			if oppose(&e.Parts[j], &e.Parts[i]) {
				return true
			}
		}
	}
	return false
}

const tornAdvice = "its parts contradict each other: leave one out"

// contradicts says how e cannot hold together with one of others, or is the same: the answer ends where that one is to
// be named. It returns "" if there is no such one.
func contradicts(e Expectation, others []Expectation) (which int, how string) {
	for i, o := range others {
		if same(e, o) {
			return i, sameAs
		}
		for j := range e.Parts {
			for k := range o.Parts {
				if oppose(&e.Parts[j], &o.Parts[k]) {
					return i, "contradicts " + o.String()
				}
			}
		}
	}
	return 0, ""
}

const sameAs = "is the same as"

func same(a, b Expectation) bool {
	if len(a.Parts) != len(b.Parts) {
		return false
	}
	for i := range a.Parts {
		if a.Parts[i] != b.Parts[i] {
			return false
		}
	}
	return true
}

// oppose reports whether two comparisons cannot both hold.
func oppose(a, b *comparison) bool {
	a, b = plain(a), plain(b)
	if a.Subject != b.Subject || a.Value.Relative != b.Value.Relative {
		return false
	}
	switch s := &language[a.Subject]; s.Unit {
	case expect.Flag:
		return false
	case expect.Word:
		return opposeInWords(a, b, s.Or != "")
	}
	return above(a, b) || above(b, a) || unequal(a, b) || unequal(b, a)
}

// plain returns a comparison that holds wherever c does: of a figure, if c names one that must be 0, and else c.
func plain(c *comparison) *comparison {
	if zero := subjects[c.Subject].zero; zero != "" {
		i := slices.IndexFunc(language, func(s expect.Subject) bool { return s.Name == zero })
		return &comparison{Subject: i, Op: "="}
	}
	return c
}

// opposeInWords is oppose for words, of which several may be right at once.
func opposeInWords(a, b *comparison, several bool) bool {
	if a.Op == b.Op {
		return a.Op == "=" && a.Value.Word != b.Value.Word && !several
	}
	return a.Value.Word == b.Value.Word
}

// above reports whether a wants more than b allows. What is back by a time is not less later.
func above(a, b *comparison) bool {
	atLeast, atMost := a.Op[0] == '>' || a.Op == "=", b.Op[0] == '<' || b.Op == "="
	if !atLeast || !atMost || until(a) > until(b) {
		return false
	}
	strict := a.Op == ">" || b.Op == "<"
	return a.Value.Number > b.Value.Number || strict && a.Value.Number == b.Value.Number
}

func unequal(a, b *comparison) bool {
	return a.Op == "=" && b.Op == "!=" && a.Value == b.Value && a.Within == b.Within
}

// until is the time of a comparison, which is the end if it has none.
func until(c *comparison) time.Duration {
	if c.Within == 0 {
		return theEnd
	}
	return c.Within
}

// unwatched says why e cannot be judged, because the drill ends before the time that it names; "" if it can. If the
// script does not say how long to watch, the drill watches for long enough.
func (d *Drill) unwatched(e Expectation) string {
	for i := range e.Parts {
		c := &e.Parts[i]
		t := c.Within
		if language[c.Subject].Unit == expect.Length {
			t = time.Duration(c.Value.Number * float64(time.Second))
		}
		needed := t
		if !d.drains() {
			needed -= d.end()
		}
		switch {
		case needed <= d.Watch:
		case d.watches:
			return fmt.Sprintf("the drill does not last until %s: write watch: %s, or a shorter time", brief(t), brief(needed))
		default:
			d.Watch = needed
		}
	}
	return ""
}
