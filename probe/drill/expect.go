package drill

import (
	"strings"
	"time"

	"holter/model"
)

// Expectation is what should come of a drill. Its text is one of
//
//	recovered>=99% within 60s   of the clients that lost their connection, so many are back by then
//	back<99%@10s                the same with other words; the time may be left out: at the end
//	back_99<20s                 when 99 % were back; also back_50 and back_90
//	peak_rate<200/s             attempts in the worst second, refused ones too; or peak
//	peak_rate<50%/s             the same, of the clients that lost their connection
//	crowding<3                  the peak over that of an even spread
//	refused<1000                upgrades that were turned away
//	lost>=40                    clients that lost their connection
//	policy=exponential jitter>=50% factor>1.5
//	                            the policy of nine in ten of them: also policy=fixed and the other kinds,
//	                            like=Phoenix for a known client; all that stands there must be so
//	no_client_gave_up           whoever is not back is still trying
//
// The operators are = != > >= < <=. Times count from the first disturbance.
type Expectation struct {
	text  string
	parts []comparison // more than one only of policies
}

// String is the text of e.
func (e Expectation) String() string { return e.text }

// comparison is one subject against one value.
type comparison struct {
	subject *subject
	op      operator
	value   value
	within  time.Duration // 0 for the end
}

// value is what a subject is compared with.
type value struct {
	number   float64 // a share from 0 to 1, or seconds, or a plain number
	word     string
	relative bool // a rate per client that lost its connection
}

type operator string

// operators are those that there are, each before its own beginning.
var operators = []operator{">=", "<=", "!=", ">", "<", "="}

// holds reports whether a figure is as c wants it.
func (c *comparison) holds(a float64) bool {
	b := c.value.number
	switch c.op {
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

// matchesWord compares words.
func (c *comparison) matchesWord(word string) bool { return (word == c.value.word) == (c.op == "=") }

// subject is something that can be expected, either of all clients or of a policy of some.
type subject struct {
	name          string
	alias         string
	unit          unit
	timed         bool // takes a time by which it should be so
	withoutLosses bool // can be told where no client lost its connection
	check         func(*comparison, *Figures) (held bool, found string)
	fits          func(*comparison, *model.PoolPolicy) bool
}

// unit is how a value is written.
type unit uint8

const (
	flag unit = iota // none at all
	share
	length
	perSecond
	number
	kind
	name
)

var unitForms = [...]string{
	share: "a share from 0% to 100%, such as 99%", length: "a duration such as 10s", number: "a number such as 3",
	perSecond: "a rate such as 200/s or 50%/s", kind: "none, fixed, exponential, steps or unknown",
	name: "a name such as Phoenix, in quotes if it has spaces",
}

var subjects = []subject{
	{name: "recovered", alias: "back", unit: share, timed: true, check: recovered},
	{name: "back_50", unit: length, check: back50},
	{name: "back_90", unit: length, check: back90},
	{name: "back_99", unit: length, check: back99},
	{name: "peak_rate", alias: "peak", unit: perSecond, check: peak},
	{name: "crowding", unit: number, check: crowding},
	{name: "refused", unit: number, withoutLosses: true, check: refused},
	{name: "lost", unit: number, withoutLosses: true, check: lost},
	{name: "policy", unit: kind, fits: fitsKind},
	{name: "like", unit: name, fits: fitsLike},
	{name: "jitter", unit: share, fits: fitsJitter},
	{name: "factor", unit: number, fits: fitsFactor},
	{name: "no_client_gave_up", unit: flag, check: noClientGaveUp},
}

var policyKinds = []model.PolicyKind{
	model.PolicyNone, model.PolicyFixed, model.PolicyExponential, model.PolicySteps, model.PolicyUnknown,
}

func subjectNames() string {
	names := make([]string, len(subjects))
	for i := range subjects {
		names[i] = subjects[i].name
	}
	return strings.Join(names, ", ")
}
