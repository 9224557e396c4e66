package alert

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"holter/model"
	"holter/model/filter"
)

const (
	// MaxLength bounds a condition in bytes.
	MaxLength = 4096

	deepest     = 32   // parentheses and negations within each other
	longestName = 40   // bytes of a word in an error
	mostTerms   = 64   // in a condition
	longestRE   = 1000 // bytes of a regular expression
)

// Condition is when a rule holds, and of what.
//
//	condition   = conjunction { "or" conjunction } .
//	conjunction = term { [ "and" ] term } .
//	term        = "!" term | "(" condition ")" | flag | figure operator value | call operator value | field operator value .
//	call        = ( "count" | "share" ) "(" filter ")" .
//	operator    = "=" | "!=" | ">" | ">=" | "<" | "<=" | "~" .
//
// All fields in a condition are of one kind of thing, and the condition holds of each of these by itself. The zero Condition
// holds of nothing.
type Condition struct {
	text  string
	of    subject
	root  node
	pages model.Place // where the evidence is, unless it is with a thing
}

// Parse parses a condition. The error is a *filter.Error with the position.
func Parse(text string) (Condition, error) {
	p := parser{scanner: scanner{src: text}, doubt: -1}
	switch i := model.FirstInvisible(strings.NewReplacer("\t", " ", "\r", " ", "\n", " ").Replace(text)); {
	case len(text) > MaxLength:
		return Condition{}, p.expected(MaxLength, "no more than %d bytes", MaxLength)
	case i >= 0:
		return Condition{}, p.expected(i, "visible characters in UTF-8")
	}
	root, err := p.disjunction()
	if err != nil {
		return Condition{}, err
	}
	if p.skipSpace(); p.pos < len(text) {
		return Condition{}, p.expected(p.pos, "%s", p.instead())
	}
	if p.doubt >= 0 && !p.serving {
		p.pos = p.doubt
		name := p.peekWord()
		p.pos += len(name)
		return Condition{}, p.unknown(p.doubt, strings.ToLower(name))
	}
	return Condition{text: strings.TrimSpace(text), of: p.of, root: root, pages: p.page}, nil
}

// String returns the condition as it was written.
func (c Condition) String() string { return c.text }

// parser parses a condition by recursive descent.
type parser struct {
	scanner
	depth, terms int
	of           subject
	by           string      // the field that has decided of
	serving      bool        // a field that only services have has come
	doubt        int         // where the first field came that connections have too, -1 if none has
	page         model.Place // of the first count
}

// instead returns what should stand at the place where the condition stops making sense.
func (p *parser) instead() string {
	switch p.peek() {
	case ')':
		return "a ( before this )"
	case ',':
		return "and or or instead of this comma"
	}
	return "and, or, or the end"
}

func (p *parser) disjunction() (node, error) {
	return p.chain("or", p.conjunction, func(n []node) node { return anyOf(n) })
}

func (p *parser) conjunction() (node, error) {
	return p.chain("and", p.term, func(n []node) node { return allOf(n) })
}

