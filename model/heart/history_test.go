package heart

import (
	"math"
	"slices"
	"testing"
	"time"

	"holter/model"
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
	var want []model.Sample
	for i := range 2*windowSize + 7 {
		rtt := time.Duration(i) * ms
		switch i % 5 {
		case 3:
			h.missed(500 * ms)
			want = append(want, model.Sample{Timeout: unpackTimeout(packTimeout(500 * ms)), Missed: true})
		case 4:
			h.missed(500 * ms)
			h.late(1024 * ms)
			h.late(ms) // only its first answer counts
			want = append(want, model.Sample{RTT: 1024 * ms, Timeout: unpackTimeout(packTimeout(500 * ms)), Missed: true})
		default:
			h.answered(rtt, 1024*ms)
			want = append(want, model.Sample{RTT: unpack(pack(rtt)), Timeout: unpackTimeout(packTimeout(1024 * ms))})
		}
		if got := h.samples(); !slices.Equal(got, want[max(0, len(want)-windowSize):]) {
			t.Fatalf("after %d beats: %v", i+1, got)
		}
	}
}

func TestPackedTimeouts(t *testing.T) {
	for _, timeout := range []time.Duration{
		0, 7 * time.Microsecond, 8 * time.Microsecond, 500 * ms, 999 * ms, 4 * time.Second, time.Hour,
	} {
		if got := unpackTimeout(packTimeout(timeout)); got > timeout || timeout-got > timeout/8 {
			t.Errorf("%v comes back as %v", timeout, got)
		}
	}
	if got := unpackTimeout(packTimeout(math.MaxInt64)); got < 4*time.Hour {
		t.Errorf("the longest comes back as %v", got)
	}
}

func TestStripShowsTheNewest(t *testing.T) {
	var h history
	if h.strip() != (model.Strip{}) {
		t.Error("beats before the first")
	}
	for i := range 80 { // the newest must win
		h.answered(time.Duration(i)*ms, 80*ms)
	}
	h.answered(0, 800*ms)
	h.answered(90*ms, 800*ms)
	h.answered(2*time.Second, time.Second)
	h.missed(time.Second)
	h.late(2 * time.Second)
	h.missed(time.Second)
	s := h.strip()
	if got, want := s[len(s)-6:], []model.Beat{8, 1, 1, model.FullBeat, model.LateBeat, model.MissedBeat}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
