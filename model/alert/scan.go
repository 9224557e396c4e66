package alert

import (
	"fmt"
	"strings"

	"holter/model/filter"
)

const (
	spaces = " \t\r\n"
	stops  = spaces + `()"=!<>~,` // what ends a word
)

// operators has the longer ones first, because the first that fits is taken.
var operators = [...]string{"!=", ">=", "<=", "=", ">", "<", "~"}

// scanner reads a condition piece by piece.
type scanner struct {
	src string
	pos int // of the next byte in src
}

func (s *scanner) rest() string { return s.src[s.pos:] }

func (s *scanner) skipSpace() { s.pos = len(s.src) - len(strings.TrimLeft(s.rest(), spaces)) }

// peek returns the next byte that is no space, 0 at the end.
func (s *scanner) peek() byte {
	s.skipSpace()
	if s.pos == len(s.src) {
		return 0
	}
	return s.src[s.pos]
}

// peekWord returns the word that comes next, "" if there is none.
func (s *scanner) peekWord() string {
	s.skipSpace()
	rest := s.rest()
	if end := strings.IndexAny(rest, stops); end >= 0 {
		return rest[:end]
	}
	return rest
}

// peekOperator returns the operator that comes next, "" if there is none.
func (s *scanner) peekOperator() string {
	s.skipSpace()
	for _, op := range operators {
		if strings.HasPrefix(s.rest(), op) {
			return op
		}
	}
	return ""
}

func (s *scanner) takeKeyword(keyword string) bool {
	if !strings.EqualFold(s.peekWord(), keyword) {
		return false
	}
	s.pos += len(keyword)
	return true
}

// takeValue reads the value after an operator, in quotes or up to the next space or closing parenthesis.
func (s *scanner) takeValue() (string, error) {
	if s.peek() == '"' {
		start := s.pos
		end := quotedEnd(s.rest())
		if end < 0 {
			return "", s.expected(len(s.src), `a closing " for the one at position %d`, start)
		}
		s.pos += end
		return unquote(s.src[start:s.pos]), nil
	}
	rest, open := s.rest(), 0
	for i := range len(rest) {
		switch rest[i] {
		case '(':
			open++
		case ')':
			open--
		}
		if open < 0 || strings.IndexByte(spaces+`"`, rest[i]) >= 0 {
			rest = rest[:i]
			break
		}
	}
	s.pos += len(rest)
	return rest, nil
}

// takeArgument reads what stands in parentheses, which is a filter. The closing one may stand in quotes, or belong to another
// one in the filter. It returns where the argument begins.
func (s *scanner) takeArgument() (text string, at int, err error) {
	open := s.pos
	s.pos++
	at = s.pos
	for depth := 1; s.pos < len(s.src); s.pos++ {
		switch s.src[s.pos] {
		case '(':
			depth++
		case ')':
			depth--
		case '"':
			end := quotedEnd(s.rest())
			if end < 0 {
				return "", at, s.expected(len(s.src), `a closing " for the one at position %d`, s.pos)
			}
			s.pos += end - 1
		}
		if depth == 0 {
			text = s.src[at:s.pos]
			s.pos++
			return text, at, nil
		}
	}
	return "", at, s.expected(len(s.src), "a ) for the ( at position %d", open)
}

// quotedEnd returns the length of the quoted text that s begins with, -1 if its closing quote is missing.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return i + 1
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
	}
	return -1
}

func unquote(s string) string {
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s[1 : len(s)-1])
}

// expected returns the error for a place where something else should stand.
func (s *scanner) expected(pos int, format string, args ...any) error {
	return &filter.Error{Pos: pos, Expected: fmt.Sprintf(format, args...)}
}
