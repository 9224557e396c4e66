package reconnect

import (
	"time"

	"holter/model"
)

// GaveUp reports whether a client that is away has stopped trying: whether it has been silent for clearly longer than
// its next delay can be, by the policy that Infer last found. A client whose policy is not known is given ten times its
// longest delay, and a minute at least.
func (a *Attempts) GaveUp(now model.Instant) bool {
	_, most := a.patience()
	return a.Missing() && time.Duration(now-a.ended) > most
}

// Doubtful reports whether a client that is away has been silent for clearly longer than before, but its policy is not
// known well enough to say that it has given up.
func (a *Attempts) Doubtful(now model.Instant) bool {
	least, most := a.patience()
	silence := time.Duration(now - a.ended)
	return a.Missing() && silence > least && silence <= most
}

// Missing reports whether a client is away and has not left by itself, so that it may be expected.
func (a *Attempts) Missing() bool { return a.away() && !a.chain.left }

// adopt lets the clients of a pool know its policy.
func adopt(members []*Attempts, p *model.PoolPolicy) {
	for _, a := range members {
		a.policy = p
	}
}

// Adopt takes over what Infer has found for a copy of a.
func (a *Attempts) Adopt(c *Attempts) { a.policy = c.policy }

// patience returns how long a client may be silent before it may have given up, and before it certainly has.
func (a *Attempts) patience() (least, most time.Duration) {
	p := a.policy
	known := p != nil && p.Kind != model.PolicyUnknown && p.Kind != ""
	longest := 0.0
	for _, x := range a.list {
		longest = max(longest, x.own(known && p.Obeys).Seconds())
	}
	asked := time.Duration(a.asked) * time.Second
	if !known {
		least = span(2*longest) + graceSilence
		return asked + least, asked + max(leastSilence, span(longSilence*longest))
	}
	_, high, limit := p.Bounds(max(int(a.number), int(a.chain.tries)) + 1)
	if p.Jitter == model.JitterDecorrelated || p.Jitter == model.JitterNormal || p.Carried {
		high = max(high, 3*longest)
	}
	least = span(2*max(min(high, limit), longest)) + graceSilence
	most = least
	if p.Confidence < sure {
		most *= 2
	}
	return asked + least, asked + most
}

// graceSilence is what a client may be late by, besides its delay: a page in the background has its timers once a minute
// at worst, but most are on time.
const graceSilence = 10 * time.Second

// span returns a time in seconds, cut off far below an overflow.
func span(seconds float64) time.Duration {
	return time.Duration(min(seconds, model.MaxDelay.Seconds()) * float64(time.Second))
}

// Knock records the first attempt of a client that has never had a connection, and was refused. Its further attempts are
// counted from that one on.
func (a *Attempts) Knock(at model.Instant, pool model.Pool, retryAfter time.Duration) {
	*a = Attempts{pool: pool, ended: at, counts: true, choice: chosenFreely, asked: seconds(retryAfter)}
}
