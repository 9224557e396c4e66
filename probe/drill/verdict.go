package drill

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"holter/model"
	"holter/model/storm"
)

// Check is the result of an expectation.
type Check struct {
	Expectation string
	Held        bool
	Found       string // the value that was found, whether the expectation held or not
	Open        bool   // not judged, because the drill ended early; Found says why
}

// policyShare is the share of clients whose policy must be as expected.
const policyShare = 0.9

// check compares e with the figures of a drill.
func (e Expectation) check(f *Figures) Check {
	c, first := Check{Expectation: e.Text}, &e.Parts[0]
	about := &subjects[first.Subject]
	switch {
	case f.Lost == 0 && !about.withoutLosses:
		c.Found = "no client lost its connection"
	case about.fits != nil:
		c.Held, c.Found = e.policies(f)
	default:
		c.Held, c.Found = about.check(first, f)
	}
	return c
}

// decided reports whether more time could not change what check returns: the figure only grows, and is beyond the
// value of e.
func (e Expectation) decided(f *Figures) bool {
	c := &e.Parts[0]
	about := &subjects[c.Subject]
	if about.grows == nil || c.Value.Relative || f.Lost == 0 && !about.withoutLosses {
		return false
	}
	a, b := about.grows(f), c.Value.Number
	return a > b || a == b && (c.Op == ">=" || c.Op == "<")
}

func lost(c *comparison, f *Figures) (bool, string) {
	return c.Holds(float64(f.Lost)), fmt.Sprintf("%d clients", f.Lost)
}

func refused(c *comparison, f *Figures) (bool, string) {
	return c.Holds(float64(f.Refused)), fmt.Sprint(f.Refused)
}

// margin compares the least margin of all paths. Where no limit is known there is nothing to hold a beat against, so nothing
// holds.
func margin(c *comparison, f *Figures) (bool, string) {
	if f.Tight == "" {
		return false, "no path has a known limit; holter's --idle-cut names one"
	}
	found := fmt.Sprintf("%.2f on %s", f.Margin, f.Tight)
	if f.Margin == 0 {
		found = "nothing beats on " + f.Tight
	}
	return c.Holds(f.Margin), found
}

func crowding(c *comparison, f *Figures) (bool, string) {
	return c.Holds(f.Crowding), fmt.Sprintf("%.1f", f.Crowding)
}

func back50(c *comparison, f *Figures) (bool, string) { return holdsTime(c, f, f.Back50) }
func back90(c *comparison, f *Figures) (bool, string) { return holdsTime(c, f, f.Back90) }
func back99(c *comparison, f *Figures) (bool, string) { return holdsTime(c, f, f.Back99) }

func flapping(c *comparison, f *Figures) (bool, string) {
	return c.HoldsAmount(f.Flapping, f.Lost), f.flaps()
}

// gaveUp holds if it holds whichever of the silent clients have given up too.
func gaveUp(c *comparison, f *Figures) (bool, string) {
	could := 0
	for n := range f.Silent + 1 {
		if c.HoldsAmount(f.GaveUp+n, f.Lost) {
			could++
		}
	}
	found := fmt.Sprintf("%d of %d clients", f.GaveUp, f.Lost)
	if could > 0 && could <= f.Silent {
		found += fmt.Sprintf("; %d more have been silent for long, and it is too early to tell whether they gave up: watch for longer", f.Silent)
	}
	return could == f.Silent+1, found
}

// noClientGaveUp holds if each client that is not back is known to try. One that is silent may have given up.
func noClientGaveUp(_ *comparison, f *Figures) (bool, string) {
	return f.GaveUp == 0 && f.Silent == 0, f.whoTries()
}

func (f *Figures) whoTries() string {
	away := f.Lost - f.Back
	switch {
	case f.GaveUp > 0:
		return fmt.Sprintf("%d of %d clients gave up", f.GaveUp, f.Lost)
	case f.Silent > 0:
		return fmt.Sprintf("%d of %d clients have been silent for long; it is too early to tell whether they gave up", f.Silent, f.Lost)
	case f.Flapping > 0:
		return f.flaps()
	case away > f.Settling:
		return fmt.Sprintf("%d of %d clients are still trying", away, f.Lost)
	case away > 0:
		return fmt.Sprintf("%d of %d clients came back too late to stay for %s", away, f.Lost, f.Stay)
	}
	return fmt.Sprintf("all %d clients are back", f.Lost)
}

// flaps says how many clients flap, by which codes, and how fast.
func (f *Figures) flaps() string {
	if f.Flapping == 0 {
		return fmt.Sprintf("0 of %d clients", f.Lost)
	}
	text := fmt.Sprintf("%d of %d clients flap: they come back and are closed again within %s", f.Flapping, f.Lost, f.Stay)
	for i, c := range f.Flaps {
		sep := ", "
		if i == 0 {
			sep = " with "
		}
		text += fmt.Sprintf("%s%d by %s", sep, c.Code, c.By)
		if len(f.Flaps) > 1 {
			text += fmt.Sprintf(" (%d)", c.Count)
		}
	}
	return text + fmt.Sprintf(", %.3g/s", f.FlapRate)
}

// whyNot adds to what was found of a recovery that did not come why it did not.
func (f *Figures) whyNot(held bool, found string) (bool, string) {
	if !held && f.Flapping > 0 {
		found += "; " + f.flaps()
	}
	return held, found
}

