package drill

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/model/yaml"
	"holter/probe/expect"
)

const (
	defaultWatch = time.Minute
	maxTime      = 24 * time.Hour
	maxEntries   = 1000 // in a list
)

// Parse reads a drill from YAML. Errors begin with the path. If the text is YAML but not a valid drill, the error
// is a Mistakes.
func Parse(path string, text []byte) (*Drill, error) {
	var s script
	d := &Drill{Watch: defaultWatch, Stay: model.Stay}
	root, err := yaml.Parse(path, text)
	switch {
	case err != nil:
		return nil, err
	case root.Empty():
		return nil, root.Errorf("the file is empty: holter drill --print deploy shows what a drill looks like")
	}
	s.drill(root, d)
	if len(s.mistakes) > 0 {
		return nil, Mistakes{path, s.mistakes}
	}
	slices.SortStableFunc(d.Steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return d, nil
}

func (s *script) drill(root yaml.Node, d *Drill) {
	mapping(s, root, "a drill", drillKeys, d)
	if len(s.mistakes) > 0 { // a key that seems to be missing may be one of the mistakes
		s.checkExpectations(d, false)
		return
	}
	if d.Name == "" {
		s.mistake(root, "the drill has no name: write name: and a word or two")
	}
	if len(d.Steps) == 0 && !d.watchesOnly() {
		s.stepless(root)
	}
	s.checkSteps(d)
	s.checkExpectations(d, true)
}

func (s *script) stepless(root yaml.Node) {
	if empty := s.places.empty; empty != (yaml.Node{}) {
		s.mistake(empty, "steps is empty: write an entry such as - %s; a drill that expects a margin alone needs none", Kick.example())
		return
	}
	s.mistake(root, "the drill has no steps: write steps: and a list such as - %s; a drill that expects a margin alone needs none", Kick.example())
}

func (s *script) steps(n yaml.Node, d *Drill) {
	if entries, ok := n.List(); ok && len(entries) == 0 {
		s.places.empty = n
		return
	}
	s.list(n, "steps", Kick.example(), func(n yaml.Node) {
		d.Steps = append(d.Steps, s.step(n))
		s.places.steps = append(s.places.steps, n)
	})
}

func (s *script) expectations(n yaml.Node, d *Drill) {
	s.list(n, "expect", language[0].Examples[0].Text, func(n yaml.Node) {
		if e, ok := s.expectation(n); ok {
			d.Expect = append(d.Expect, e)
			s.places.expectations = append(s.places.expectations, n)
		}
	})
}

func (s *script) expectation(n yaml.Node) (e Expectation, ok bool) {
	text := s.text(n)
	if text == "" {
		return e, false
	}
	e, err := ParseExpectation(text)
	if err != nil {
		s.mistake(n, "%q: %v", text, err)
	}
	return e, err == nil
}

func (s *script) step(n yaml.Node) Step {
	st := Step{Share: 1}
	if !s.stepKind(n, &st) {
		return st
	}
	before := len(s.mistakes)
	mapping(s, n, "a step that does "+string(st.Kind), keysOf(st.Kind), &st)
	if len(s.mistakes) == before {
		s.checkStep(n, &st)
	}
	return st
}

// stepKind sets the kind of a step.
func (s *script) stepKind(n yaml.Node, st *Step) bool {
	var does, examples []string
	for _, k := range kinds {
		examples = append(examples, k.example())
		if n.Has(string(k)) {
			does = append(does, string(k))
			st.Kind = k
		}
	}
	switch len(does) {
	case 1:
		return true
	case 0:
		before := len(s.mistakes)
		if s.misspelt(n); len(s.mistakes) == before {
			s.mistake(n, "a step does one thing: write one of %s", strings.Join(examples, ", "))
		}
	default:
		s.mistake(n, "a step with both %s: write two steps, which may have the same time", strings.Join(does, " and "))
	}
	return false
}

// misspelt reports the keys of a step that no step has.
func (s *script) misspelt(n yaml.Node) {
	fields, _ := n.Fields()
	for _, f := range fields {
		if all := names(stepKeys); !slices.Contains(all, f.Key.Text()) {
			s.unknown(f.Key, "a step", all)
		}
	}
}

// checkStep reports keys that a step lacks, and keys that contradict each other.
func (s *script) checkStep(n yaml.Node, st *Step) {
	lasting := st.Faults.Lasting()
	switch {
	case st.Kind == Fault && st.Selection == "":
		s.mistake(n, "a fault without connections: write on: all, or a filter such as on: client~^app")
	case st.Kind == Fault && !lasting.None() && st.For == 0:
		s.mistake(n, "a fault without an end: write how long it lasts, such as for: 20s")
	case st.Kind == Fault && lasting.None() && st.For > 0:
		s.mistake(n, "%s does not last: leave out for", &st.Faults)
	case st.end() > maxTime:
		s.mistake(n, "this step ends after %s, and a drill lasts %s at most", brief(st.end()), brief(maxTime))
	case st.Kick.Reset && (st.Kick.Code != 0 || st.Kick.Reason != ""):
		s.mistake(n, "a reset sends no close frame: leave out reset, or code and reason")
	}
}

func (s *script) selection(n yaml.Node) string {
	text := s.text(n)
	if text == "" {
		return ""
	}
	if _, err := filter.ParseSelection(text); err != nil {
		s.mistake(n, "%q is not a filter: %v", text, err)
	}
	return text
}

func (s *script) faults(n yaml.Node) model.Faults {
	f, err := model.ParseFaults(s.text(n))
	if err != nil {
		s.mistake(n, "%v", err)
	} else if f.None() {
		s.mistake(n, "this is no fault: write one such as half-open")
	}
	return f
}

func (s *script) code(n yaml.Node) int {
	code, err := strconv.Atoi(n.Text())
	if err != nil || code == 0 {
		s.mistake(n, "code %.60q: write a close code such as 1012", n.Text())
		return 0
	}
	if err := (model.Kick{Code: code}).Validate(); err != nil {
		s.mistake(n, "%v", err)
	}
	return code
}

func (s *script) reason(n yaml.Node) string {
	text := s.text(n)
	if err := (model.Kick{Reason: text}).Validate(); err != nil {
		s.mistake(n, "%v", err)
	}
	return text
}

func (s *script) share(n yaml.Node) float64 {
	f, ok := expect.ParseShare(s.text(n))
	if !ok || f <= 0 || f > 1 {
		s.mistake(n, "share %q: write a share above 0%% up to 100%%, such as 50%%", n.Text())
	}
	return f
}

// Mistakes is the error of a file that is not a valid drill. It lists all mistakes, up to a bound.
type Mistakes struct {
	path  string
	lines []string
}

func (m Mistakes) Error() string {
	if len(m.lines) == 1 {
		return m.lines[0]
	}
	return fmt.Sprintf("%s has %d mistakes:\n  %s", m.path, len(m.lines), strings.Join(m.lines, "\n  "))
}
