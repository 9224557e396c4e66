package expect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holter/model"
)

// MaxLength bounds the text of an expectation in bytes.
const MaxLength = 500

// SyntaxError is the error of an expectation that cannot be parsed.
type SyntaxError struct {
	Pos      int    // byte offset
	Expected string // what to write there
	Unknown  string // the word that stands there, if Expected is a word that is nearly the same
}

func (e *SyntaxError) Error() string {
	if e.Unknown != "" {
		return fmt.Sprintf("position %d: unknown %.60q: did you mean %s?", e.Pos, e.Unknown, e.Expected)
	}
	return fmt.Sprintf("position %d: expected %s", e.Pos, e.Expected)
}

// Parse parses an expectation. The error is a *SyntaxError.
func (l Language) Parse(text string) (Expectation, error) {
	p := parser{language: l, src: text}
	if len(text) > MaxLength {
		return Expectation{}, p.expected(MaxLength, "no more than %d bytes", MaxLength)
	}
	e := Expectation{Text: strings.Trim(text, spaces)}
	for {
		c, err := p.comparison()
		if err != nil {
			return Expectation{}, err
		}
		e.Parts = append(e.Parts, c)
		if p.skipSpace(); p.rest() == "" {
			return e, nil
		}
		if !l[c.Subject].Joins {
			return Expectation{}, p.expected(p.pos, "the end: write the rest as another expectation")
		}
	}
}

// parser reads an expectation from left to right.
type parser struct {
	language Language
	src      string
	pos      int
}

func (p *parser) rest() string { return p.src[p.pos:] }

func (p *parser) expected(pos int, format string, args ...any) error {
	return &SyntaxError{Pos: pos, Expected: fmt.Sprintf(format, args...)}
}

// near returns the error for a word that is unknown. If none of words is near, it is other.
func near(pos int, text string, words []string, other error) error {
	word := model.Nearest(text, words)
	if i := slices.IndexFunc(words, func(w string) bool { return beginsWith(w, text) }); word == "" && i >= 0 {
		word = words[i]
	}
	if word == "" {
		return other
	}
	if strings.ContainsAny(word, spaces) {
		word = `"` + word + `"`
	}
	return &SyntaxError{pos, word, text}
}

// beginsWith reports whether text may be a word that is not typed to its end.
func beginsWith(word, text string) bool {
	return len(text) >= 3 && len(text) <= len(word) && strings.EqualFold(word[:len(text)], text)
}

// spaces separate words.
const spaces = " \t\r\n"

func (p *parser) skipSpace() { p.pos = len(p.src) - len(strings.TrimLeft(p.rest(), spaces)) }

// word consumes and returns the longest run of bytes for which ok is true.
func (p *parser) word(ok func(c byte) bool) string {
	begin := p.pos
	for p.pos < len(p.src) && ok(p.src[p.pos]) {
		p.pos++
	}
	return p.src[begin:p.pos]
}

func (p *parser) comparison() (c Comparison, err error) {
	if c.Subject, err = p.subject(); err != nil {
		return c, err
	}
	s := &p.language[c.Subject]
	if s.Unit == Flag {
		return c, nil
	}
	if c.Op, err = p.operator(s); err != nil {
		return c, err
	}
	if c.Value, err = p.value(s, c.Op); err != nil || !s.Timed {
		return c, err
	}
	c.Within, err = p.within()
	return c, err
}

// subject consumes the name of a subject and returns its place in the language.
func (p *parser) subject() (int, error) {
	p.skipSpace()
	begin := p.pos
	name := p.word(func(c byte) bool {
		return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	})
	i := slices.IndexFunc(p.language, func(s Subject) bool { return name != "" && (s.Name == name || s.Alias == name) })
	if i < 0 {
		every := p.language.names(func(*Subject) bool { return true })
		return 0, near(begin, name, every, p.expected(begin, "one of %s", p.language))
	}
	if s := &p.language[i]; !s.Joins && strings.Trim(p.src[:begin], spaces) != "" {
		joining := p.language.names(func(s *Subject) bool { return s.Joins })
		return 0, p.expected(begin, "%s: write %s as another expectation", model.OneOf(joining), s.Name)
	}
	return i, nil
}

