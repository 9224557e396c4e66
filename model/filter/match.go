package filter

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"holter/model"
)

// expression is a node of a parsed filter. String returns it in the filter language.
type expression interface {
	match(r Row) bool
	String() string
}

type everything struct{}

func (everything) match(Row) bool { return true }
func (everything) String() string { return "all" }

type disjunction struct{ terms []expression }

func (d *disjunction) match(r Row) bool {
	for _, term := range d.terms {
		if term.match(r) {
			return true
		}
	}
	return false
}

func (d *disjunction) String() string {
	texts := make([]string, len(d.terms))
	for i, term := range d.terms {
		texts[i] = term.String()
	}
	return strings.Join(texts, " or ")
}

type conjunction struct{ terms []expression }

func (n *conjunction) match(r Row) bool {
	for _, term := range n.terms {
		if !term.match(r) {
			return false
		}
	}
	return true
}

func (n *conjunction) String() string {
	texts := make([]string, len(n.terms))
	for i, term := range n.terms {
		texts[i] = term.String()
		if _, ok := term.(*disjunction); ok {
			texts[i] = "(" + texts[i] + ")"
		}
	}
	return strings.Join(texts, " ")
}

type negation struct{ inner expression }

func (n *negation) match(r Row) bool { return !n.inner.match(r) }

func (n *negation) String() string {
	switch n.inner.(type) {
	case *conjunction, *disjunction:
		return "!(" + n.inner.String() + ")"
	}
	return "!" + n.inner.String()
}

// condition reports whether a comparison holds for a row.
type condition func(r Row) bool

type comparison struct {
	field string
	op    operator
	value string
	holds condition
}

func (n *comparison) match(r Row) bool { return n.holds(r) }
func (n *comparison) String() string   { return n.field + string(n.op) + Quote(n.value) }

// word matches a part of any text by which users recognise a row.
type word struct {
	text  string
	lower []byte // text in lower case, never empty
}

func newWord(text string) *word { return &word{text, []byte(strings.ToLower(text))} }

func (w *word) String() string {
	if beginsField(w.text) {
		return quoted(w.text) // else it could begin the name of a field
	}
	return Quote(w.text)
}

func (w *word) match(r Row) bool {
	return r.Connection != nil && w.inConnection(r.Connection) ||
		r.Client != nil && (containsFold(r.Client.ID, w.lower) || containsFold(r.Client.UserAgent, w.lower)) ||
		r.Service != nil && w.inService(r.Service) ||
		r.Event != nil && w.inEvent(r.Event)
}

func (w *word) inConnection(c *model.Connection) bool {
	return containsFold(c.Client, w.lower) ||
		containsFold(c.Path, w.lower) ||
		containsFold(c.UserAgent, w.lower) ||
		containsFold(string(c.Diagnosis.Cause), w.lower) ||
		w.inID(c.ID) || w.inAddress(c.Remote)
}

func (w *word) inEvent(e *Event) bool {
	return containsFold(e.Kind, w.lower) || containsFold(e.Text, w.lower) ||
		e.Refusal != nil && (containsFold(e.Refusal.Client, w.lower) || containsFold(string(e.Refusal.Diagnosis.Cause), w.lower))
}

// inID compares with the id as ID.String formats it, without the allocation.
func (w *word) inID(id model.ID) bool {
	var buf [21]byte
	return bytes.Contains(strconv.AppendUint(append(buf[:0], 'c'), uint64(id), 10), w.lower)
}

func (w *word) inAddress(remote netip.AddrPort) bool {
	var buf [64]byte
	return bytes.Contains(model.AppendAddress(buf[:0], remote), w.lower)
}

// containsFold reports whether s contains lower, which is in lower case and not empty.
func containsFold(s string, lower []byte) bool {
	first := lower[0]
	if first < utf8.RuneSelf {
		return containsFrom(s, first, lower) || isLower(first) && containsFrom(s, first-'a'+'A', lower)
	}
	for i := range s {
		if hasPrefixFold(s[i:], lower) {
			return true
		}
	}
	return false
}

// containsFrom compares lower only where its first byte occurs: strings.IndexByte tests many bytes at a time.
func containsFrom(s string, first byte, lower []byte) bool {
	for i := strings.IndexByte(s, first); i >= 0; i = strings.IndexByte(s, first) {
		if hasPrefixFold(s[i:], lower) {
			return true
		}
		s = s[i+1:]
	}
	return false
}

// hasPrefixFold reports whether s begins with lower.
func hasPrefixFold(s string, lower []byte) bool {
	for len(lower) > 0 && s != "" {
		have, n := rune(lowerASCII(s[0])), 1
		if have >= utf8.RuneSelf {
			have, n = utf8.DecodeRuneInString(s)
			have = unicode.ToLower(have)
		}
		want, m := rune(lower[0]), 1
		if want >= utf8.RuneSelf {
			want, m = utf8.DecodeRune(lower)
		}
		if have != want {
			return false
		}
		s, lower = s[n:], lower[m:]
	}
	return len(lower) == 0
}

func isLower(b byte) bool { return 'a' <= b && b <= 'z' }

func lowerASCII(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}
