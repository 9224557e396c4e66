package drill

import (
	"cmp"
	"fmt"
	"slices"
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
	d := &Drill{Watch: defaultWatch}
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
	before := len(s.mistakes)
	s.mapping(root, "a drill", []key{
		{"name", func(n yaml.Node) { d.Name = s.text(n) }},
		{"about", func(n yaml.Node) { d.About = s.text(n) }},
		{"steps", func(n yaml.Node) {
			s.list(n, "steps", func(n yaml.Node) { d.Steps = append(d.Steps, s.step(n)) })
		}},
		{"watch", func(n yaml.Node) { d.Watch = s.duration(n, "watch", time.Millisecond, maxTime) }},
		{"expect", func(n yaml.Node) {
			s.list(n, "expect", func(n yaml.Node) { d.Expect = append(d.Expect, s.expectation(n)) })
		}},
	})
	if len(s.mistakes) > before {
		return // a key that seems to be missing may be one of the mistakes
	}
	if d.Name == "" {
		s.mistake(root, "the drill has no name: write name: and a word or two")
	}
	if len(d.Steps) == 0 {
		s.mistake(root, "the drill has no steps: write steps: and a list such as - kick: all")
	}
}

func (s *script) expectation(n yaml.Node) Expectation {
	text := s.text(n)
	if text == "" {
		return Expectation{}
	}
	e, err := ParseExpectation(text)
	if err != nil {
		s.mistake(n, "%q: %v", text, err)
	}
	return e
}

// actions are the keys of which each step has exactly one.
var actions = []struct {
	kind    Kind
	options []string // keys that a step of this kind may have besides
	example string
}{
	{Kick, []string{"share", "code", "reason", "reset", "over"}, "kick: all"},
	{Refuse, nil, "refuse: 10s"},
	{Fault, []string{"on", "share", "for"}, "fault: half-open"},
}

func (s *script) step(n yaml.Node) Step {
	st := Step{Share: 1}
	allowed, ok := s.stepKind(n, &st)
	if !ok {
		return st
	}
	keys := []key{
		{"at", func(n yaml.Node) { st.At = s.duration(n, "at", 0, maxTime) }},
		{"kick", func(n yaml.Node) { st.Selection = s.selection(n) }},
		{"refuse", func(n yaml.Node) { st.For = s.duration(n, "refuse", time.Millisecond, model.MaxRefuse) }},
		{"fault", func(n yaml.Node) { st.Faults = s.faults(n) }},
		{"on", func(n yaml.Node) { st.Selection = s.selection(n) }},
		{"share", func(n yaml.Node) { st.Share = s.share(n) }},
		{"for", func(n yaml.Node) { st.For = s.duration(n, "for", time.Millisecond, maxTime) }},
		{"code", func(n yaml.Node) { st.Kick.Code = s.code(n) }},
		{"reason", func(n yaml.Node) { st.Kick.Reason = s.reason(n) }},
		{"reset", func(n yaml.Node) { st.Kick.Reset = s.boolean(n) }},
		{"over", func(n yaml.Node) { st.Kick.Over = s.duration(n, "over", 0, maxTime) }},
	}
	keys = slices.DeleteFunc(keys, func(k key) bool { return !slices.Contains(allowed, k.name) })
	before := len(s.mistakes)
	s.mapping(n, "a step that does "+string(st.Kind), keys)
	if len(s.mistakes) == before {
		s.checkStep(n, &st)
	}
	return st
}

// stepKind sets the kind of a step, and returns the keys that the step may have.
func (s *script) stepKind(n yaml.Node, st *Step) (allowed []string, ok bool) {
	var names, examples []string
	for _, a := range actions {
		examples = append(examples, a.example)
		if n.Has(string(a.kind)) {
			names = append(names, string(a.kind))
			st.Kind = a.kind
			allowed = append([]string{"at", string(a.kind)}, a.options...)
		}
	}
	switch {
	case len(names) == 0:
		s.mistake(n, "a step does one thing: write one of %s", strings.Join(examples, ", "))
		return nil, false
	case len(names) > 1:
		s.mistake(n, "a step with both %s: write two steps, which may have the same time", strings.Join(names, " and "))
		return nil, false
	}
	return allowed, true
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
	code := s.integer(n, "code", "a close code such as 1012")
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
