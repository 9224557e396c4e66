package reconnect

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"holter/model"
	"holter/model/path"
)

const (
	fewestClients  = 8 // of which the k-th attempt is known, for any k that counts
	fewestAttempts = 3 // in a row

	// mostClients is the number of clients of a pool that are used: more would not change the result.
	mostClients = 400

	atOnce = 0.1 // seconds; a shorter delay is none
)

// Infer returns the policies that clients follow, as their attempts show it: one for each pool, the largest pool
// first, at most MaxStormPolicies. more are the other pools, which are only counted: a policy takes up to a few milliseconds. The
// path of a pool is the template that the clients' paths have in common: see path.Learn.
//
// Only refused attempts show how delays grow. So a pool is PolicyUnknown until three attempts in a row are known of
// eight clients each, and also if these fit none of the kinds, or several alike; its Doubt says which. The confidence is how
// sure the policy is, from 0 to 1: of those above 0.6 hardly any are wrong, as the table of TestTable shows.
func Infer(clients []*Attempts, now model.Instant) (policies []model.PoolPolicy, more model.PoolCount) {
	pools := make(map[model.Pool][]*Attempts)
	routes := path.Learn(paths(clients))
	for _, a := range clients {
		pool := model.Pool{UserAgent: a.pool.UserAgent, Path: routes.Of(a.pool.Path)}
		pools[pool] = append(pools[pool], a)
	}
	order := slices.SortedFunc(maps.Keys(pools), func(a, b model.Pool) int {
		return cmp.Or(-cmp.Compare(len(pools[a]), len(pools[b])), cmp.Compare(a.UserAgent, b.UserAgent), cmp.Compare(a.Path, b.Path))
	})
	policies = make([]model.PoolPolicy, min(len(order), model.MaxStormPolicies))
	w := new(workplace)
	for i, pool := range order[:len(policies)] {
		members, p := pools[pool], &policies[i]
		*p = w.inferOwn(members, now)
		p.Pool, p.Clients = pool, len(members)
		adopt(members, p)
	}
	for _, pool := range order[len(policies):] {
		more.Pools++
		more.Clients += len(pools[pool])
		adopt(pools[pool], nil)
	}
	return policies, more
}

func paths(clients []*Attempts) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, a := range clients {
			if !yield(a.pool.Path) {
				return
			}
		}
	}
}

// simplicity orders the kinds by their number of figures, the fewest first.
var simplicity = map[model.PolicyKind]int{
	model.PolicyNone: 0, model.PolicyFixed: 1, model.PolicyLinear: 2, model.PolicyExponential: 2, model.PolicySteps: 3, model.PolicyUnknown: 4,
}

// workplace holds what is needed for one pool, so that the next one needs no memory of its own.
type workplace struct{ plain, heeding ladder }

// infer also tries whether the delays count from the moment when a client may come again. What is asked for must vary to tell; else
// the policy is told only if it is the better one without that.
func (w *workplace) infer(members []*Attempts, now model.Instant) model.PoolPolicy {
	members = thinned(members, mostClients)
	l := &w.plain
	l.climb(members, now, false)
	heeds := heedsNot
	if l.mayObey {
		heeds = l.heed.tell()
	}
	var p reading
	switch heeds {
	case heedsNot:
		p = l.policy()
	case heedsAlways:
		l = &w.heeding
		l.climb(members, now, true)
		p = l.policy()
		p.Obeys = true
	default:
		p = l.policy()
		w.heeding.climb(members, now, true)
		if q := w.heeding.policy(); q.simpler(&p) {
			p = l.unknown(model.DoubtAsked)
		}
	}
	p.First = NewHistogram(l.first)
	p.Resets = resets(members, &p.PoolPolicy)
	if p.Kind == model.PolicyUnknown {
		p.Doubt = l.doubt(members, now, p.Doubt.Reason)
	}
	return p.PoolPolicy
}

// simpler reports whether q says the same with less: by a name, by a kind with fewer figures or, with as many, as well.
func (q *reading) simpler(p *reading) bool {
	if q.named != p.named {
		return q.named
	}
	order := cmp.Compare(simplicity[q.Kind], simplicity[p.Kind])
	return order < 0 || order == 0 && q.score > p.score-nameWorth
}

// thinned returns at most n elements of list, at even distances.
func thinned[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	some := make([]T, n)
	for i := range some {
		some[i] = list[i*len(list)/n]
	}
	return some
}
