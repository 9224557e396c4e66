package drill

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holter/model"
)

// MaxExpectation bounds the text of an expectation in bytes.
const MaxExpectation = 500

// SyntaxError is the error of an expectation that cannot be parsed.
type SyntaxError struct {
	Pos      int    // byte offset
	Expected string // what to write there
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("position %d: expected %s", e.Pos, e.Expected)
}

// ParseExpectation parses an expectation. The error is a *SyntaxError.
func ParseExpectation(text string) (Expectation, error) {
	p := parser{src: text}
	if len(text) > MaxExpectation {
		return Expectation{}, p.expected(MaxExpectation, "no more than %d bytes", MaxExpectation)
	}
	e := Expectation{text: strings.Trim(text, spaces)}
	for {
		c, err := p.comparison()
		if err != nil {
			return Expectation{}, err
		}
		e.parts = append(e.parts, c)
		if p.skipSpace(); p.rest() == "" {
			return e, nil
		}
		if c.subject.fits == nil {
			return Expectation{}, p.expected(p.pos, "the end: write the rest as another expectation")
		}
	}
}

// parser reads an expectation from left to right.
type parser struct {
	src string
	pos int
}

func (p *parser) rest() string { return p.src[p.pos:] }

func (p *parser) expected(pos int, format string, args ...any) error {
	return &SyntaxError{pos, fmt.Sprintf(format, args...)}
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

func (p *parser) comparison() (c comparison, err error) {
	if c.subject, err = p.subject(); err != nil || c.subject.unit == flag {
		return c, err
	}
	if c.op, err = p.operator(c.subject); err != nil {
		return c, err
	}
	if c.value, err = p.value(c.subject); err != nil || !c.subject.timed {
		return c, err
	}
	c.within, err = p.within()
	return c, err
}

func (p *parser) subject() (*subject, error) {
	p.skipSpace()
	begin := p.pos
	name := p.word(func(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' })
	i := slices.IndexFunc(subjects, func(s subject) bool { return name != "" && (s.name == name || s.alias == name) })
	if i < 0 {
		return nil, p.expected(begin, "one of %s", subjectNames())
	}
	s := &subjects[i]
	if s.fits == nil && strings.Trim(p.src[:begin], spaces) != "" {
		return nil, p.expected(begin, "policy, like, jitter or factor: write %s as another expectation", s.name)
	}
	return s, nil
}

func (p *parser) operator(s *subject) (operator, error) {
	p.skipSpace()
	for _, op := range operators {
		if !strings.HasPrefix(p.rest(), string(op)) {
			continue
		}
		if s.takesWord() && op != "=" && op != "!=" {
			return "", p.expected(p.pos, "= or != after %s", s.name)
		}
		p.pos += len(op)
		return op, nil
	}
	if s.takesWord() {
		return "", p.expected(p.pos, "= or != after %s", s.name)
	}
	return "", p.expected(p.pos, "= != > >= < or <= after %s", s.name)
}

func (s *subject) takesWord() bool { return s.unit == kind || s.unit == name }

func (p *parser) value(s *subject) (value, error) {
	p.skipSpace()
	begin := p.pos
	text, ok := p.text()
	if !ok {
		return value{}, p.expected(begin, "a closing quote for this quote")
	}
	v, ok := s.unit.parse(text)
	if !ok {
		return v, p.expected(begin, "%s after %s", unitForms[s.unit], s.name)
	}
	return v, nil
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
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, p.expected(begin, "%s after within", unitForms[length])
	}
	return d, nil
}

func (u unit) parse(text string) (v value, ok bool) {
	switch u {
	case share:
		v.number, ok = parseShare(text)
		return v, ok && v.number <= 1
	case length:
		d, err := time.ParseDuration(text)
		return value{number: d.Seconds()}, err == nil && d > 0
	case perSecond:
		text, ok = strings.CutSuffix(text, "/s")
		if !ok {
			return v, false
		}
		if v.number, v.relative = parseShare(text); v.relative {
			return v, true
		}
		v.number, ok = parseNumber(text)
		return v, ok
	case number:
		v.number, ok = parseNumber(text)
		return v, ok
	case kind:
		return value{word: text}, slices.Contains(policyKinds, model.PolicyKind(text))
	}
	return value{word: text}, text != ""
}

// parseShare reads a percentage of 0 or more.
func parseShare(text string) (float64, bool) {
	digits, ok := strings.CutSuffix(text, "%")
	n, valid := parseNumber(strings.TrimSpace(digits))
	return n / 100, ok && valid
}

// parseNumber reads a finite number of 0 or more.
func parseNumber(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && n >= 0 && n < 1e15
}
