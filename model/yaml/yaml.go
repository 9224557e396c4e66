// Package yaml reads the files that users write for holter: its configuration and its drills.
//
// A file is one document, read as a tree of nodes. Each node knows its line and column, so that a caller can
// report a mistake with its place and with what to write instead. Values stay the text in the file. YAML's own types are not used: 5
// is not a duration, and yes is not a boolean, until the caller parses them. The package does not know which keys
// there are; its callers do.
//
// It is the only package that imports a YAML module. Any package that reads a file may use it. Nothing that an
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
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Node is a key or a value in a file. The zero value stands for a missing one.
type Node struct {
	path string
	node *yaml.Node
}

// Parse parses text, which is one document. It returns the zero Node if there is nothing in it. An error begins with
// path, line and column. An alias within what it stands for is one: the tree has an end.
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
	if at := cycle(&first, map[*yaml.Node]bool{}); at != nil {
		return Node{}, Node{path, at}.Errorf("*%s stands within &%[1]s, which it stands for: write it out", at.Value)
	}
	return resolve(path, first.Content[0]), nil
}

// cycle returns an alias in n that stands for a node around it, nil if there is none. around are the nodes around n.
func cycle(n *yaml.Node, around map[*yaml.Node]bool) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		if around[n.Alias] {
			return n
		}
		return nil
	}
	around[n] = true
	defer delete(around, n)
	for _, inside := range n.Content {
		if at := cycle(inside, around); at != nil {
			return at
		}
	}
	return nil
}

// broken returns the error for a text that is not YAML.
func broken(path string, text []byte, err error) error {
	place, what := yaml.Node{}, strings.TrimPrefix(err.Error(), "yaml: ")
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
		place.Line, place.Column, what = e.Mark.Line, e.Mark.Column, e.Message
		if last := len(lines); place.Line > last {
			place.Line, place.Column = last, utf8.RuneCount(lines[last-1])+1
		}
		if strings.Contains(what, "a tab") {
			what += ": indent with spaces"
		}
	}
	return Node{path, &place}.Errorf("this is not YAML: %s", what)
}

// resolve returns the node itself or, for an alias, the node that it stands for.
func resolve(path string, n *yaml.Node) Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return Node{path, n}
}

// Errorf makes an error about n that begins with its file, line and column.
func (n Node) Errorf(format string, args ...any) error {
	column := 1
	if n.node != nil {
		column = cmp.Or(n.node.Column, column)
	}
	return &Mistake{n.path, n.Line(), column, fmt.Errorf(format, args...)}
}

// Mistake is an error about a place in a file.
type Mistake struct {
	Path         string
	Line, Column int // from 1
	What         error
}

func (m *Mistake) Error() string {
	return fmt.Sprintf("%s:%d:%d: %v", m.Path, m.Line, m.Column, m.What)
}

func (m *Mistake) Unwrap() error { return m.What }

// Line returns the line of n, counting from 1.
func (n Node) Line() int {
	if n.node == nil {
		return 1
	}
	return cmp.Or(n.node.Line, 1)
}

func (n Node) is(kind yaml.Kind) bool { return n.node != nil && n.node.Kind == kind }

// Text returns a value as it is in the file, without its quotes. It is empty for a list and for a mapping.
func (n Node) Text() string {
	if !n.is(yaml.ScalarNode) {
		return ""
	}
	return n.node.Value
}

// IsText reports whether n is a single value. An empty text in quotes is one.
func (n Node) IsText() bool { return n.is(yaml.ScalarNode) && n.node.Tag != "!!null" }

// Empty reports whether n is missing, null or blank.
func (n Node) Empty() bool {
	return n.node == nil || n.is(yaml.ScalarNode) && (!n.IsText() || strings.TrimSpace(n.Text()) == "")
}

// List returns the entries of a list. It reports false if n is not a list.
func (n Node) List() ([]Node, bool) {
	if !n.is(yaml.SequenceNode) {
		return nil, false
	}
	entries := make([]Node, len(n.node.Content))
	for i, e := range n.node.Content {
		entries[i] = resolve(n.path, e)
	}
	return entries, true
}

// Field is a key with its value.
type Field struct {
	Key, Value Node
	Repeated   error // set if an earlier field of the mapping has the same key
}

// Fields returns the fields of a mapping, in the order of the file. It reports false if n is not a mapping.
func (n Node) Fields() ([]Field, bool) {
	if !n.is(yaml.MappingNode) {
		return nil, false
	}
	fields := make([]Field, 0, len(n.node.Content)/2)
	seen := make(map[string]bool)
	for pair := range slices.Chunk(n.node.Content, 2) {
		f := Field{Key: resolve(n.path, pair[0]), Value: resolve(n.path, pair[1])}
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