func recovered(c *comparison, f *Figures) (bool, string) {
	return f.whyNot(share(c, f))
}

// share compares the share of the clients that were back at a time.
func share(c *comparison, f *Figures) (bool, string) {
	at, when := c.Within, "within "+c.Within.String()+f.from()
	if at == 0 {
		at, when = theEnd, "at the end"
	}
	n := f.backBy(at)
	held, found := c.Holds(n), percent(n)+" "+when
	if held || at == theEnd || n >= c.Value.Number {
		return held, found
	}
	if later := storm.BackAt(c.Value.Number*float64(f.Lost), arrivals(f.returns)); later > 0 {
		return held, fmt.Sprintf("%s, %s after %s", found, percent(c.Value.Number), seconds(later))
	}
	return held, fmt.Sprintf("%s, %s at the end", found, percent(f.backBy(theEnd)))
}

// theEnd is later than any return.
const theEnd = time.Duration(math.MaxInt64 - 1)

// from says what the times of recovery count from, if that is not the start of the drill.
func (f *Figures) from() string {
	if f.FromLoss {
		return " of their loss"
	}
	return ""
}

// holdsTime compares the time after which a share of the clients was back. 0 means that it was never reached.
func holdsTime(c *comparison, f *Figures, d time.Duration) (bool, string) {
	if d == 0 {
		return f.whyNot(c.HoldsTime(d), "never reached")
	}
	return c.HoldsTime(d), seconds(d) + f.from()
}

func peak(c *comparison, f *Figures) (bool, string) {
	if c.Value.Relative {
		relative := f.Peak / float64(f.Lost)
		return c.Holds(relative), fmt.Sprintf("%s/s (%.4g/s)", percent(relative), f.Peak)
	}
	return c.Holds(f.Peak), fmt.Sprintf("%.4g/s", f.Peak)
}

// policies compares e with the policies of all clients. It holds if enough clients have a policy that fits all
// parts of e.
func (e Expectation) policies(f *Figures) (bool, string) {
	good, all := 0, f.More.Clients
	other := "" // the largest pool that does not fit
	for i := range f.Policies {
		p := &f.Policies[i]
		all += p.Clients
		if e.fits(p) {
			good += p.Clients
		} else if other == "" {
			other = fmt.Sprintf("; %d are %s", p.Clients, describe(p))
		}
	}
	if all == 0 {
		return false, "no policy is known"
	}
	return float64(good) >= policyShare*float64(all), fmt.Sprintf("%d of %d clients%s", good, all, other)
}

func (e Expectation) fits(p *model.PoolPolicy) bool {
	for i := range e.Parts {
		if c := &e.Parts[i]; !subjects[c.Subject].fits(c, p) {
			return false
		}
	}
	return true
}

func fitsKind(c *comparison, p *model.PoolPolicy) bool { return c.HoldsWord(string(p.Kind)) }

// fitsLike compares each of the names, if there are several clients with the same delays.
func fitsLike(c *comparison, p *model.PoolPolicy) bool {
	wanted := model.PoolPolicy{Like: c.Value.Word}
	named := slices.ContainsFunc(wanted.Names(), func(name string) bool { return slices.Contains(p.Names(), name) })
	return named == (c.Op == "=")
}

func fitsJitter(c *comparison, p *model.PoolPolicy) bool {
	return p.Kind != model.PolicyUnknown && c.Holds(p.Share)
}

// fitsResets compares when delays start anew, as model.Reset has it.
func fitsResets(c *comparison, p *model.PoolPolicy) bool { return c.HoldsWord(resetWord(p.Resets)) }

func resetWord(r model.Reset) string { return cmp.Or(string(r), "unknown") }

func fitsFactor(c *comparison, p *model.PoolPolicy) bool {
	return p.Kind != model.PolicyUnknown && c.Holds(p.Factor)
}

// describe formats a policy in a few words.
func describe(p *model.PoolPolicy) string {
	text := string(p.Kind)
	switch p.Kind {
	case model.PolicyUnknown:
		return text + ": " + why(&p.Doubt)
	case model.PolicyFixed:
		text += " " + seconds(p.Base)
	case model.PolicyExponential:
		text += fmt.Sprintf(" from %s by %.3g", seconds(p.Base), p.Factor)
	case model.PolicyLinear:
		text += fmt.Sprintf(" from %s by %s more each time", seconds(p.Base), seconds(p.Step))
	}
	if p.Kind != model.PolicyNone {
		text += fmt.Sprintf(" with %s jitter", percent(p.Share))
	}
	if p.Like != "" {
		text += " (" + p.Like + ")"
	}
	if p.Resets == model.ResetAtOpen {
		text += ", resets at open"
	}
	return text
}

// policyHint says what is needed to recognize a policy.
const policyHint = "this takes three attempts in a row by eight clients of a kind, so refuse upgrades for longer"

// why says why a policy is unknown. A target of an older version does not tell.
func why(d *model.Doubt) string {
	if d.Reason == model.DoubtFewAttempts {
		return d.String() + "; so refuse upgrades for longer"
	}
	return cmp.Or(d.String(), policyHint)
}

func percent(share float64) string {
	if share > 0.9 && share < 1 {
		return fmt.Sprintf("%.1f%%", min(100*share, 99.9)) // 99.99 % must not be rounded to 100 %
	}
	return fmt.Sprintf("%.4g%%", 100*share)
}

func seconds(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
