package reconnect

import "holter/model"

// policy is what l tells. Clients who were all thrown out at once come back all at once, if nothing spreads
// them, and then wait for one another: on a machine that takes a second for all their handshakes their
// first delays are up to a second too long. From then on they come as far apart as they were served, so
// where the others tell of a simpler policy the first ones may be late.
func (l *ladder) policy() model.PoolPolicy {
	p := l.told()
	if p.Kind != model.PolicySteps && p.Kind != model.PolicyUnknown || len(l.rungs) <= fewestAttempts || l.rungs[0].number != 1 {
		return p
	}
	first, others := &l.rungs[0], *l
	others.rungs = l.rungs[1:]
	q := others.told()
	if simplicity(&q) >= simplicity(&p) || !first.crowded(&q.Policy) {
		return p
	}
	q.Attempts = l.attempts
	return q
}

// longestCrowd is how late the first of a crowd's attempts may be.
const longestCrowd = 1.5 // seconds

// crowded reports whether the delays of r are those of p, most of them late.
func (r *rung) crowded(p *model.Policy) bool {
	low, high, _ := p.Bounds(r.number)
	n := len(r.delays)
	earliest, latest := r.delays[n/20], r.delays[n*19/20]
	return earliest >= 0.85*low-ownNoise && earliest <= 1.15*high+ownNoise && latest <= high+longestCrowd
}
