package filter

import (
	"fmt"
	"strings"
)

const (
	space          = " \t\r\n"
	filterStops    = space + `()"` // what ends a word
	filterSpecials = filterStops + "=<>~!"
)

// operator compares a field with a value.
type operator string

const (
	opEqual          operator = "="
	opNotEqual       operator = "!="
	opGreater        operator = ">"
	opGreaterOrEqual operator = ">="
	opLess           operator = "<"
	opLessOrEqual    operator = "<="
	opMatches        operator = "~"
)

// operators has the longer ones first, because the first that fits is taken.
var operators = [...]operator{opNotEqual, opGreaterOrEqual, opLessOrEqual, opEqual, opGreater, opLess, opMatches}

// operatorAt returns the operator that s begins with, "" if there is none.
func operatorAt(s string) operator {
	for _, op := range operators {
		if strings.HasPrefix(s, string(op)) {
			return op
		}
	}
	return ""
}

func isKeyword(word string) bool {
	return strings.EqualFold(word, "or") || strings.EqualFold(word, "and")
}

// isAll reports whether a word that is not in quotes stands for every connection.
func isAll(word string) bool { return strings.EqualFold(word, "all") }

// Quote quotes a word or a value where Parse would otherwise read it as something else.
func Quote(s string) string {
	if s != "" && !strings.ContainsAny(s, filterSpecials) && !isKeyword(s) && !isAll(s) {
		return s
	}
	return quoted(s)
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func (p *parser) expected(pos int, format string, args ...any) error {
	return &Error{Pos: pos, Expected: fmt.Sprintf(format, args...)}
}

func (p *parser) rest() string { return p.src[p.pos:] }

// peek returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.pos == len(p.src) {
		return 0
	}
	return p.src[p.pos]
}

func (p *parser) peekOperator() operator { return operatorAt(p.rest()) }

// peekWord returns the unquoted word that comes next, "" if there is none.
func (p *parser) peekWord() string {
	rest := p.rest()
	for i := range len(rest) {
		if strings.IndexByte(filterStops, rest[i]) >= 0 || operatorAt(rest[i:]) != "" {
			return rest[:i]
		}
	}
	return rest
}

func (p *parser) skipSpace() {
	p.pos = len(p.src) - len(strings.TrimLeft(p.rest(), space))
}

func (p *parser) takeKeyword(keyword string) bool {
	p.skipSpace()
	if !strings.EqualFold(p.peekWord(), keyword) {
		return false
	}
	p.pos += len(keyword)
	return true
}

// takeValue consumes the value after an operator, quoted or not. It reports whether there is one.
func (p *parser) takeValue() (value string, ok bool, err error) {
	if p.peek() == '"' {
		value, err = p.takeQuoted()
		return value, err == nil, err
	}
	if p.peekOperator() != "" {
		return "", false, nil
	}
	value = valuePrefix(p.rest())
	p.pos += len(value)
	return value, value != "", nil
}

// valuePrefix returns the unquoted value that s begins with. It may contain pairs of parentheses, as in a regular
// expression.
func valuePrefix(s string) string {
	open := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			open++
		case ')':
			open--
		case ' ', '\t', '\r', '\n', '"':
			return s[:i]
		}
		if open < 0 {
			return s[:i]
		}
	}
	return s
}

// takeQuoted consumes a text in double quotes, and returns it without them.
func (p *parser) takeQuoted() (string, error) {
	start := p.pos
	var text strings.Builder
	for p.pos++; p.pos < len(p.src); p.pos++ {
		switch rest := p.rest(); {
		case rest[0] == '"':
			p.pos++
			return text.String(), nil
		case strings.HasPrefix(rest, `\"`), strings.HasPrefix(rest, `\\`):
			p.pos++
			text.WriteByte(rest[1])
		default:
			text.WriteByte(rest[0])
		}
	}
	return "", p.expected(p.pos, `a closing " for the one at position %d`, start)
}
