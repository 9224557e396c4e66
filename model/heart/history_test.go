package heart

import (
	"math"
	"math/rand/v2"
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
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	half := unpackTimeout(packTimeout(500 * ms))
	var want []model.Sample
	for i := range 2*windowSize + 7 {
		at := model.Instant(i+1) * model.Instant(5120*ms) // a gap that is kept exactly
		rtt := time.Duration(i) * ms
		next := model.Sample{At: start.Add(time.Duration(at)), Timeout: half, Missed: true}
		switch i % 5 {
		case 2:
			h.missed(at, 500*ms)
		case 3:
			h.probed(at, 500*ms)
			next.Probe = true
		case 4:
			h.probed(at, 500*ms)
			next.Probe = true
			h.late(1024 * ms)
			h.late(ms) // only its first answer counts
			want[len(want)-2].RTT = 1024 * ms
		default:
			h.answered(at, rtt, 1024*ms)
			h.late(ms) // it had its answer
			next.RTT, next.Timeout, next.Missed = unpack(pack(rtt)), unpackTimeout(packTimeout(1024*ms)), false
		}
		want = append(want, next)
		if got := h.samples(start); !slices.Equal(got, want[max(0, len(want)-windowSize):]) {
			t.Fatalf("after %d beats: %v", i+1, got)
		}
	}
}

// Each time is a little early, and the errors do not add up.
func TestTimesOfBeats(t *testing.T) {
	var h history
	random := rand.New(rand.NewPCG(1, 2))
	var want []model.Instant
	now := model.Instant(time.Hour)
	for range 3 * windowSize {
		gap := time.Duration(random.Int64N(int64(10 * time.Second)))
		now += model.Instant(gap)
		want = append(want, now)
		h.answered(now, ms, time.Second)
	}
	want = want[len(want)-windowSize:]
	for i, s := range h.samples(time.Time{}) {
		before := time.Duration(0)
		if i > 0 {
			before = time.Duration(want[i] - want[i-1])
		}
		if early := time.Duration(want[i]) - s.At.Sub(time.Time{}); early < 0 || early > before/8+time.Second {
			t.Errorf("beat %d at %v comes back %v early, %v after the one before", i, time.Duration(want[i]), early, before)
		}
	}
	h.answered(now+model.Instant(9*time.Hour), ms, time.Second)
	h.answered(now+model.Instant(9*time.Hour), ms, time.Second)
	list := h.samples(time.Time{})
	if !list[len(list)-3].At.IsZero() || list[len(list)-2].At.IsZero() || list[len(list)-1].At != list[len(list)-2].At {
		t.Errorf("after a pause of hours: %v", list[len(list)-3:])
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
		h.answered(0, time.Duration(i)*ms, 80*ms)
	}
	h.answered(0, 0, 800*ms)
	h.answered(0, 90*ms, 800*ms)
	h.answered(0, 2*time.Second, time.Second)
	h.missed(0, time.Second)
	h.probed(0, time.Second)
	h.late(2 * time.Second)
	h.missed(0, time.Second)
	h.probed(0, time.Second)
	s := h.strip()
	kinds := make([]model.Beat, 0, len(s))
	for _, b := range s {
		kinds = append(kinds, b.Kind())
	}
	if got, want := kinds[len(s)-8:], []model.Beat{8, 1, 1, model.FullBeat, model.LateBeat, model.ProbeBeat, model.MissedBeat, model.ProbeBeat}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// The height of a spike is the round trip against what the connection is used to, wherever that is.
func TestHeightsFollowTheConnectionsOwnHistory(t *testing.T) {
	const us = time.Microsecond
	for name, test := range map[string]struct {
		usual []time.Duration // again and again
		rtt   time.Duration
		want  []int // heights of the usual ones and of rtt
	}{
		"a machine alone":      {[]time.Duration{60 * us, 80 * us, 150 * us}, 110 * us, []int{3, 4, 5, 4}},
		"its scheduling":       {[]time.Duration{60 * us, 80 * us, 400 * us}, 600 * us, []int{3, 3, 6, 7}},
		"a stall of it":        {[]time.Duration{60 * us, 80 * us, 150 * us}, 5 * ms, []int{3, 4, 5, 8}},
		"an even path":         {[]time.Duration{30 * ms, 31 * ms}, 29 * ms, []int{4, 4, 4}},
		"one that wavers":      {[]time.Duration{20 * ms, 40 * ms, 30 * ms}, 30 * ms, []int{3, 5, 4, 4}},
		"twice as long":        {[]time.Duration{30 * ms}, 60 * ms, []int{4, 6}},
		"four times as long":   {[]time.Duration{30 * ms}, 120 * ms, []int{4, 8}},
		"a hundred times":      {[]time.Duration{30 * ms}, 3 * time.Second, []int{4, 8}},
		"half as long":         {[]time.Duration{30 * ms}, 15 * ms, []int{4, 2}},
		"no time at all":       {[]time.Duration{30 * ms}, 0, []int{4, 1}},
		"another planet":       {[]time.Duration{20 * time.Second}, 20 * time.Second, []int{4, 4}},
		"nothing but one beat": {nil, 700 * ms, []int{4}},
	} {
		var h history
		for n := 0; n < 57 && len(test.usual) > 0; {
			for _, rtt := range test.usual {
				h.answered(0, rtt, time.Second)
				n++
			}
		}
		h.answered(0, test.rtt, time.Second)
		s := h.strip()
		var got []int
		for _, b := range s[len(s)-len(test.want):] {
			got = append(got, b.Height())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: heights %v, want %v", name, got, test.want)
		}
	}
}

func BenchmarkHistoryStrip(b *testing.B) {
	var h history
	for i := range windowSize {
		h.answered(0, time.Duration(30+i%7)*ms, time.Second)
	}
	b.ReportAllocs()
	for b.Loop() {
		h.strip()
	}
}
