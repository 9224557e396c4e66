package drill

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"holter/model"
	"holter/model/yaml"
)

// script reads a drill from YAML. It continues after a mistake, in order to report all of them: a method that
// finds one records it and returns a value nevertheless.
type script struct {
	mistakes []string
	places   struct {
		steps, expectations []yaml.Node // of a drill's, in the order of the file
		empty               yaml.Node   // where a list of steps is empty
	}
}

// maxMistakes bounds how many mistakes are reported. Further ones are likely to be of the same kind.
const maxMistakes = 20

func (s *script) mistake(at yaml.Node, format string, args ...any) {
	s.note(at.Errorf(format, args...))
}

func (s *script) note(mistake error) {
	if len(s.mistakes) < maxMistakes {
		s.mistakes = append(s.mistakes, mistake.Error())
	}
}

// mapping reads all keys of n into to. Each of them may appear at most once.
func mapping[T any](s *script, n yaml.Node, what string, keys []key[T], to *T) {
	fields, ok := n.Fields()
	if !ok {
		s.mistake(n, "expected %s, which has the keys %s", what, strings.Join(names(keys), ", "))
	}
	for _, f := range fields {
		i := slices.IndexFunc(keys, func(k key[T]) bool { return k.name == f.Key.Text() })
		switch {
		case i < 0:
			s.unknown(f.Key, what, names(keys))
		case f.Repeated != nil:
			s.note(f.Repeated)
		default:
			keys[i].read(s, f.Value, to)
		}
	}
}

// unknown reports a key that is not one of those that what has.
func (s *script) unknown(k yaml.Node, what string, keys []string) {
	list := strings.Join(keys, ", ")
	if near := model.Nearest(k.Text(), keys); near != "" {
		s.mistake(k, "unknown key %.60q: did you mean %s? (%s has the keys %s)", k.Text(), near, what, list)
		return
	}
	s.mistake(k, "unknown key %.60q: %s has the keys %s", k.Text(), what, list)
}

// list calls read for each entry of n, of which there must be one.
func (s *script) list(n yaml.Node, what, example string, read func(yaml.Node)) {
	entries, ok := n.List()
	switch {
	case !ok:
		s.mistake(n, "expected a list under %s, with a - before each entry, such as - %s", what, example)
	case len(entries) == 0:
		s.mistake(n, "%s is empty: write an entry such as - %s", what, example)
	case len(entries) > maxEntries:
		s.mistake(n, "more than %d entries under %s", maxEntries, what)
	default:
		for _, entry := range entries {
			read(entry)
		}
	}
}

// text returns a value of one line as it is written in the file, or "" after a mistake.
func (s *script) text(n yaml.Node) string {
	if !n.IsText() || n.Empty() {
		s.mistake(n, "expected a value here")
		return ""
	}
	if i := strings.IndexFunc(n.Text(), invisible); i >= 0 {
		r, _ := utf8.DecodeRuneInString(n.Text()[i:])
		s.mistake(n, "expected one line of visible characters, without %U", r)
		return ""
	}
	return n.Text()
}

// invisible reports whether r ends a line, changes the direction of text, or is a control character.
func invisible(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

func (s *script) duration(n yaml.Node, what string, least, most time.Duration) time.Duration {
	d, err := time.ParseDuration(n.Text())
	if err != nil || d < least || d > most {
		s.mistake(n, "%s %.60q: write a duration such as 10s, from %s to %s", what, n.Text(), brief(least), brief(most))
		return least
	}
	return d
}

// brief formats a duration without the units that are zero.
func brief(d time.Duration) string {
	text := d.String()
	if cut, ok := strings.CutSuffix(text, "m0s"); ok {
		text = cut + "m"
	}
	if cut, ok := strings.CutSuffix(text, "h0m"); ok {
		text = cut + "h"
	}
	return text
}

func (s *script) boolean(n yaml.Node) bool {
	if n.Text() != "true" && n.Text() != "false" {
		s.mistake(n, "%q: write true or false", n.Text())
	}
	return n.Text() == "true"
}