func (p *parser) operator(s *Subject) (Operator, error) {
	p.skipSpace()
	for _, op := range operators {
		if !strings.HasPrefix(p.rest(), string(op)) {
			continue
		}
		if s.Unit == Word && op != "=" && op != "!=" {
			return "", p.expected(p.pos, "= or != after %s", s.Name)
		}
		p.pos += len(op)
		return op, nil
	}
	if s.Unit == Word {
		return "", p.expected(p.pos, "= or != after %s", s.Name)
	}
	return "", p.expected(p.pos, "= != > >= < or <= after %s", s.Name)
}

func (p *parser) value(s *Subject, op Operator) (Value, error) {
	p.skipSpace()
	begin := p.pos
	text, ok := p.text()
	if !ok {
		return Value{}, p.expected(begin, "a closing quote for this quote")
	}
	v, ok := s.Unit.parse(text)
	if !ok {
		return v, p.expected(begin, "%s after %s", s.form(), s.Name)
	}
	for _, word := range s.split(v.Word) {
		if s.Words != nil && !slices.Contains(s.Words, word) {
			return v, near(begin, word, s.Words, p.expected(begin, "%s after %s", s.form(), s.Name))
		}
	}
	if s.Unit != Word {
		switch most := (s.Unit == Share || s.Unit == Amount && v.Relative) && v.Number == 1; {
		case op == "<" && v.Number == 0, op == ">" && most:
			return v, p.expected(begin, "another value, because this never holds")
		case op == ">=" && v.Number == 0, op == "<=" && most:
			return v, p.expected(begin, "another value, because this always holds")
		}
	}
	return v, nil
}

// split returns the words of a value.
func (s *Subject) split(value string) []string {
	if s.Or == "" {
		return []string{value}
	}
	return strings.Split(value, s.Or)
}

// text consumes a value in quotes, or one that ends at the next space or @. It returns false if a closing quote is
// missing.
func (p *parser) text() (text string, ok bool) {
	if !strings.HasPrefix(p.rest(), `"`) {
		return p.word(func(c byte) bool { return strings.IndexByte(spaces+"@", c) < 0 }), true
	}
	p.pos++
	text = p.word(func(c byte) bool { return c != '"' })
	if p.rest() == "" {
		return "", false
	}
	p.pos++
	return text, true
}

// within consumes a time after @ or within. It returns 0 if there is none.
func (p *parser) within() (time.Duration, error) {
	p.skipSpace()
	switch {
	case strings.HasPrefix(p.rest(), "@"):
		p.pos++
	case strings.HasPrefix(p.rest(), "within"):
		p.pos += len("within")
	default:
		return 0, nil
	}
	p.skipSpace()
	begin := p.pos
	text, _ := p.text()
	d, ok := parseLength(text)
	if !ok {
		return 0, p.expected(begin, "%s after within", unitForms[Length])
	}
	return d, nil
}

// MaxTime bounds the durations of expectations.
const MaxTime = 24 * time.Hour

func parseLength(text string) (time.Duration, bool) {
	d, err := time.ParseDuration(text)
	return d, err == nil && d > 0 && d <= MaxTime
}

func (u Unit) parse(text string) (v Value, ok bool) {
	switch u {
	case Share:
		v.Number, ok = ParseShare(text)
		return v, ok && v.Number <= 1
	case Length:
		d, ok := parseLength(text)
		return Value{Number: d.Seconds()}, ok
	case PerSecond:
		text, ok = strings.CutSuffix(text, "/s")
		if !ok {
			return v, false
		}
		if v.Number, v.Relative = ParseShare(text); v.Relative {
			return v, true
		}
		v.Number, ok = parseNumber(text)
		return v, ok
	case Number:
		v.Number, ok = parseNumber(text)
		return v, ok
	case Amount:
		if v.Number, ok = ParseShare(text); ok {
			v.Relative = v.Number > 0 // none is none of any number
			return v, v.Number <= 1
		}
		v.Number, ok = parseNumber(text)
		return v, ok
	}
	return Value{Word: text}, text != ""
}

// ParseShare reads a percentage of 0 or more.
func ParseShare(text string) (float64, bool) {
	digits, ok := strings.CutSuffix(text, "%")
	n, valid := parseNumber(strings.TrimSpace(digits))
	return n / 100, ok && valid
}

// parseNumber reads a finite decimal number of 0 or more.
func parseNumber(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && n >= 0 && n < 1e15 && strings.Trim(text, "0123456789.e-") == ""
}
