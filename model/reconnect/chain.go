package reconnect

import (
	"math"
	"slices"
	"time"

	"holter/model"
)

// chain is the attempts of a client since it last stayed, with the connections between them that were closed again
// within Settled. A client that starts over at each open waits after such a connection as it waited first; another one
// waits longer than before it.
type chain struct {
	tries  uint8 // attempts so far
	short  bool  // the next attempt is the first after such a connection
	left   bool  // the client closed its newest connection in order
	reopen []reopening
}

// FewestFlaps in a row are flapping: one connection that is closed again within seconds is an accident.
const FewestFlaps = 3

// Smooth returns a mean time in which the newest has a weight of a quarter. 0 stands for none so far.
func Smooth(mean, newest time.Duration) time.Duration {
	if mean == 0 {
		return newest
	}
	return mean + (newest-mean)/4
}

// reopening is an attempt that was the first after a short connection.
type reopening struct {
	micros uint32
	number uint8 // in the chain, from 1
}

// mostReopenings bounds what is kept of one client: the newest.
const mostReopenings = 8

func (c *chain) lose(l *Loss) {
	c.left = Left(&l.Close)
	if l.First || l.Lasted >= Settled {
		c.tries, c.short = 0, false
		return
	}
	c.short = true
}

// Left reports whether a client closed its connection in order, which it does if it wants no connection any more.
func Left(c *model.Close) bool {
	return c.By == model.ByPeer && (c.Code == codeNormal || c.Code == codeGoingAway || c.Code == codeNone)
}

// Close codes of an end that the peer wanted, in section 7.4.1 of RFC 6455.
const (
	codeNormal    = 1000
	codeGoingAway = 1001
	codeNone      = 1005 // a close frame without a code
)

func (c *chain) try(a attempt) {
	c.tries = uint8(min(int(c.tries)+1, math.MaxUint8))
	if c.short && a.choice == chosenFreely && c.tries > 1 {
		if len(c.reopen) == mostReopenings {
			c.reopen = slices.Clone(c.reopen[1:]) // a copy of the client keeps the old ones
		}
		c.reopen = append(c.reopen, reopening{a.micros, c.tries})
	}
	c.short = false
}

const (
	// sure is the confidence from which on a policy may be built upon.
	sure = 0.6
	// fewestReopenings are needed of all clients together to say whether they start over.
	fewestReopenings = 2 * fewestClients
	// leastGrowth is how much longer the delay must be that a client would have waited if it did not start over.
	leastGrowth = 2
)

// resets says whether clients with policy p start over at each open. That shows only if the delays of p grow, and only in
// those delays after a short connection that would otherwise be much longer than the first.
func resets(members []*Attempts, p *model.PoolPolicy) model.Reset {
	if p.Confidence < sure || p.Carried || !slices.Contains(plainJitter, p.Jitter) {
		return model.ResetUnknown
	}
	e := evidence{first: expected(p, 1)}
	seen := seenUpTo(members)
	for _, a := range members {
		before := e.n
		for _, r := range a.chain.reopen {
			// The delays may have a cap that nobody has reached yet: they grow as far as they were seen to, and perhaps further.
			e.add(float64(r.micros)/1e6, expected(p, min(int(r.number), seen)), expected(p, int(r.number)))
		}
		if e.n > before {
			e.clients++
		}
	}
	switch {
	case e.clients < fewestClients || e.n < fewestReopenings:
	case e.late() <= e.n/10 && e.anew.covers(e.sum, e.n, usualChance) && !e.longer(rareChance):
		return model.ResetAtOpen
	case e.fewEarly() && e.longer(usualChance) && !e.anew.covers(e.sum, e.n, rareChance):
		return model.ResetAfterStay
	}
	return model.ResetUnknown
}

