package filter

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"holter/model"
)

// unsorted returns connections that differ in every key. Some have equal keys, and some lack a figure or a text.
func unsorted() []model.Connection {
	return []model.Connection{
		{
			ID: 4, Client: "b", Generation: 2, Remote: netip.MustParseAddrPort("10.0.0.10:1"), Path: "/b", State: model.Closed,
			Opened: noon.Add(-time.Minute), RTT: 3, Timeout: 2, Missed: 1, BytesIn: 5, BytesOut: 1,
		},
		{
			ID: 2, Client: "a", Generation: 1, Remote: netip.MustParseAddrPort("10.0.0.9:2"), State: model.Suspect,
			Opened: noon.Add(-time.Hour), Silence: 7, Diagnosis: model.Diagnosis{Cause: model.CauseNoPong}, BytesIn: 9, BytesOut: 2,
		},
		{
			ID: 3, Generation: 1, State: model.Normal, Opened: noon.Add(-time.Second),
			RTT: 1, Timeout: 3, Silence: 5, Missed: 2, BytesIn: 7, BytesOut: 2,
		},
		{
			ID: 1, Client: "c", Generation: 3, Remote: netip.MustParseAddrPort("10.0.0.9:1"), Path: "/a", State: model.Failed,
			Opened: noon.Add(-time.Minute), RTT: 3, Timeout: 1, Diagnosis: model.Diagnosis{Cause: model.CauseHostBusy}, Missed: 3, BytesIn: 5,
		},
	}
}

func pointers(conns []model.Connection) []*model.Connection {
	list := make([]*model.Connection, len(conns))
	for i := range conns {
		list[i] = &conns[i]
	}
	return list
}

func order(conns []*model.Connection) string {
	var ids []string
	for _, c := range conns {
		ids = append(ids, c.ID.String())
	}
	return strings.Join(ids, " ")
}

func TestSort(t *testing.T) {
	tests := []struct {
		key      SortKey
		up, down string
	}{
		{SortState, "c1 c2 c3 c4", "c4 c3 c2 c1"},
		{SortClient, "c2 c4 c1 c3", "c1 c4 c2 c3"},
		{SortGeneration, "c2 c3 c4 c1", "c1 c4 c2 c3"},
		{SortRemote, "c1 c2 c4 c3", "c4 c2 c1 c3"},
		{SortPath, "c1 c4 c2 c3", "c4 c1 c2 c3"},
		{SortAge, "c3 c1 c4 c2", "c2 c1 c4 c3"},
		{SortRTT, "c3 c1 c4 c2", "c1 c4 c3 c2"},
		{SortTimeout, "c1 c4 c3 c2", "c3 c4 c1 c2"},
		{SortSilence, "c3 c2 c1 c4", "c2 c3 c1 c4"},
		{SortMissed, "c2 c4 c3 c1", "c1 c3 c4 c2"},
		{SortBytesIn, "c1 c4 c3 c2", "c2 c3 c1 c4"},
		{SortBytesOut, "c1 c4 c2 c3", "c2 c3 c4 c1"},
		{SortCause, "c1 c2 c3 c4", "c2 c1 c3 c4"},
		{SortID, "c1 c2 c3 c4", "c4 c3 c2 c1"},
		{"no such key", "c1 c2 c3 c4", "c4 c3 c2 c1"},
	}
	for _, tt := range tests {
		t.Run(string(tt.key), func(t *testing.T) {
			conns := pointers(unsorted())
			if Sort(conns, tt.key, false, noon); order(conns) != tt.up {
				t.Errorf("ascending %s, want %s", order(conns), tt.up)
			}
			if Sort(conns, tt.key, true, noon); order(conns) != tt.down {
				t.Errorf("descending %s, want %s", order(conns), tt.down)
			}
		})
	}
}

// The result is the same for any order of the input, and no connection is lost.
func TestSortIsDeterministic(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	byID := pointers(manyConnections(300))
	shuffled := slices.Clone(byID)
	for _, key := range SortKeys {
		for _, descending := range []bool{false, true} {
			sorted := slices.Clone(shuffled)
			Sort(sorted, key, descending, noon)
			rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			again := slices.Clone(shuffled)
			if Sort(again, key, descending, noon); !slices.Equal(sorted, again) {
				t.Errorf("%s: another order for another input", key)
			}
			if Sort(again, SortID, false, noon); !slices.Equal(again, byID) {
				t.Errorf("%s: other connections after sorting", key)
			}
		}
	}
}

func TestSortFew(t *testing.T) {
	Sort(nil, SortRTT, true, noon)
	one := pointers(unsorted()[:1])
	if Sort(one, SortRTT, true, noon); order(one) != "c4" {
		t.Errorf("one connection became %s", order(one))
	}
}

func TestParseSortKey(t *testing.T) {
	for _, key := range SortKeys {
		if got, err := ParseSortKey(string(key)); got != key || err != nil {
			t.Errorf("ParseSortKey(%q) = %q, %v", key, got, err)
		}
	}
	for _, name := range []string{"", "RTT", "size", "\x1b[2J"} {
		_, err := ParseSortKey(name)
		if err == nil || model.ErrorCode(err) != model.Invalid || !strings.Contains(err.Error(), "one of state, client,") {
			t.Errorf("ParseSortKey(%q): %v", name, err)
		}
	}
}

// Each key, except the two with an order of their own, must be a field; otherwise it would sort by id.
func TestSortKeysAreFields(t *testing.T) {
	for _, key := range SortKeys {
		if _, ok := findField(string(key)); !ok {
			t.Errorf("%s is not a field", key)
		}
	}
}

func BenchmarkSort(b *testing.B) {
	byID := pointers(manyConnections(10_000))
	conns := slices.Clone(byID)
	for _, key := range []SortKey{SortState, SortClient, SortRemote, SortAge, SortRTT, SortID} {
		b.Run(string(key), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				copy(conns, byID)
				Sort(conns, key, false, noon)
			}
		})
	}
}
