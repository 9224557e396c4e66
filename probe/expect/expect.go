// Package expect is the language of expectations: conditions on the figures of a run, such as recovered>=99% within 60s.
//
// A Language is a list of Subjects, each with the form of its values. Parse reads a text into comparisons of a subject
// with a value. The package knows no figures: the commands that have some (drill, swarm) have their own languages, look
// up the figure of a subject, and ask a Comparison whether it holds. Everything here is a value, and any goroutine may
// use it.
package expect

import (
	"strings"
	"time"
)

// Subject is what an expectation may be about.
type Subject struct {
	Name  string
	Alias string
	Unit  Unit
	Timed bool // may be followed by a time: within 10s, or @10s
	// Joins says that further comparisons may follow in the same text, which are about the same thing. They join too.
	Joins bool
	Words []string // for Word: the values that there are; nil for any
	Or    string   // for Word: what joins several of Words to one value, "" if nothing does
	Form  string   // what its values look like, if that of the unit does not say enough

	Examples []Example // for users; the first begins with the name
}

// Example is an expectation, and what it means.
type Example struct{ Text, About string }

// form says what the values of s look like.
func (s *Subject) form() string {
	if s.Form != "" {
		return s.Form
	}
	return unitForms[s.Unit]
}

// Unit is the form of a value.
type Unit uint8

// Units.
const (
	Flag      Unit = iota // no value
	Share                 // 99%
	Length                // 10s
	PerSecond             // 200/s or 50%/s
	Number                // 3
	Amount                // 3 or 10%
	Word                  // a word, or several in quotes
)

var unitForms = [...]string{
	Share: "a share from 0% to 100%, such as 99%", Length: "a duration such as 10s, up to 24h,", Number: "a number such as 3",
	Amount:    "a number or a share of the clients, such as 3 or 10%,",
	PerSecond: "a rate such as 200/s or 50%/s", Word: "a word, in quotes if it has spaces",
}

// Language is the subjects that a command has figures for.
type Language []Subject

// names lists the subjects that ok selects.
func (l Language) names(ok func(*Subject) bool) []string {
	var names []string
	for i := range l {
		if ok(&l[i]) {
			names = append(names, l[i].Name)
		}
	}
	return names
}

// Examples returns those of all subjects.
func (l Language) Examples() (all []Example) {
	for i := range l {
		all = append(all, l[i].Examples...)
	}
	return all
}

func (l Language) String() string {
	return strings.Join(l.names(func(*Subject) bool { return true }), ", ")
}

// Expectation is a parsed text.
type Expectation struct {
	Text  string
	Parts []Comparison // at least one; more than one only of subjects that join
}

// String returns the text from which e was parsed.
func (e Expectation) String() string { return e.Text }

// Comparison compares one subject with one value.
type Comparison struct {
	Subject int // its place in the language
	Op      Operator
	Value   Value
	Within  time.Duration // 0 for the end
}

// Value is what a subject is compared with.
type Value struct {
	Number   float64 // a share from 0 to 1, or seconds, or a plain number
	Word     string
	Relative bool // of a rate or an amount: it is relative to a number of clients
}

// Operator compares a figure with a value.
type Operator string

// operators lists all operators. One that begins with another comes before it.
var operators = []Operator{">=", "<=", "!=", ">", "<", "="}

// Holds reports whether a figure fulfils c.
func (c *Comparison) Holds(a float64) bool {
	b := c.Value.Number
	switch c.Op {
	case ">=":
		return a >= b
	case "<=":
		return a <= b
	case ">":
		return a > b
	case "<":
		return a < b
	case "!=":
		return a != b
	}
	return a == b
}

// HoldsAmount reports whether so many of all clients fulfil c.
func (c *Comparison) HoldsAmount(n, all int) bool {
	if c.Value.Relative {
		return c.Holds(float64(n) / float64(all))
	}
	return c.Holds(float64(n))
}

// HoldsTime reports whether a time fulfils c. 0 is one that was never reached: it is later than all others.
func (c *Comparison) HoldsTime(d time.Duration) bool {
	if d == 0 {
		return c.Op == ">" || c.Op == ">=" || c.Op == "!="
	}
	return c.Holds(d.Seconds())
}

// HoldsWord reports whether a word fulfils c, whose operator is = or !=.
func (c *Comparison) HoldsWord(word string) bool { return (word == c.Value.Word) == (c.Op == "=") }
