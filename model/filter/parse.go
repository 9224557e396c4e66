package filter

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"holter/model"
)

const (
	maxFilterDepth = 64 // parentheses and negations within each other

	// maxFilterPatterns bounds all regular expressions of a filter together, by the instructions of their
	// programs: each byte of text may cost that many steps. "(timeout|reset)$" has 18.
	maxFilterPatterns = 2000
)

// parser parses a filter by recursive descent.
type parser struct {
	src      string
	place    Place
	pos      int // of the next byte in src
	depth    int
	patterns int // instructions of the regular expressions so far
}

func parse(s string, place Place) (expression, error) {
	p := &parser{src: s, place: place}
	if len(s) > MaxLength {
		return nil, p.expected(MaxLength, "no more than %d bytes", MaxLength)
	}
	if i := model.FirstInvisible(strings.NewReplacer("\t", " ", "\r", " ", "\n", " ").Replace(s)); i >= 0 {
		return nil, p.expected(i, "visible characters in UTF-8")
	}
	root, err := p.disjunction()
	if err != nil {
		return nil, err
	}
	if p.pos < len(s) {
		return nil, p.expected(p.pos, "a ( before this )")
	}
	return root, nil
}

func (p *parser) disjunction() (expression, error) {
	term, err := p.conjunction()
	if err != nil {
		return nil, err
	}
	terms := []expression{term}
	for p.takeKeyword("or") {
		if term, err = p.conjunction(); err != nil {
			return nil, err
		}
		terms = append(terms, term)
	}
	if len(terms) == 1 {
		return term, nil
	}
	return &disjunction{terms}, nil
}

func (p *parser) conjunction() (expression, error) {
	term, err := p.term()
	if err != nil {
		return nil, err
	}
	terms := []expression{term}
	for p.takeKeyword("and") || p.atTerm() {
		if term, err = p.term(); err != nil {
			return nil, err
		}
		terms = append(terms, term)
	}
	if len(terms) == 1 {
		return term, nil
	}
	return &conjunction{terms}, nil
}

// atTerm reports whether another term follows without an "and".
func (p *parser) atTerm() bool {
	p.skipSpace()
	return p.pos < len(p.src) && p.src[p.pos] != ')' && !strings.EqualFold(p.peekWord(), "or")
}

func (p *parser) term() (expression, error) {
	p.skipSpace()
	if op := p.peekOperator(); op != "" {
		return nil, p.expected(p.pos, "the name of a field before %s", op)
	}
	switch p.peek() {
	case '(':
		return p.nested(p.group)
	case '!':
		return p.nested(p.negation)
	case '"':
		return p.quotedWord()
	}
	return p.wordOrComparison()
}

// nested parses what begins with a ( or a !, and may contain more of them.
func (p *parser) nested(read func() (expression, error)) (expression, error) {
	if p.depth == maxFilterDepth {
		return nil, p.expected(p.pos, "no more than %d levels of ( and !", maxFilterDepth)
	}
	p.depth++
	inner, err := read()
	p.depth--
	return inner, err
}

func (p *parser) group() (expression, error) {
	open := p.pos
	p.pos++
	inner, err := p.disjunction()
	if err != nil {
		return nil, err
	}
	if p.peek() != ')' {
		return nil, p.expected(p.pos, "a ) for the ( at position %d", open)
	}
	p.pos++
	return inner, nil
}

func (p *parser) negation() (expression, error) {
	p.pos++
	inner, err := p.term()
	if err != nil {
		return nil, err
	}
	return &negation{inner}, nil
}

func (p *parser) quotedWord() (expression, error) {
	start := p.pos
	text, err := p.takeQuoted()
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, p.expected(start, "a word between the quotes")
	}
	return newWord(text), nil
}

func (p *parser) wordOrComparison() (expression, error) {
	start, text := p.pos, p.peekWord()
	if text == "" || isKeyword(text) {
		return nil, p.expected(start, "a word or a comparison such as rtt>100ms")
	}
	p.pos += len(text)
	p.skipSpace()
	if p.peekOperator() == "" {
		if two, ok := p.secondHalf(text); ok {
			text = two
		}
	}
	op := p.peekOperator()
	switch {
	case op == "" && isAll(text):
		return everything{}, nil
	case op == "":
		return newWord(text), nil
	}
	f, ok := findField(text)
	switch {
	case !ok:
		return nil, p.expected(start, "%s before %s, not %q", suggestFields(text, p.place), op, model.Clean(text, 40))
	case !f.on.has(p.place) && f.mend != "":
		return nil, p.expected(start, "a field of %s before %s: %s is for %s, so write %s", placeNouns[p.place], op, f.name, f.on, f.mend)
	case !f.on.has(p.place):
		return nil, p.expected(start, "a field of %s before %s: %s is for %s", placeNouns[p.place], op, f.name, f.on)
	}
	return p.comparison(f, op)
}

// secondHalf reads the rest of a field's name that is written in two words, as in data silence>30s. It returns the whole
// name, and reads nothing if there is none.
func (p *parser) secondHalf(first string) (name string, ok bool) {
	before := p.pos
	second := p.peekWord()
	p.pos += len(second)
	p.skipSpace()
	name = first + "_" + second
	if _, known := findField(name); second != "" && known && p.peekOperator() != "" {
		return name, true
	}
	p.pos = before
	return "", false
}

// comparison parses the rest of a comparison, from op on.
func (p *parser) comparison(f field, op operator) (expression, error) {
	if !f.takes(op) {
		return nil, p.expected(p.pos, "one of %s after %s", f.operators(), f.name)
	}
	p.pos += len(op)
	p.skipSpace()
	start := p.pos
	value, ok, err := p.takeValue()
	if err != nil {
		return nil, err
	}
	holds, wants := condition(nil), f.wants(p.place)
	switch {
	case op == opMatches:
		holds, wants = p.matching(f, value)
	case ok:
		holds = f.compare(op, value, p.place)
	}
	if holds != nil {
		return &comparison{f.name, op, value, holds}, nil
	}
	if elsewhere := f.elsewhere(value, p.place); elsewhere != "" {
		return nil, p.expected(start, "another word after %s%s: %s; here it is %s", f.name, op, elsewhere, wants)
	}
	return nil, p.expected(start, "%s%s after %s%s", f.nearest(value, p.place), wants, f.name, op)
}

// matching compiles a regular expression. If it cannot, it returns no condition, and what to write instead.
func (p *parser) matching(f field, pattern string) (holds condition, wants string) {
	if pattern == "" {
		return nil, "a regular expression"
	}
	size, err := patternSize(pattern)
	if err != nil {
		return nil, fmt.Sprintf("a regular expression (%v)", err)
	}
	if p.patterns += size; p.patterns > maxFilterPatterns {
		return nil, "a smaller regular expression"
	}
	re, err := regexp.Compile("(?i)" + pattern)
	if err != nil {
		return nil, "a regular expression"
	}
	return func(r Row) bool { return re.MatchString(f.text(r)) }, ""
}

// patternSize counts the instructions of a regular expression's program.
func patternSize(pattern string) (int, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl|syntax.FoldCase)
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		return 0, errors.New(e.Code.String()) // without the pattern, which the user sees anyway
	}
	if err != nil {
		return 0, err
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return 0, err
	}
	return len(prog.Inst), nil
}
