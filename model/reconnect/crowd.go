package reconnect

import "holter/model"

// policy returns the policy that the rungs show.
//
// Clients that all lose their connection at once also come back at once, if nothing spreads them. Then they wait
// for one another: on a machine that takes a second for all their handshakes, their first delays are up to a second
// too long. After that they are as far apart as they were served. So the first rung may be late, if the others show a
// simpler policy without it.
func (l *ladder) policy() reading {
	p := l.read()
	if p.Kind != model.PolicySteps && p.Kind != model.PolicyUnknown || len(l.rungs) <= fewestAttempts || l.rungs[0].number != 1 {
		return p
	}
	first, others := &l.rungs[0], l.others()
	q := others.read()
	if simplicity[q.Kind] >= simplicity[p.Kind] || !first.crowded(&q.Policy) {
		return p
	}
	q.Attempts = l.attempts
	return q
}

// others is l without its first rung.
func (l *ladder) others() *ladder {
	o := *l
	o.rungs, o.longest = l.rungs[1:], 0
	return &o
}

// longestCrowd is how late the first attempts of a crowd may be.
const longestCrowd = 1.5 // seconds

// crowded reports whether the delays of r are those of p, but late for most clients.
func (r *rung) crowded(p *model.Policy) bool {
	low, high, _ := p.Bounds(r.number)
	n := len(r.delays)
	earliest, latest := r.delays[n/20], r.delays[n*19/20]
	return earliest >= 0.85*low-ownNoise && earliest <= 1.15*high+ownNoise && latest <= high+longestCrowd
}
