package drill

import (
	"holter/model"
	"holter/probe/expect"
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
// The operators are = != > >= < <=. Times count from the start of the drill or, if a step of it closes connections over
// a time, from each client's own loss.
type Expectation struct{ expect.Expectation }

// MaxExpectation bounds the text of an expectation in bytes.
const MaxExpectation = expect.MaxLength

// ParseExpectation parses an expectation. The error is an *expect.SyntaxError.
func ParseExpectation(text string) (Expectation, error) {
	e, err := language.Parse(text)
	return Expectation{e}, err
}

type comparison = expect.Comparison

// subject is what an expectation is about. It has either check, for a figure of all clients, or fits, for the policy
// of a pool.
type subject struct {
	expect.Subject
	withoutLosses bool // makes sense even if no client lost its connection
	check         func(*comparison, *Figures) (held bool, found string)
	fits          func(*comparison, *model.PoolPolicy) bool
	grows         func(*Figures) float64 // the figure, if it never becomes less during a drill
}

var subjects = []subject{
	{Subject: expect.Subject{Name: "recovered", Alias: "back", Unit: expect.Share, Timed: true}, check: recovered},
	{Subject: expect.Subject{Name: "back_50", Unit: expect.Length}, check: back50},
	{Subject: expect.Subject{Name: "back_90", Unit: expect.Length}, check: back90},
	{Subject: expect.Subject{Name: "back_99", Unit: expect.Length}, check: back99},
	{Subject: expect.Subject{Name: "peak_rate", Alias: "peak", Unit: expect.PerSecond}, check: peak, grows: func(f *Figures) float64 { return f.Peak }},
	{Subject: expect.Subject{Name: "crowding", Unit: expect.Number}, check: crowding},
	{Subject: expect.Subject{Name: "refused", Unit: expect.Number}, withoutLosses: true, check: refused, grows: func(f *Figures) float64 { return float64(f.Refused) }},
	{Subject: expect.Subject{Name: "lost", Unit: expect.Number}, withoutLosses: true, check: lost, grows: func(f *Figures) float64 { return float64(f.Lost) }},
	{Subject: expect.Subject{Name: "policy", Unit: expect.Word, Joins: true, Words: policyKinds, Form: model.OneOf(policyKinds)}, fits: fitsKind},
	{Subject: expect.Subject{Name: "like", Unit: expect.Word, Joins: true, Form: "a name such as Phoenix, in quotes if it has spaces"}, fits: fitsLike},
	{Subject: expect.Subject{Name: "jitter", Unit: expect.Share, Joins: true}, fits: fitsJitter},
	{Subject: expect.Subject{Name: "factor", Unit: expect.Number, Joins: true}, fits: fitsFactor},
	{Subject: expect.Subject{Name: "no_client_gave_up", Unit: expect.Flag}, check: noClientGaveUp},
}

var policyKinds = []string{
	string(model.PolicyNone), string(model.PolicyFixed), string(model.PolicyExponential), string(model.PolicyLinear), string(model.PolicySteps), string(model.PolicyUnknown),
}

// language has the subjects in the same order.
var language = func() (l expect.Language) {
	for i := range subjects {
		l = append(l, subjects[i].Subject)
	}
	return l
}()
