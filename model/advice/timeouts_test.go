package advice

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/model/heart"
)

const ms = time.Millisecond

// peer answers pings after a time of its own, and does nothing else.
type peer struct{ heard model.Instant }

func (p *peer) Heard() model.Instant                      { return p.heard }
func (p *peer) Unread() bool                              { return false }
func (p *peer) Timing() (rto, rtt time.Duration)          { return 0, 0 }
func (p *peer) Kernel() model.Kernel                      { return model.Kernel{} }
func (p *peer) Untaken(model.Instant, bool) model.Instant { return 0 }
func (p *peer) Beyond(model.Instant) time.Duration        { return 0 }
func (p *peer) Backlog(model.Instant) model.Backlog       { return model.Backlog{} }
func (p *peer) MayBeat(model.Instant, model.Instant) bool { return true }

// lived returns the record of a heart that has had n beats, with round trips that trip returns. The random number spreads it.
func lived(r *heart.Rhythm, random float64, n int, trip func(beat int) time.Duration) heart.Record {
	h, late, p := heart.New(r, 1, random, 1), new(heart.Lateness), new(peer)
	now := model.Instant(1)
	for beat := 0; beat < n; {
		a := h.Tick(now, late, p)
		if a.Ping == 0 {
			now = a.Next
			continue
		}
		next, back := h.Sent(a.Ping, now), now+model.Instant(trip(beat))
		for next < back { // it may become suspect meanwhile, and get probes
			now = next
			probe := h.Tick(now, late, p)
			next = probe.Next
			if probe.Ping > 0 {
				next = h.Sent(probe.Ping, now)
			}
		}
		now, p.heard = back, back
		h.Pong(a.Ping, back, true, late)
		beat++
	}
	return h.Record()
}

// seen is a look at n connections with 60 beats, whose round trips depend on the number of the connection and of the beat.
func seen(detector string, n int, trip func(conn, beat int) time.Duration) *Look {
	r := heart.DefaultRhythm()
	r.Detector = detector
	l := look(r)
	random := rand.New(rand.NewPCG(1, 2))
	for conn := range n {
		l.Beats(model.ID(conn+1), lived(&r, random.Float64(), 60, func(beat int) time.Duration {
			return trip(conn, beat) + time.Duration(random.Int64N(int64(4*ms)))
		}))
	}
	return l
}

// A stall of 0.7 s that hits a few connections once: nothing could be learnt before it, and a floor would have waited.
func TestAFloorThatIsTooLow(t *testing.T) {
	l := seen("deviation", 40, func(conn, beat int) time.Duration {
		if conn < 20 && beat == 20+conn {
			return 700 * ms
		}
		return 20 * ms
	})
	w := only(t, l)
	if w.Kind != model.LowFloor || w.Touched != 20 || w.Urgency != model.Risk || !strings.Contains(w.Detail, "--min-timeout 750ms would have waited for 20 of these") ||
		!strings.HasPrefix(w.Detail, "Of the last 2080 beats, 20 (1 %), on 20 of 40 connections, were answered only after their timeout") {
		t.Errorf("%+v", w)
	}
	if !strings.HasPrefix(w.At.Query, "id=c1 or id=c2 or ") || strings.Count(w.At.Query, "id=") != mostNamed {
		t.Errorf("evidence %q", w.At.Query)
	}
}

// Some connections stall again and again, for longer than all others should wait: a detector that remembers would have waited
// on these alone.
func TestADetectorThatWouldHaveSuspectedFewer(t *testing.T) {
	l := seen("jacobson", 30, func(conn, beat int) time.Duration {
		if conn < 8 && beat%12 == 11 {
			return 1800 * ms
		}
		return 20 * ms
	})
	w := only(t, l)
	if w.Kind != model.BetterDetector || w.Touched != 8 || w.Urgency != model.Risk || !strings.Contains(w.Detail, "--detector deviation would have waited for ") {
		t.Errorf("%+v", w)
	}
}

// One long answer that came in time makes deviation wait for all of its window; another detector would have forgotten it.
func TestADetectorThatWouldHaveBeenSooner(t *testing.T) {
	l := seen("deviation", 80, func(_, beat int) time.Duration {
		if beat == 10 {
			return 480 * ms
		}
		return 10 * ms
	})
	w := only(t, l)
	if w.Kind != model.BetterDetector || w.Urgency != model.Hint || !strings.Contains(w.Detail, "would have suspected no more peers that lived than deviation, and a dead one 1.") {
		t.Errorf("%+v", w)
	}
}

// A detector that would have been sooner, and would have suspected some that lived, is not better.
func TestADetectorThatIsOnlySooner(t *testing.T) {
	l := seen("deviation", 80, func(conn, beat int) time.Duration {
		switch {
		case beat == 10:
			return 480 * ms
		case conn < 3 && beat == 40:
			return 700 * ms
		}
		return 10 * ms
	})
	if all := l.Warnings(); len(all) > 0 {
		t.Errorf("%+v", all)
	}
}

// Where the evidence is thin, or nothing would have been better, nothing is said.
func TestTimeoutsThatAreWell(t *testing.T) {
	steady := func(int, int) time.Duration { return 20 * ms }
	for name, l := range map[string]*Look{
		"calm":                 seen("deviation", 80, steady),
		"calm, jacobson":       seen("jacobson", 80, steady),
		"calm, phi":            seen("phi", 80, steady),
		"far away":             seen("deviation", 80, func(int, int) time.Duration { return 400 * ms }),
		"no beats":             seen("deviation", 80, steady).without(),
		"two bad connections":  seen("jacobson", 30, func(conn, beat int) time.Duration { return bad(conn < 2 && beat%7 == 6, 900*ms) }),
		"eight were late":      seen("deviation", 30, func(conn, beat int) time.Duration { return bad(conn < 8 && beat == 30, 700*ms) }),
		"a few beats":          seen("deviation", 5, func(_, beat int) time.Duration { return bad(beat == 30, 700*ms) }),
		"rarely late":          seen("deviation", 1000, func(conn, beat int) time.Duration { return bad(conn%60 == 0 && beat == 30, 700*ms) }),
		"late beyond any wait": seen("deviation", 40, func(_, beat int) time.Duration { return bad(beat == 30, 6*time.Second) }),
	} {
		if all := l.Warnings(); len(all) > 0 {
			t.Errorf("%s: %+v", name, all)
		}
	}
}

func bad(is bool, trip time.Duration) time.Duration {
	if is {
		return trip
	}
	return 20 * ms
}

func (l *Look) without() *Look { return look(*l.rhythm) }

// BenchmarkLook is a look with as many records as it takes.
func BenchmarkLook(b *testing.B) {
	r := heart.DefaultRhythm()
	record := lived(&r, 0.5, 60, func(beat int) time.Duration { return bad(beat%20 == 19, 700*ms) })
	b.ReportAllocs()
	for b.Loop() {
		l := look(r)
		for i := range MostRecords {
			l.Beats(model.ID(i+1), record)
		}
		l.Warnings()
	}
}
