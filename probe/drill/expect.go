package drill

import (
	"strings"
	"time"

	"holter/model"
)

// Expectation is a condition on the figures of a drill. Its text is one of
//
//	recovered>=99% within 60s   share of the clients that lost their connection and are back by this time; without
//	                            a time, at the end
//	back<99%@10s                the same, in short
//	back_99<20s                 when 99 % were back; also back_50 and back_90
//	peak_rate<200/s             attempts in the worst second, including refused ones; also written peak
//	peak_rate<50%/s             the same, relative to the clients that lost their connection
//	crowding<3                  peak rate over the rate of an even spread
//	refused<1000                refused upgrades
//	lost>=40                    clients that lost their connection
//	policy=exponential jitter>=50% factor>1.5
//	                            reconnect policy of at least nine in ten of these clients: policy, jitter, factor,
//	                            and like=Phoenix for that of a known client; all parts must hold for a client
//	no_client_gave_up           each client that is not back is still trying
//
// The operators are = != > >= < <=. Times count from the start of the drill.
type Expectation struct {
	text  string
	parts []comparison // more than one only of policies
}

// String returns the text from which e was parsed.
func (e Expectation) String() string { return e.text }

// comparison compares one subject with one value.
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
	relative bool // a rate is relative to the clients that lost their connection
}

type operator string

// operators lists all operators. One that begins with another comes before it.
var operators = []operator{">=", "<=", "!=", ">", "<", "="}

// holds reports whether a figure fulfils c.
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

// matchesWord reports whether a word fulfils c, whose operator is = or !=.
func (c *comparison) matchesWord(word string) bool { return (word == c.value.word) == (c.op == "=") }

// subject is what an expectation is about. It has either check, for a figure of all clients, or fits, for the policy
// of a pool.
type subject struct {
	name          string
	alias         string
	unit          unit
	timed         bool // may be followed by a time
	withoutLosses bool // makes sense even if no client lost its connection
	check         func(*comparison, *Figures) (held bool, found string)
	fits          func(*comparison, *model.PoolPolicy) bool
}

// unit is the form of a value.
type unit uint8

const (
	flag unit = iota // no value
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
