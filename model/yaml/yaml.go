// Package yaml reads the files that people write for holter: its configuration and its drills.
//
// A file is one document, read as a tree of nodes that know their line, so that each mistake can be reported
// with its place and with what to write instead. Values stay the text that stands in the file. YAML's own
// types are left aside: 5 is no duration and yes is no boolean until the reader of the value says so. The
// package does not know which keys there are; its callers do.
//
// It owns the dependency on a YAML module. Readers of a file, wherever they are, may use it. Nothing that an
// application embeds reads YAML.
package yaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Node is a key or a value in a file. The zero value is one that is missing.
type Node struct {
	path string
	node *yaml.Node
}

// Parse reads the only document in text. The node is a missing one if there is nothing in it. An error names
// path and line.
func Parse(path string, text []byte) (Node, error) {
	documents, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return Node{}, fmt.Errorf("%s: %w", path, err)
	}
	var first, second yaml.Node
	if err := documents.Load(&first); errors.Is(err, io.EOF) {
		return Node{path: path}, nil
	} else if err != nil {
		return Node{}, broken(path, text, err)
	}
	switch err := documents.Load(&second); {
	case err == nil:
		return Node{}, Node{path, &second}.Errorf("another document begins here: leave out what comes after ---")
	case !errors.Is(err, io.EOF):
		return Node{}, broken(path, text, err)
	}
	return follow(path, first.Content[0]), nil
}

// broken is what is wrong with a text that is no YAML.
func broken(path string, text []byte, err error) error {
	place, what := yaml.Node{}, strings.TrimPrefix(err.Error(), "yaml: ")
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		last := bytes.Count(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")) + 1
		place.Line, what = min(e.Mark.Line, last), e.Message
	}
	return Node{path, &place}.Errorf("this is no YAML: %s", what)
}

// follow is a node, or what it stands for if it is an alias.
func follow(path string, n *yaml.Node) Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return Node{path, n}
}

// Errorf is an error about n that begins with its file and line.
func (n Node) Errorf(format string, args ...any) error {
	line := 1
	if n.node != nil {
		line = cmp.Or(n.node.Line, line)
	}
	return fmt.Errorf("%s:%d: %w", n.path, line, fmt.Errorf(format, args...))
}

func (n Node) is(kind yaml.Kind) bool { return n.node != nil && n.node.Kind == kind }

// Text is a value as it stands in the file, without its quotes. It is empty for a list and for a mapping.
func (n Node) Text() string {
	if !n.is(yaml.ScalarNode) {
		return ""
	}
	return n.node.Value
}

// IsText reports whether n is a single value, be it an empty text in quotes.
func (n Node) IsText() bool { return n.is(yaml.ScalarNode) && n.node.Tag != "!!null" }

// Empty reports whether n is missing, null or blank.
func (n Node) Empty() bool {
	return n.node == nil || n.is(yaml.ScalarNode) && (!n.IsText() || strings.TrimSpace(n.Text()) == "")
}

// List are the entries of a list. It reports false if n is none.
func (n Node) List() ([]Node, bool) {
	if !n.is(yaml.SequenceNode) {
		return nil, false
	}
	entries := make([]Node, len(n.node.Content))
	for i, e := range n.node.Content {
		entries[i] = follow(n.path, e)
	}
	return entries, true
}

// Field is a key with its value.
type Field struct {
	Key, Value Node
	Repeated   error // says so if an earlier field of the mapping has the same key
}

// Fields are the fields of a mapping, in the order of the file. It reports false if n is none.
func (n Node) Fields() ([]Field, bool) {
	if !n.is(yaml.MappingNode) {
		return nil, false
	}
	fields := make([]Field, 0, len(n.node.Content)/2)
	seen := make(map[string]bool)
	for pair := range slices.Chunk(n.node.Content, 2) {
		f := Field{Key: follow(n.path, pair[0]), Value: follow(n.path, pair[1])}
		if name := f.Key.Text(); seen[name] {
			f.Repeated = f.Key.Errorf("%s stands here twice: keep one", name)
		} else {
			seen[name] = true
		}
		fields = append(fields, f)
	}
	return fields, true
}

// Has reports whether n is a mapping with that key.
func (n Node) Has(name string) bool {
	fields, _ := n.Fields()
	return slices.ContainsFunc(fields, func(f Field) bool { return f.Key.Text() == name })
}
