package drill

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"holter/model/yaml"
)

// script reads a drill from YAML. It continues after a mistake, in order to report all of them: a method that
// finds one records it and returns a value nevertheless.
type script struct {
	mistakes []string
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

// key is a key that a mapping may have, with the function that reads its value.
type key struct {
	name string
	read func(yaml.Node)
}

// mapping reads all keys of n. Each of them may appear at most once.
func (s *script) mapping(n yaml.Node, what string, keys []key) {
	fields, ok := n.Fields()
	if !ok {
		s.mistake(n, "expected %s, which has the keys %s", what, names(keys))
	}
	for _, f := range fields {
		i := slices.IndexFunc(keys, func(k key) bool { return k.name == f.Key.Text() })
		switch {
		case i < 0:
			s.mistake(f.Key, "unknown key %q: %s has the keys %s", f.Key.Text(), what, names(keys))
		case f.Repeated != nil:
			s.note(f.Repeated)
		default:
			keys[i].read(f.Value)
		}
	}
}

func names(keys []key) string {
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = k.name
	}
	return strings.Join(list, ", ")
}

// list calls read for each entry of n.
func (s *script) list(n yaml.Node, what string, read func(yaml.Node)) {
	entries, ok := n.List()
	switch {
	case !ok:
		s.mistake(n, "expected a list under %s, with a - before each entry", what)
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
	if strings.ContainsFunc(n.Text(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		s.mistake(n, "expected one line of visible characters")
		return ""
	}
	return n.Text()
}

func (s *script) duration(n yaml.Node, what string, least, most time.Duration) time.Duration {
	d, err := time.ParseDuration(n.Text())
	if err != nil || d < least || d > most {
		s.mistake(n, "%s %q: write a duration such as 10s, from %v to %v", what, n.Text(), least, most)
		return least
	}
	return d
}

func (s *script) integer(n yaml.Node, what, example string) int {
	i, err := strconv.Atoi(n.Text())
	if err != nil {
		s.mistake(n, "%s %q: write %s", what, n.Text(), example)
	}
	return i
}

func (s *script) boolean(n yaml.Node) bool {
	if n.Text() != "true" && n.Text() != "false" {
		s.mistake(n, "%q: write true or false", n.Text())
	}
	return n.Text() == "true"
}
