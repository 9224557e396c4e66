package filter

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"holter/model"
)

// SortKey is what connections are sorted by: a field of a filter, or the order of states.
type SortKey string

const (
	SortState      SortKey = "state" // the worst first: failed, suspect, normal, closed
	SortClient     SortKey = "client"
	SortGeneration SortKey = "generation"
	SortRemote     SortKey = "remote"
	SortPath       SortKey = "path"
	SortAge        SortKey = "age"
	SortRTT        SortKey = "rtt"
	SortTimeout    SortKey = "timeout"
	SortSilence    SortKey = "silence"
	SortMissed     SortKey = "missed"
	SortBytesIn    SortKey = "bytes_in"
	SortBytesOut   SortKey = "bytes_out"
	SortCause      SortKey = "cause"
	SortID         SortKey = "id"
)

// SortKeys are all keys, in the order in which they are shown to users.
var SortKeys = []SortKey{
	SortState, SortClient, SortGeneration, SortRemote, SortPath, SortAge, SortRTT, SortTimeout,
	SortSilence, SortMissed, SortBytesIn, SortBytesOut, SortCause, SortID,
}

// ParseSortKey returns an error for an unknown key. It lists the known ones.
func ParseSortKey(name string) (SortKey, error) {
	if key := SortKey(name); slices.Contains(SortKeys, key) {
		return key, nil
	}
	known := make([]string, len(SortKeys))
	for i, key := range SortKeys {
		known[i] = string(key)
	}
	return "", model.Errorf(model.Invalid, "unknown sort key %q: one of %s", model.Clean(name, 40), strings.Join(known, ", "))
}

// Sort sorts conns by key as of now. They are pointers because connections are too large to move. In both
// directions, connections with equal keys are in ascending order of their ids, and those without such a figure
// or with an empty text come last. An unknown key sorts by id.
func Sort(conns []*model.Connection, key SortKey, descending bool, now time.Time) {
	f, _ := findField(string(key))
	switch {
	case key == SortState:
		sortBy(conns, descending, cmp.Compare[int], func(c *model.Connection) (int, bool) {
			return slices.Index(worstFirst, c.State), true
		})
	case key == SortRemote:
		sortBy(conns, descending, netip.AddrPort.Compare, func(c *model.Connection) (netip.AddrPort, bool) {
			return c.Remote, c.Remote.IsValid()
		})
	case f.figure != nil:
		sortBy(conns, descending, cmp.Compare[int64], func(c *model.Connection) (int64, bool) { return f.figure(Row{Connection: c, Now: now}) })
	case f.text != nil:
		sortBy(conns, descending, strings.Compare, func(c *model.Connection) (string, bool) {
			text := f.text(Row{Connection: c, Now: now})
			return text, text != ""
		})
	default:
		Sort(conns, SortID, descending, now)
	}
}

// worstFirst is the order of states by how much they need a user's attention.
var worstFirst = []model.State{model.Failed, model.Suspect, model.Normal, model.Closed}

// sortEntry is a connection with its key, which is computed once because that takes time.
type sortEntry[K any] struct {
	key K
	*model.Connection
}

func sortBy[K any](conns []*model.Connection, descending bool, compare func(a, b K) int, key func(*model.Connection) (K, bool)) {
	entries := make([]sortEntry[K], 0, len(conns))
	var unknown []*model.Connection
	for _, c := range conns {
		if k, ok := key(c); ok {
			entries = append(entries, sortEntry[K]{k, c})
		} else {
			unknown = append(unknown, c)
		}
	}
	slices.SortFunc(entries, func(a, b sortEntry[K]) int {
		order := compare(a.key, b.key)
		switch {
		case order == 0:
			return cmp.Compare(a.ID, b.ID)
		case descending:
			return -order
		}
		return order
	})
	slices.SortFunc(unknown, func(a, b *model.Connection) int { return cmp.Compare(a.ID, b.ID) })
	for i := range entries {
		conns[i] = entries[i].Connection
	}
	copy(conns[len(entries):], unknown)
}
