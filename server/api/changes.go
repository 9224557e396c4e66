package api

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	"holter/model"
)

// changes are the differences between two states of a list: the elements that are new or changed, and the
// keys of those that are gone. A list is in the order of its keys, which are all different.
type changes[T any, K cmp.Ordered] struct {
	changed []T
	gone    []K
}

// diff compares two lists. same must not keep its arguments.
func diff[T any, K cmp.Ordered](before, now []T, key func(*T) K, same func(before, now *T) bool) (c changes[T, K]) {
	for len(before) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || len(before) > 0 && key(&before[0]) < key(&now[0]):
			c.gone = append(c.gone, key(&before[0]))
			before = before[1:]
		case len(before) == 0 || key(&now[0]) < key(&before[0]):
			c.changed = append(c.changed, now[0])
			now = now[1:]
		default:
			if !same(&before[0], &now[0]) {
				c.changed = append(c.changed, now[0])
			}
			before, now = before[1:], now[1:]
		}
	}
	return c
}

// apply returns the list that before has become. It calls keep for each element that did not change. It
// sorts the changes first, because a sender need not have done so; of several with one key, the last counts.
func (c *changes[T, K]) apply(before []T, key func(*T) K, keep func(*T)) []T {
	byKey := func(a, b T) int { return cmp.Compare(key(&a), key(&b)) }
	slices.SortStableFunc(c.changed, byKey)
	c.changed = lastOfEach(c.changed, key)
	slices.Sort(c.gone)
	list := make([]T, 0, len(before)+len(c.changed))
	changed := c.changed
	for i := range before {
		k := key(&before[i])
		for len(changed) > 0 && key(&changed[0]) < k {
			list, changed = append(list, changed[0]), changed[1:]
		}
		if len(changed) > 0 && key(&changed[0]) == k {
			continue
		}
		if _, gone := slices.BinarySearch(c.gone, k); !gone {
			list = append(list, before[i])
			keep(&list[len(list)-1])
		}
	}
	return append(list, changed...)
}

// lastOfEach returns the last element for each key of a list that is in the order of its keys.
func lastOfEach[T any, K cmp.Ordered](list []T, key func(*T) K) []T {
	kept := list[:0]
	for i := range list {
		if i+1 == len(list) || key(&list[i]) != key(&list[i+1]) {
			kept = append(kept, list[i])
		}
	}
	return kept
}

func connectionKey(c *model.Connection) model.ID { return c.ID }

func clientKey(c *model.Client) string { return c.ID }

// age adds to the silence of c. That is the only change of a connection on which nothing happens.
func age(c *model.Connection, by time.Duration) {
	if c.Open() {
		c.Silence += by
		c.DataSilence += by
	}
}

// sameConnection reports whether nothing but time has passed between before and now.
func sameConnection(before, now *model.Connection, passed time.Duration) bool {
	a, b := *before, *now
	age(&a, passed)
	if a.Close != nil && b.Close != nil && *a.Close == *b.Close {
		a.Close = b.Close
	}
	return a == b
}

func sameClient(a, b *model.Client) bool {
	return a.ID == b.ID && a.Generation == b.Generation && a.Connection == b.Connection && a.State == b.State &&
		a.Since.Equal(b.Since) && a.FirstSeen.Equal(b.FirstSeen) && a.UserAgent == b.UserAgent && a.Shared == b.Shared && a.ByOrder == b.ByOrder &&
		slices.Equal(a.Reconnects, b.Reconnects) && slices.Equal(a.Attempts, b.Attempts) && sameOutage(a.Outage, b.Outage)
}

func sameOutage(a, b *model.Outage) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func stormKey(s *model.Storm) int { return s.ID }

// sameStorm compares the figures that grow while a storm is on.
func sameStorm(a, b *model.Storm) bool {
	return a.Ended.Equal(b.Ended) && a.Clients == b.Clients && a.Away == b.Away && a.Reconnects == b.Reconnects &&
		a.Refused == b.Refused && len(a.Curve) == len(b.Curve) && a.Settling == b.Settling && a.Flapping == b.Flapping &&
		a.GaveUp == b.GaveUp && a.NeverIn == b.NeverIn && a.FlapRate == b.FlapRate && a.DroppedAttempts == b.DroppedAttempts &&
		slices.Equal(a.Flaps, b.Flaps) && slices.Equal(a.Refusals, b.Refusals)
}

func pathKey(p *model.Path) int { return p.ID }

// samePath reports whether nothing has happened on a path between two looks at it, which are a second apart.
func samePath(a, b *model.Path) bool { return reflect.DeepEqual(a, b) }

// newBins returns the bins that were added to before to make now: the fewest possible.
func newBins(before, now []model.Activity) []model.Activity {
	for n := max(0, len(now)-len(before)); n < len(now); n++ {
		if kept := len(now) - n; slices.Equal(before[len(before)-kept:], now[:kept]) {
			return now[kept:]
		}
	}
	return now
}

// addBins is the inverse of newBins.
func addBins(before, added []model.Activity) []model.Activity {
	bins := slices.Concat(before, added)
	return bins[max(0, len(bins)-model.MaxActivity):]
}
