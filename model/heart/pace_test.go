package heart

import (
	"testing"
	"time"

	"holter/model"
)

// keep calls beat at the intervals.
func (p *pace) keep(page bool, intervals ...time.Duration) {
	at := max(p.last, second)
	p.beat(at, page)
	for _, interval := range intervals {
		at += model.Instant(interval)
		p.beat(at, page)
	}
}

func repeat(n int, d time.Duration) []time.Duration {
	list := make([]time.Duration, n)
	for i := range list {
		list[i] = d
	}
	return list
}

func TestPaceLimit(t *testing.T) {
	const s = time.Second
	tests := []struct {
		name     string
		page     bool
		beats    []time.Duration
		interval time.Duration
		from, to time.Duration // of the limit
	}{
		{"one beat", false, nil, 0, 70 * s, 70 * s},
		{"two beats", false, repeat(1, 5*s), 5 * s, 70 * s, 70 * s},
		{"three beats", false, repeat(2, 5*s), 5 * s, 13 * s, 13*s + 1}, // 5 + 4·1.875 + 0.5
		{"steady", false, repeat(50, 5*s), 5 * s, 8 * s, 8 * s},         // one and a half and a margin
		{"steady page", true, repeat(50, 5*s), 5 * s, 70 * s, 70 * s},
		{"slow", false, repeat(50, 60*s), 60 * s, 90500 * ms, 90500 * ms},
		{"flood", false, repeat(9999, ms), 500 * ms, 1250 * ms, 1250 * ms},
		{"a burst is no rhythm", false, append(repeat(3, ms), 25*s, ms, ms, 25*s, ms, ms), 0, 20 * s, 70 * s},
		{"page throttled to a minute", true, append(repeat(20, 25*s), repeat(5, 60*s)...), 0, 70 * s, 130 * s},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var p pace
			p.keep(test.page, test.beats...)
			if test.interval != 0 && p.interval() != test.interval {
				t.Errorf("interval %v, want %v", p.interval(), test.interval)
			}
			if got := p.limit(); got < test.from || got > test.to {
				t.Errorf("limit %v, want %v to %v", got, test.from, test.to)
			}
		})
	}
}

// After an outage of a day, the next outage must not go unnoticed for as long.
func TestPaceClipsAnOutage(t *testing.T) {
	var p pace
	p.keep(false, repeat(50, 5*time.Second)...)
	p.keep(false, 24*time.Hour)
	if got := p.limit(); got > 12*time.Second {
		t.Errorf("limit %v after an outage", got)
	}
	for range 1000 { // nor may a peer stretch it for ever
		p.keep(false, 1000*time.Hour)
	}
	if got := p.limit(); got > 6*slowestPace {
		t.Errorf("limit %v for a peer that beats every 1000 hours", got)
	}
}
