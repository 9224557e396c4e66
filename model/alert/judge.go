package alert

import (
	"slices"
	"strings"

	"holter/model"
	"holter/model/filter"
	"holter/model/path"
)

// moment is what conditions are judged by. It counts what they need once.
type moment struct {
	*model.Snapshot
	failing int // outputs that do not work

	tallied *model.Counts
	opened  int
	matches map[*counted][2]int
}

// counted is a filter whose connections are counted.
type counted struct{ filter filter.Filter }

func (m *moment) tally() {
	if m.tallied != nil {
		return
	}
	n := m.Snapshot.Count()
	m.tallied = &n
	for i := range m.Connections {
		if m.Connections[i].Open() {
			m.opened++
		}
	}
}

func (m *moment) counts() *model.Counts { m.tally(); return m.tallied }

func (m *moment) open() int { m.tally(); return m.opened }

// count returns how many connections a filter selects, and how many of the others are not closed.
func (m *moment) count(c *counted) (matching, others int) {
	if n, done := m.matches[c]; done {
		return n[0], n[1]
	}
	for i := range m.Connections {
		switch conn := &m.Connections[i]; {
		case c.filter.Match(conn, m.Time):
			matching++
		case conn.State != model.Closed:
			others++
		}
	}
	if m.matches == nil {
		m.matches = make(map[*counted][2]int)
	}
	m.matches[c] = [2]int{matching, others}
	return matching, others
}

// truth is what is known of a condition.
type truth int8

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// evidence is what made a condition hold.
type evidence struct {
	parts []string
	value float64
	known bool // value is set
	at    model.Place
}

func (e *evidence) add(part string) {
	if part != "" && !slices.Contains(e.parts, part) {
		e.parts = append(e.parts, part)
	}
}

// note adds what was measured.
func (e *evidence) note(part string, value float64) {
	e.add(part)
	if !e.known {
		e.value, e.known = value, true
	}
}

// node is a part of a condition. judge notes the evidence if the part holds.
type node interface {
	judge(m *moment, r *row, e *evidence) truth
}

type anyOf []node

func (a anyOf) judge(m *moment, r *row, e *evidence) truth {
	most := no
	for _, part := range a {
		most = max(most, part.judge(m, r, e))
	}
	return most
}

type allOf []node

func (a allOf) judge(m *moment, r *row, e *evidence) truth {
	least, inner := yes, evidence{}
	for _, part := range a {
		if least = min(least, part.judge(m, r, &inner)); least == no {
			return no
		}
	}
	if least == yes {
		for _, part := range inner.parts {
			e.add(part)
		}
		if inner.known && !e.known {
			e.value, e.known = inner.value, true
		}
		if e.at.Page == "" {
			e.at = inner.at
		}
	}
	return least
}

type not struct{ inner node }

func (n not) judge(m *moment, r *row, _ *evidence) truth {
	return yes - n.inner.judge(m, r, new(evidence))
}

type flag struct {
	get func(m *moment) (bool, string, model.Place)
}

func (f flag) judge(m *moment, _ *row, e *evidence) truth {
	holds, detail, at := f.get(m)
	if holds {
		e.add(detail)
		if e.at.Page == "" {
			e.at = at
		}
	}
	return truthOf(holds)
}

// comparison compares a figure.
type comparison struct {
	name, op string
	value    float64
	unit     unit
	get      func(*moment, *row) (float64, bool)
}

func (c *comparison) judge(m *moment, r *row, e *evidence) truth {
	have, known := c.get(m, r)
	if !known || have != have {
		return unknown
	}
	if !holds(have, c.op, c.value) {
		return no
	}
	e.note(c.name+" is "+c.unit.word(have)+" ("+c.op+" "+c.unit.word(c.value)+")", have)
	return yes
}

func holds(have float64, op string, want float64) bool {
	switch op {
	case "=":
		return have == want
	case "!=":
		return have != want
	case ">":
		return have > want
	case ">=":
		return have >= want
	case "<":
		return have < want
	}
	return have <= want
}

// textual compares a text.
type textual struct {
	f    *field
	fits func(string) bool
	want bool
}

func (t *textual) judge(_ *moment, r *row, _ *evidence) truth {
	return truthOf(slices.ContainsFunc(t.f.text(r), t.fits) == t.want)
}

// served compares a field of services.
type served struct {
	filter filter.Filter
	figure *servedFigure // nil of a text
}

// servedFigure is how to say what a figure of a service is.
type servedFigure struct {
	name, limit string // such as latency, and > 100ms
	unit        unit
	scale       float64 // of one in the filter, in the unit
	get         func(filter.Row) (int64, bool)
}

func (s served) judge(m *moment, r *row, e *evidence) truth {
	of := filter.Row{Service: r.service, Now: m.Time}
	f := s.figure
	if f == nil {
		return truthOf(s.filter.Selects(of))
	}
	n, known := f.get(of)
	switch {
	case !known:
		return unknown
	case !s.filter.Selects(of):
		return no
	}
	have := float64(n) * f.scale
	e.note(f.name+" is "+f.unit.word(have)+" ("+f.limit+")", have)
	return yes
}

// is reports whether a text is a value.
func (f *field) is(s, value string) bool {
	if f.isPath && path.IsTemplate(value) {
		return strings.EqualFold(s, value) || path.Match(value, s)
	}
	return strings.EqualFold(s, value)
}

// finding is a thing of which a condition holds.
type finding struct {
	key    string
	labels []model.Label
	detail string
	value  float64
	at     model.Place
}

// findings are all things of which a condition holds at a moment.
func (c *Condition) findings(m *moment) []finding {
	if c.root == nil {
		return nil
	}
	var found []finding
	for _, r := range subjects[c.of].rows(m) {
		e := evidence{at: r.at}
		if c.root.judge(m, &r, &e) != yes {
			continue
		}
		if well := r.service != nil && r.service.State == model.Normal; r.detail != "" && !(well && len(e.parts) > 0) {
			e.parts = append([]string{r.detail}, e.parts...)
		}
		if e.at.Page == "" {
			e.at = c.pages
		}
		found = append(found, finding{r.key, r.labels, strings.Join(e.parts, "; "), e.value, e.at})
	}
	return found
}
