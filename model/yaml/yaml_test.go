package yaml

import (
	"strings"
	"testing"
)

func parse(t *testing.T, text string) Node {
	t.Helper()
	n, err := Parse("x.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return n
}

func TestValuesStayText(t *testing.T) {
	fields, ok := parse(t, "a: 5\nb: no\nc: \"\\u00e9\"\nd: 'it''s'\ne: &x 0777\nf: *x\ng: ''\nh:\ni: [1]\n").Fields()
	if !ok {
		t.Fatal("no mapping")
	}
	for i, want := range []struct {
		text          string
		isText, empty bool
	}{
		{"5", true, false},
		{"no", true, false},
		{"é", true, false},
		{"it's", true, false},
		{"0777", true, false},
		{"0777", true, false},
		{"", true, true},
		{"", false, true},
		{"", false, false},
	} {
		v := fields[i].Value
		if v.Text() != want.text || v.IsText() != want.isText || v.Empty() != want.empty {
			t.Errorf("%s: %q, %t, %t, want %+v", fields[i].Key.Text(), v.Text(), v.IsText(), v.Empty(), want)
		}
	}
}

func TestPlaces(t *testing.T) {
	root := parse(t, "steps:\n- kick: all\n- refuse: 10s\n\nname: x\nname: y\n")
	fields, _ := root.Fields()
	entries, ok := fields[0].Value.List()
	if !ok || len(entries) != 2 || !entries[1].Has("refuse") || entries[1].Has("kick") {
		t.Errorf("entries %v", entries)
	}
	for want, at := range map[string]Node{
		"x.yaml:1:1: bad": root,
		"x.yaml:3:3: bad": entries[1],
		"x.yaml:5:7: bad": fields[1].Value,
	} {
		if got := at.Errorf("bad").Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if err := fields[1].Repeated; err != nil {
		t.Error(err)
	}
	if err := fields[2].Repeated; err == nil || err.Error() != "x.yaml:6:1: name stands here twice: keep one" {
		t.Errorf("error %v", err)
	}
}

func TestNothing(t *testing.T) {
	for _, text := range []string{"", "\n", "# a comment\n", "~"} {
		n := parse(t, text)
		if _, ok := n.Fields(); ok || !n.Empty() || n.IsText() {
			t.Errorf("%q: %+v", text, n)
		}
		if got := n.Errorf("bad").Error(); !strings.HasPrefix(got, "x.yaml:1:1: ") {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func TestNoYAML(t *testing.T) {
	for text, want := range map[string]string{
		"a: [1\n":           "x.yaml:1:6: this is not YAML: did not find expected ',' or ']'",
		"a: 1\nb: [":        "x.yaml:2:5: this is not YAML: did not find expected node content",
		"a: 1\n\tb: 2\n":    "x.yaml:2:1: this is not YAML: found a tab character that violates indentation: indent with spaces",
		"a: 1\nb: *c\n":     "x.yaml:2:4: this is not YAML: unknown anchor",
		"a\x00: 1":          "x.yaml:1:1: this is not YAML: control characters are not allowed",
		"a: 1\n---\nb: 2\n": "x.yaml:2:1: another document begins here: leave out what comes after ---",
		"a: 1\n---\nb: [":   "x.yaml:3:5: this is not YAML: ",
	} {
		_, err := Parse("x.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

// FuzzParse walks through any tree that was parsed. An alias may stand for a node that it is part of.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"a: 1\nb: [2, {c: 3}]\n", "a: &a [*a]", "? [x]\n: y", "a: [1\n", "- - - -"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse("x.yaml", []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.yaml:") {
				t.Errorf("%q: an error without its place: %v", text, err)
			}
			return
		}
		walk(t, n, 1000)
	})
}

// walk visits n and the nodes in it, at most a number of them. It returns what is left of that number.
func walk(t *testing.T, n Node, more int) int {
	entries, isList := n.List()
	fields, isMapping := n.Fields()
	if isList && isMapping || n.IsText() && (isList || isMapping) {
		t.Errorf("%v is two things at once", n)
	}
	for _, f := range fields {
		entries = append(entries, f.Key, f.Value)
	}
	for _, e := range entries {
		if more > 0 {
			more = walk(t, e, more-1)
		}
	}
	return more
}
