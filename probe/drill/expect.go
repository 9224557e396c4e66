package drill

import (
	"holter/model"
	"holter/model/reconnect"
	"holter/probe/expect"
)

// Expectation is a condition on the figures of a drill, about one of the subjects. The operators are = != > >= < <=.
// Times count from the start of the drill or, if a step of it closes connections over a time, from each client's own
// loss. Expectations about a policy hold if at least nine in ten of the clients that lost their connection have it; if
// such an expectation has several parts, all of them must hold for a client.
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
	restful       bool // and even if nothing is done to any
	check         func(*comparison, *Figures) (held bool, found string)
	fits          func(*comparison, *model.PoolPolicy) bool
	grows         func(*Figures) float64 // the figure, if it never becomes less during a drill
	zero          string                 // of a flag: the subject that is 0 where it holds
}

var subjects = []subject{
	{Subject: expect.Subject{Name: "recovered", Alias: "back", Unit: expect.Share, Timed: true, Examples: []expect.Example{
		{Text: "recovered>=99% within 60s", About: "share of the lost clients that are back by then"},
		{Text: "back<50%@2s", About: "the same, in short: not too many too soon"},
	}}, check: recovered},
	{Subject: expect.Subject{Name: "back_50", Unit: expect.Length, Examples: []expect.Example{
		{Text: "back_50<5s", About: "time until 50% of them are back"},
	}}, check: back50},
	{Subject: expect.Subject{Name: "back_90", Unit: expect.Length, Examples: []expect.Example{
		{Text: "back_90<10s", About: "time until 90% of them are back"},
	}}, check: back90},
	{Subject: expect.Subject{Name: "back_99", Unit: expect.Length, Examples: []expect.Example{
		{Text: "back_99<20s", About: "time until 99% of them are back"},
	}}, check: back99},
	{Subject: expect.Subject{Name: "peak_rate", Alias: "peak", Unit: expect.PerSecond, Examples: []expect.Example{
		{Text: "peak_rate<200/s", About: "attempts in the worst second, refused ones too"},
		{Text: "peak_rate<50%/s", About: "the same, relative to the lost clients"},
	}}, check: peak, grows: func(f *Figures) float64 { return f.Peak }},
	{Subject: expect.Subject{Name: "crowding", Unit: expect.Number, Examples: []expect.Example{
		{Text: "crowding<3", About: "peak rate over the rate of an even spread"},
	}}, check: crowding},
	{Subject: expect.Subject{Name: "refused", Unit: expect.Number, Examples: []expect.Example{
		{Text: "refused<1000", About: "upgrades that were refused"},
	}}, withoutLosses: true, check: refused, grows: func(f *Figures) float64 { return float64(f.Refused) }},
	{Subject: expect.Subject{Name: "lost", Unit: expect.Number, Examples: []expect.Example{
		{Text: "lost>=40", About: "clients that lost their connection"},
	}}, withoutLosses: true, check: lost, grows: func(f *Figures) float64 { return float64(f.Lost) }},
	{Subject: expect.Subject{Name: "margin", Unit: expect.Number, Examples: []expect.Example{
		{Text: "margin>=1.5", About: "on each path, the shortest known limit of silence over the period of the beats and their lateness"},
	}}, withoutLosses: true, restful: true, check: margin},
	{Subject: expect.Subject{Name: "policy", Unit: expect.Word, Joins: true, Words: policyKinds, Form: model.OneOf(policyKinds), Examples: []expect.Example{
		{Text: "policy=exponential", About: "policy of nine in ten clients: " + model.OneOf(policyKinds)},
		{Text: "policy=exponential jitter>=50% factor>1.5", About: "the same clients fulfil each part"},
	}}, fits: fitsKind},
	{Subject: expect.Subject{Name: "like", Unit: expect.Word, Joins: true, Words: reconnect.Likes(), Or: model.LikeEither,
		Form: "one of the names in holter drill --help, such as Phoenix or \"AWS full jitter\",", Examples: []expect.Example{
			{Text: "like=Phoenix", About: "they come back as this known client does"},
		}}, fits: fitsLike},
	{Subject: expect.Subject{Name: "jitter", Unit: expect.Share, Joins: true, Examples: []expect.Example{
		{Text: "jitter>=50%", About: "half the width of their delays over the mean"},
	}}, fits: fitsJitter},
	{Subject: expect.Subject{Name: "factor", Unit: expect.Number, Joins: true, Examples: []expect.Example{
		{Text: "factor>1.5", About: "from one of their delays to the next"},
	}}, fits: fitsFactor},
	{Subject: expect.Subject{Name: "resets", Unit: expect.Word, Joins: true, Words: resetWords, Form: model.OneOf(resetWords), Examples: []expect.Example{
		{Text: "resets!=at_open", About: "their delays do not start anew after each connection, however short: at_open, after_stay or unknown"},
	}}, fits: fitsResets},
	{Subject: expect.Subject{Name: "flapping", Unit: expect.Amount, Examples: []expect.Example{
		{Text: "flapping=0", About: "clients that come back and are closed again, each time before they have stayed"},
	}}, check: flapping},
	{Subject: expect.Subject{Name: "gave_up", Unit: expect.Amount, Examples: []expect.Example{
		{Text: "gave_up<=2", About: "clients that have been silent for longer than their own policy allows"},
		{Text: "gave_up<=10%", About: "the same as a share of the lost clients; flapping takes one too"},
	}}, check: gaveUp},
	{Subject: expect.Subject{Name: "no_client_gave_up", Unit: expect.Flag, Examples: []expect.Example{
		{Text: "no_client_gave_up", About: "clients that are not back are still trying"},
	}}, check: noClientGaveUp, zero: "gave_up"},
}

var policyKinds = []string{
	string(model.PolicyNone), string(model.PolicyFixed), string(model.PolicyExponential), string(model.PolicyLinear), string(model.PolicySteps), string(model.PolicyUnknown),
}

var resetWords = []string{string(model.ResetAtOpen), string(model.ResetAfterStay), resetWord(model.ResetUnknown)}

// language has the subjects in the same order.
var language = func() (l expect.Language) {
	for i := range subjects {
		l = append(l, subjects[i].Subject)
	}
	return l
}()
