package drill

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// script reads values from YAML, and goes on after a mistake to find them all. A method that notes one
// answers a value all the same.
type script struct {
	path     string
	mistakes []string
}

// mostMistakes bounds how many are told of: more are of the same kind.
const mostMistakes = 20

func (s *script) mistake(at *yaml.Node, format string, args ...any) {
	if len(s.mistakes) < mostMistakes {
		s.mistakes = append(s.mistakes, fmt.Sprintf("%s:%d: %s", s.path, max(1, at.Line), fmt.Sprintf(format, args...)))
	}
}

// yamlError is how yaml.v3 writes down what is no YAML.
var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// document is the only document in text, nil after a mistake.
func (s *script) document(text []byte) *yaml.Node {
	var root, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	switch err := d.Decode(&root); {
	case errors.Is(err, io.EOF):
		s.mistake(&yaml.Node{Line: 1}, "there is nothing in it: holter drill --print deploy shows what a drill looks like")
		return nil
	case err != nil:
		found := yamlError.FindStringSubmatch(err.Error())
		if found == nil {
			found = []string{"", "", err.Error()}
		}
		line, _ := strconv.Atoi(found[1])
		s.mistake(&yaml.Node{Line: line}, "this is no YAML: %s", found[2])
		return nil
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		s.mistake(&more, "a file holds one drill: leave out what comes after ---")
		return nil
	}
	return target(root.Content[0])
}

// key is one that a mapping may have, and what reads its value.
type key struct {
	name string
	read func(*yaml.Node)
}

// mapping reads all keys of n, of which none may stand there twice.
func (s *script) mapping(n *yaml.Node, what string, keys []key) {
	if n.Kind != yaml.MappingNode {
		s.mistake(n, "expected %s, which has the keys %s", what, names(keys))
		return
	}
	seen := make(map[string]bool)
	for pair := range slices.Chunk(n.Content, 2) {
		i := slices.IndexFunc(keys, func(k key) bool { return k.name == pair[0].Value })
		switch {
		case i < 0:
			s.mistake(pair[0], "unknown key %q: %s has the keys %s", pair[0].Value, what, names(keys))
		case seen[pair[0].Value]:
			s.mistake(pair[0], "%s stands here twice: keep one", pair[0].Value)
		default:
			seen[pair[0].Value] = true
			keys[i].read(target(pair[1]))
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

// has reports whether n is a mapping with that key.
func has(n *yaml.Node, name string) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	for pair := range slices.Chunk(n.Content, 2) {
		if pair[0].Value == name {
			return true
		}
	}
	return false
}

// list reads all entries of n.
func (s *script) list(n *yaml.Node, what string, read func(*yaml.Node)) {
	switch {
	case n.Kind != yaml.SequenceNode:
		s.mistake(n, "expected a list under %s, each entry with a - in front", what)
	case len(n.Content) > mostEntries:
		s.mistake(n, "more than %d entries under %s", mostEntries, what)
	default:
		for _, entry := range n.Content {
			read(target(entry))
		}
	}
}

// text is a value as it stands in the file, in one line. It is empty after a mistake.
func (s *script) text(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || strings.TrimSpace(n.Value) == "" {
		s.mistake(n, "expected a value here")
		return ""
	}
	if strings.ContainsFunc(n.Value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		s.mistake(n, "expected one line of visible characters")
		return ""
	}
	return n.Value
}

func (s *script) length(n *yaml.Node, what string, least, most time.Duration) time.Duration {
	d, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || d < least || d > most {
		s.mistake(n, "%s %q: write a duration such as 10s, from %v to %v", what, n.Value, least, most)
		return least
	}
	return d
}

func (s *script) integer(n *yaml.Node, what, example string) int {
	i, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		s.mistake(n, "%s %q: write %s", what, n.Value, example)
		return 0
	}
	return i
}

func (s *script) yes(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" {
		s.mistake(n, "%q: write true or false", n.Value)
	}
	return n.Value == "true"
}

// target follows an alias to what it stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}