// chain reads parts with a keyword between them, which may be left out if it is "and".
func (p *parser) chain(keyword string, read func() (node, error), join func([]node) node) (node, error) {
	part, err := read()
	if err != nil {
		return nil, err
	}
	parts := []node{part}
	for p.takeKeyword(keyword) || keyword == "and" && p.atTerm() {
		if part, err = read(); err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if len(parts) == 1 {
		return part, nil
	}
	return join(parts), nil
}

// atTerm reports whether another term follows without an "and".
func (p *parser) atTerm() bool {
	c := p.peek()
	return c != 0 && c != ')' && c != ',' && !strings.EqualFold(p.peekWord(), "or")
}

func (p *parser) term() (node, error) {
	if p.terms++; p.terms > mostTerms {
		return nil, p.expected(p.pos, "no more than %d comparisons", mostTerms)
	}
	if op := p.peekOperator(); op != "" {
		return nil, p.expected(p.pos, "a figure such as cpu before %s", op)
	}
	switch p.peek() {
	case '(', '!':
		return p.nested()
	case '"':
		return nil, p.expected(p.pos, "a figure such as cpu, without quotes")
	}
	start, word := p.pos, p.peekWord()
	if word == "" || strings.EqualFold(word, "or") || strings.EqualFold(word, "and") {
		return nil, p.expected(p.pos, "a comparison such as count(state=failed) > 5")
	}
	p.pos += len(word)
	return p.named(start, strings.ToLower(strings.ReplaceAll(word, "-", "_")))
}

// nested parses what begins with a ( or a !, and may contain more of them.
func (p *parser) nested() (node, error) {
	if p.depth++; p.depth > deepest {
		return nil, p.expected(p.pos, "no more than %d levels of ( and !", deepest)
	}
	defer func() { p.depth-- }()
	open := p.pos
	p.pos++
	if p.src[open] == '!' {
		inner, err := p.term()
		return not{inner}, err
	}
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

// named parses the term that begins with a name, which has been read.
func (p *parser) named(start int, name string) (node, error) {
	if p.peek() == '(' {
		return p.call(start, name)
	}
	for i := range flags {
		if flags[i].name == name {
			return flag{flags[i].get}, p.noOperator(name)
		}
	}
	for i := range figures {
		if f := &figures[i]; f.name == name {
			return p.comparison(name, f.unit, func(m *moment, _ *row) (float64, bool) { return f.get(m) })
		}
	}
	for i := range fields {
		if f := &fields[i]; f.name == name {
			return p.field(start, f)
		}
	}
	return p.serviceField(start, name)
}

// serviceField parses the rest of the comparison of a field of services, which the filter of services knows. Some of these are
// fields of connections too: a condition has to have another one, to be about services.
func (p *parser) serviceField(start int, name string) (node, error) {
	from := p.pos
	op := p.peekOperator()
	p.pos += len(op)
	p.skipSpace()
	value, err := p.takeValue()
	if err != nil {
		return nil, err
	}
	term := p.src[start:p.pos]
	chosen, err := filter.Services.Parse(term)
	_, ofConnections := filter.Connections.Parse(term)
	switch e, _ := err.(*filter.Error); {
	case op == "", err != nil && !p.serving && name != "service":
		p.pos = from
		return nil, p.unknown(start, name)
	case e != nil:
		return nil, &filter.Error{Pos: start + e.Pos, Expected: e.Expected}
	case p.of != whole && p.of != services:
		return nil, p.expected(start, "one kind of thing: %s is of %s, and %s of services; write two rules", p.by, subjects[p.of].noun, name)
	}
	if p.of, p.by = services, name; ofConnections != nil {
		p.serving = true
	} else if !p.serving && p.doubt < 0 {
		p.doubt = start
	}
	return served{chosen, figureOfService(name, op, value)}, nil
}

// figureOfService is how to say what a field of services is if that is a figure, else nil.
func figureOfService(name, op, value string) *servedFigure {
	full, get := filter.Services.Figure(name)
	if get == nil {
		return nil
	}
	f := &servedFigure{name: full, limit: op + " " + value, unit: seconds, scale: 1 / float64(time.Second), get: get}
	switch full {
	case "missed":
		f.unit, f.scale = numbers, 1
	case "uptime":
		f.unit, f.scale = percents, 1e-4
	}
	return f
}

func (p *parser) noOperator(name string) error {
	if op := p.peekOperator(); op != "" {
		return p.expected(p.pos, "nothing after %s, which is so or not", name)
	}
	return nil
}

// call parses a function of a filter.
func (p *parser) call(start int, name string) (node, error) {
	for i := range calls {
		c := &calls[i]
		if c.name != name {
			continue
		}
		text, at, err := p.takeArgument()
		if err != nil {
			return nil, err
		}
		chosen, err := filter.Connections.Parse(text)
		if e, ok := err.(*filter.Error); ok {
			return nil, &filter.Error{Pos: at + e.Pos, Expected: e.Expected}
		}
		if chosen.Empty() {
			return nil, p.expected(at, "a filter such as state=failed, or all, in the parentheses")
		}
		if p.page.Page == "" {
			p.page = model.Place{Page: model.ConnectionsPage, Query: chosen.String()}
		}
		count := &counted{filter: chosen}
		return p.comparison(name+"("+strings.TrimSpace(text)+")", c.unit, func(m *moment, _ *row) (float64, bool) {
			matching, others := m.count(count)
			return c.of(m, matching, others)
		})
	}
	return nil, p.expected(start, "count or share before the (, not %q", model.Clean(name, longestName))
}

// comparison parses the operator and the value after a figure.
func (p *parser) comparison(name string, u unit, get func(*moment, *row) (float64, bool)) (node, error) {
	op := p.peekOperator()
	if op == "" || op == "~" {
		return nil, p.expected(p.pos, "one of = != > >= < <= after %s", name)
	}
	p.pos += len(op)
	p.skipSpace()
	start := p.pos
	text, err := p.takeValue()
	if err != nil {
		return nil, err
	}
	if p.takeKeyword("%") { // behind a space
		text += "%"
	}
	value, ok := u.parse(text)
	if !ok {
		return nil, p.expected(start, "%s after %s %s", u.wants, name, op)
	}
	return &comparison{name: name, op: op, value: value, unit: u, get: get}, nil
}

// field parses the rest of the comparison of a field.
func (p *parser) field(start int, f *field) (node, error) {
	if p.of != whole && p.of != f.of {
		return nil, p.expected(start, "one kind of thing: %s is of %s, and %s of %s; write two rules", p.by, subjects[p.of].noun, f.name, subjects[f.of].noun)
	}
	p.of, p.by = f.of, f.name
	if f.figure != nil {
		return p.comparison(f.name, f.unit, func(_ *moment, r *row) (float64, bool) { return f.figure(r) })
	}
	op := p.peekOperator()
	if op != "=" && op != "!=" && op != "~" {
		return nil, p.expected(p.pos, "one of = != ~ after %s", f.name)
	}
	p.pos += len(op)
	p.skipSpace()
	at := p.pos
	value, err := p.takeValue()
	if err != nil {
		return nil, err
	}
	fits, wants := f.fitting(op, value)
	if fits == nil {
		return nil, p.expected(at, "%s after %s%s", wants, f.name, op)
	}
	return &textual{f: f, fits: fits, want: op != "!="}, nil
}

// fitting returns what tests a text against a value or, if that is none, what to write instead.
func (f *field) fitting(op, value string) (fits func(string) bool, wants string) {
	switch {
	case op == "~":
		re, err := regexp.Compile("(?i)" + value)
		if err != nil || value == "" || len(value) > longestRE {
			return nil, "a regular expression"
		}
		return re.MatchString, ""
	case value == "":
		return nil, "a text"
	case f.known != nil && !slices.ContainsFunc(f.known, func(k string) bool { return strings.EqualFold(k, value) }):
		if near := model.Nearest(value, f.known); near != "" {
			return nil, near + ", or another of " + strings.Join(f.known, ", ")
		}
		return nil, "one of " + strings.Join(f.known, ", ")
	}
	return func(s string) bool { return f.is(s, value) }, ""
}

// unknown returns the error for a word that is no name here.
func (p *parser) unknown(start int, name string) error {
	rest := p.src[start:]
	if op := p.peekOperator(); op != "" {
		end := p.pos + len(op)
		p.pos = end
		p.skipSpace()
		if value, err := p.takeValue(); err == nil {
			comparison := strings.TrimSpace(rest[:end-start]) + value
			if _, err := filter.Connections.Parse(comparison); err == nil {
				if _, err := filter.Services.Parse(comparison); err == nil {
					return p.expected(start, "count(%s) > 0 for connections, or service~. %[1]s for services: %s is of each", comparison, name)
				}
				return p.expected(start, "count(%s) > 0, or share(%[1]s) > 10%%: %s is of each connection", comparison, name)
			}
		}
	}
	if slices.Contains(names(), name) {
		return p.expected(start+len(name), "one of = != > >= < <= ~ after %s", name)
	}
	if near := model.Nearest(name, names()); near != "" {
		return p.expected(start, "%s, not %q", near, model.Clean(name, longestName))
	}
	return p.expected(start, "a figure such as cpu, count(…) or margin, not %q", model.Clean(name, longestName))
}

// names are all words that may begin a term.
func names() []string {
	var list []string
	for i := range flags {
		list = append(list, flags[i].name)
	}
	for i := range calls {
		list = append(list, calls[i].name)
	}
	for i := range figures {
		list = append(list, figures[i].name)
	}
	for i := range fields {
		list = append(list, fields[i].name)
	}
	for _, f := range filter.Services.Fields() {
		list = append(list, f.Name)
	}
	return list
}

// Table lists all names, for the manual.
func Table() string {
	var b strings.Builder
	b.WriteString("| | of | compared with | |\n| --- | --- | --- | --- |\n")
	line := func(name, of, wants, about string) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, of, wants, about)
	}
	for _, c := range calls {
		line(c.name+"(FILTER)", "all", c.unit.wants, c.about)
	}
	for _, f := range flags {
		line(f.name, "all", "", f.about)
	}
	for _, f := range figures {
		line(f.name, "all", f.unit.wants, f.about)
	}
	for _, f := range fields {
		wants := f.unit.wants
		switch {
		case f.known != nil:
			wants = "one of " + strings.Join(f.known, ", ")
		case f.text != nil:
			wants = "a text"
		}
		line(f.name, subjects[f.of].noun, wants, f.about)
	}
	for _, f := range filter.Services.Fields() {
		line(f.Name, subjects[services].noun, f.Takes, f.About)
	}
	return b.String()
}

// BuiltInTable lists the rules that holter has without being told, for the manual.
func BuiltInTable() string {
	var b strings.Builder
	b.WriteString("| rule | when | for | keep_firing_for |\n| --- | --- | --- | --- |\n")
	for _, w := range builtIn {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", w.Alert, w.Expr, w.For, w.KeepFiringFor)
	}
	return b.String()
}
