package model

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// SortKey names what connections are sorted by. But for their order, the keys are fields of a filter.
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

// SortKeys are all keys, in the order in which a person may be shown them.
var SortKeys = []SortKey{
	SortState, SortClient, SortGeneration, SortRemote, SortPath, SortAge, SortRTT, SortTimeout,
	SortSilence, SortMissed, SortBytesIn, SortBytesOut, SortCause, SortID,
}

// ParseSortKey answers an unknown key with the known ones.
func ParseSortKey(name string) (SortKey, error) {
	if key := SortKey(name); slices.Contains(SortKeys, key) {
		return key, nil
	}
	known := make([]string, len(SortKeys))
	for i, key := range SortKeys {
		known[i] = string(key)
	}
	return "", Errorf(Invalid, "unknown sort key %q: one of %s", Clean(name, 40), strings.Join(known, ", "))
}

// Sort sorts conns by key as of now. Connections that are equal in it are in ascending order of their
// ids in either direction, and those that have no such figure or an empty text come last in either.
// An unknown key sorts by id.
func Sort(conns []Connection, key SortKey, descending bool, now time.Time) {
	f, _ := findField(string(key))
	switch {
	case key == SortState:
		sortBy(conns, descending, cmp.Compare[int], func(c *Connection) (int, bool) {
			return slices.Index(worstFirst, c.State), true
		})
	case key == SortRemote:
		sortBy(conns, descending, netip.AddrPort.Compare, func(c *Connection) (netip.AddrPort, bool) {
			return c.Remote, c.Remote.IsValid()
		})
	case f.figure != nil:
		sortBy(conns, descending, cmp.Compare[int64], func(c *Connection) (int64, bool) { return f.figure(c, now) })
	case f.text != nil:
		sortBy(conns, descending, strings.Compare, func(c *Connection) (string, bool) {
			text := f.text(c)
			return text, text != ""
		})
	default:
		Sort(conns, SortID, descending, now)
	}
}

// worstFirst is the order of states in which they want attention.
var worstFirst = []State{Failed, Suspect, Normal, Closed}

// sortEntry stands for a connection while it is sorted: connections are large to move, and their keys
// take time to find.
type sortEntry[K any] struct {
	key   K
	id    ID
	index int // of the connection
}

func sortBy[K any](conns []Connection, descending bool, compare func(a, b K) int, key func(*Connection) (K, bool)) {
	entries := make([]sortEntry[K], 0, len(conns))
	var unknown []sortEntry[K]
	for i := range conns {
		if k, ok := key(&conns[i]); ok {
			entries = append(entries, sortEntry[K]{k, conns[i].ID, i})
		} else {
			unknown = append(unknown, sortEntry[K]{id: conns[i].ID, index: i})
		}
	}
	slices.SortFunc(entries, func(a, b sortEntry[K]) int {
		order := compare(a.key, b.key)
		switch {
		case order == 0:
			return a.compareID(b)
		case descending:
			return -order
		}
		return order
	})
	slices.SortFunc(unknown, sortEntry[K].compareID)
	entries = append(entries, unknown...)
	arrange(conns, func(i int) int { return entries[i].index })
}

// compareID orders what is equal in all else.
func (a sortEntry[K]) compareID(b sortEntry[K]) int {
	if a.id != b.id {
		return cmp.Compare(a.id, b.id)
	}
	return a.index - b.index
}

// arrange moves to each place i of conns the connection at from(i), cycle by cycle and so in place.
func arrange(conns []Connection, from func(int) int) {
	moved := make([]bool, len(conns))
	for start := range conns {
		if moved[start] {
			continue
		}
		first, to := conns[start], start
		for moved[to] = true; from(to) != start; moved[to] = true {
			conns[to] = conns[from(to)]
			to = from(to)
		}
		conns[to] = first
	}
}
