package model

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestPackedRoundTrips(t *testing.T) {
	for _, rtt := range []time.Duration{
		0, time.Microsecond, 57 * time.Microsecond, 2047 * time.Microsecond, 2048 * time.Microsecond,
		12345 * time.Microsecond, 999 * ms, 4 * time.Second, 67 * time.Second,
	} {
		if got := unpack(pack(rtt)); (got - rtt).Abs() > rtt/1000 {
			t.Errorf("%v comes back as %v", rtt, got)
		}
	}
	for _, rtt := range []time.Duration{68 * time.Second, time.Hour, math.MaxInt64} {
		if got := unpack(pack(rtt)); got < 67*time.Second || got > 68*time.Second {
			t.Errorf("%v comes back as %v, want the most there is", rtt, got)
		}
	}
	if got := unpack(pack(-time.Second)); got != 0 {
		t.Errorf("a negative round trip comes back as %v", got)
	}
}

func TestHistoryKeepsTheNewestInOrder(t *testing.T) {
	var h history
	h.late(ms) // there is nothing to note it at
	var want []Sample
	for i := range 2*windowSize + 7 {
		rtt := time.Duration(i) * ms
		switch i % 5 {
		case 3:
			h.missed()
			want = append(want, Sample{Missed: true})
		case 4:
			h.missed()
			h.late(1024 * ms)
			h.late(ms) // only its first answer counts
			want = append(want, Sample{RTT: 1024 * ms, Missed: true})
		default:
			h.answered(rtt)
			want = append(want, Sample{RTT: unpack(pack(rtt))})
		}
		if got := h.samples(); !slices.Equal(got, want[max(0, len(want)-windowSize):]) {
			t.Fatalf("after %d beats: %v", i+1, got)
		}
	}
}
