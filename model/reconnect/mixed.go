package reconnect

import "holter/model"

// inferOwn infers the policy of a pool from those of its members that are told apart from others for certain. The attempts
// of the others may be mixed up: then only the first delays are shown, which are right if all lost their connection at once.
func inferOwn(members []*Attempts, now model.Instant) model.PoolPolicy {
	var own []*Attempts
	for _, a := range members {
		if !a.mixed {
			own = append(own, a)
		}
	}
	mixed := len(members) - len(own)
	if mixed == 0 || len(own) >= fewestClients && len(own) > mixed {
		return infer(own, now)
	}
	l := climb(thinned(members, mostClients), now, false)
	p := model.PoolPolicy{Policy: model.Policy{Kind: model.PolicyUnknown, Factor: 1, Jitter: model.JitterUnknown}, Attempts: l.attempts, First: NewHistogram(l.first)}
	if n := len(l.first); n > 0 {
		p.Base = l.first[n/2]
	}
	seen := l.seen()
	p.Doubt = model.Doubt{Reason: model.DoubtShared, Have: mixed, Seen: seen[:min(len(seen), 1)]}
	return p
}
