package reconnect

import "holter/model"

// inferOwn infers the policy of a pool from those of its members that are told apart from others for certain. The attempts
// of the others may be mixed up: then only the first delays are shown, which are right if all lost their connection at once.
func (w *workplace) inferOwn(members []*Attempts, now model.Instant) model.PoolPolicy {
	var own []*Attempts
	for _, a := range members {
		if !a.mixed {
			own = append(own, a)
		}
	}
	mixed := len(members) - len(own)
	if mixed == 0 || len(own) >= fewestClients && len(own) > mixed {
		return w.infer(own, now)
	}
	l := &w.plain
	l.climb(thinned(members, mostClients), now, false)
	p := l.unknown(model.DoubtShared).PoolPolicy
	p.First = NewHistogram(l.first)
	seen := l.seen()
	p.Doubt = model.Doubt{Reason: model.DoubtShared, Have: mixed, Seen: seen[:min(len(seen), 1)]}
	return p
}