// NoReset says why it is not known when the delays of clients with policy p start anew, "" if it is, or if p is not known
// either.
func NoReset(p *model.PoolPolicy) string {
	switch {
	case p.Resets != model.ResetUnknown || p.Kind == model.PolicyUnknown:
		return ""
	case !grows(p):
		return "delays that do not grow do not show it"
	case p.Confidence < sure:
		return "the policy is not sure enough"
	case p.Carried || !slices.Contains(plainJitter, p.Jitter):
		return "with this jitter a short delay may be chance"
	}
	return "too few were refused, then closed within seconds"
}

// grows reports whether any delay of p is so much longer than the first that a new start would show.
func grows(p *model.PoolPolicy) bool {
	return expected(p, longRun).mean >= leastGrowth*expected(p, 1).mean+leastGap
}

// plainJitter are those with which a delay depends on nothing but the number of the attempt.
var plainJitter = []model.Jitter{"", model.JitterNone, model.JitterPartial, model.JitterEqual, model.JitterFull, model.JitterAdded}

// seenUpTo returns the highest number of an attempt that is known of enough clients.
func seenUpTo(members []*Attempts) int {
	var clients [longRun + 1]int
	for _, a := range members {
		for _, x := range a.list {
			clients[min(int(x.number), longRun)]++
		}
	}
	for k := longRun; k > 1; k-- {
		if clients[k] >= fewestClients {
			return k
		}
	}
	return 1
}

// evidence is the sum of the delays after short connections, and what it would be if clients started over, or if they went
// on: between at least and at most.
type evidence struct {
	first                 expectation
	n, clients, early     int     // early delays may be first ones
	sum, chanceEarly      float64 // chanceEarly is how many of the delays would be early by chance
	anew, atLeast, atMost expectation
}

// add adds a delay, if it would be much longer for a client that goes on.
func (e *evidence) add(delay float64, least, most expectation) {
	if least.mean < leastGrowth*e.first.mean+leastGap {
		return
	}
	e.n, e.sum = e.n+1, e.sum+delay
	e.anew.add(e.first)
	e.atLeast.add(least)
	e.atMost.add(most)
	limit := 1.15*e.first.high + leastGap/2
	if delay <= limit {
		e.early++
	}
	if limit > least.low {
		e.chanceEarly += (limit - least.low) / max(least.high-least.low, limit-least.low)
	}
}

func (e *evidence) late() int { return e.n - e.early }

// fewEarly reports whether no more delays may be first ones than by chance: or else some of the clients start over.
func (e *evidence) fewEarly() bool {
	return float64(e.early) <= e.chanceEarly+3*math.Sqrt(e.chanceEarly)+float64(e.n)/10
}

// longer reports whether the delays are as long as those of clients that go on.
func (e *evidence) longer(c chance) bool {
	return e.sum >= e.atLeast.mean-e.atLeast.slack(e.n, c) && e.sum <= e.atMost.mean+e.atMost.slack(e.n, c)
}

// chance is how far a sum of delays may be from its expectation: by so many standard deviations, and by this share of it,
// because the figures of a policy are known to no more than that.
type chance struct{ deviations, share float64 }

var (
	usualChance = chance{3, 0.15}
	rareChance  = chance{5, 0.3}
)

// leastGap is the least difference between two delays that are told apart, in seconds: the noise of a busy machine.
const leastGap = 0.1

// expectation is what delays add up to, in seconds.
type expectation struct{ low, high, mean, variance float64 }

// expected returns what to expect of the delay before the k-th attempt.
func expected(p *model.PoolPolicy, k int) expectation {
	low, high, limit := p.Bounds(k)
	low, high = min(low, limit), min(high, limit)
	return expectation{low, high, (low + high) / 2, (high - low) * (high - low) / 12}
}

func (e *expectation) add(x expectation) {
	e.mean, e.variance = e.mean+x.mean, e.variance+x.variance
}

// slack is how far the sum of n delays may be off.
func (e *expectation) slack(n int, c chance) float64 {
	return c.deviations*math.Sqrt(e.variance) + c.share*e.mean + float64(n)*leastGap/2
}

// covers reports whether the sum of n delays is as expected.
func (e *expectation) covers(sum float64, n int, c chance) bool {
	return math.Abs(sum-e.mean) <= e.slack(n, c)
}
