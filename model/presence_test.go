package model

import (
	"slices"
	"testing"
	"time"
)

func TestPresence(t *testing.T) {
	var p Presence
	if _, away := p.Away(); away || p.Generation() != 0 {
		t.Errorf("a client that was never here: away %t, generation %d", away, p.Generation())
	}
	steps := []struct {
		at      Instant
		connect bool // or leave
		back    bool
	}{
		{at: 10, connect: true},
		{at: 15, connect: true}, // a second one beside the first
		{at: 20},
		{at: 50, connect: true, back: true},
		{at: 60},
		{at: 61, connect: true, back: true},
	}
	generation := 0
	for _, s := range steps {
		if !s.connect {
			p.Leave(s.at)
			if since, away := p.Away(); !away || since != s.at {
				t.Errorf("after leaving at %d: away %t since %d", s.at, away, since)
			}
			continue
		}
		generation++
		if back := p.Connect(s.at); back != s.back {
			t.Errorf("connecting at %d: back %t, want %t", s.at, back, s.back)
		}
		if _, away := p.Away(); away || p.Generation() != generation {
			t.Errorf("after connecting at %d: away %t, generation %d, want %d", s.at, away, p.Generation(), generation)
		}
	}
	if got := p.Reconnects(); !slices.Equal(got, []time.Duration{30, 1}) {
		t.Errorf("reconnects after %v, want 30 and 1", got)
	}
}

func TestPresenceRemembersTheNewestReconnects(t *testing.T) {
	var p Presence
	now := Instant(1)
	for i := range 2 * MaxReconnects {
		p.Connect(now)
		p.Leave(now + 1)
		now += 1 + Instant(i)
	}
	if got := p.Reconnects(); len(got) != MaxReconnects || got[MaxReconnects-1] != 2*MaxReconnects-2 {
		t.Errorf("reconnects after %v", got)
	}
}
