package model

import "testing"

func TestBeatHasKindAndHeight(t *testing.T) {
	for _, test := range []struct {
		beat     Beat
		kind     Beat
		height   int
		answered bool
	}{
		{NoBeat, NoBeat, 0, false},
		{Beat(3).Raised(5), 3, 5, true},
		{Beat(3).Raised(5).Raised(99), 3, MostHeight, true},
		{Beat(3).Raised(-1), 3, 1, true},
		{FullBeat.Raised(UsualHeight), FullBeat, UsualHeight, true},
		{Beat(2), 2, 2, true}, // of an earlier version
		{MissedBeat, MissedBeat, 0, false},
		{LateBeat.Raised(8), LateBeat, 0, false},
		{ProbeBeat, ProbeBeat, 0, false},
		{255, 15, 0, false},
		{0xf1, 1, MostHeight, true},
	} {
		if b := test.beat; b.Kind() != test.kind || b.Height() != test.height || b.Answered() != test.answered {
			t.Errorf("%#x: kind %d, height %d, answered %v", uint8(b), b.Kind(), b.Height(), b.Answered())
		}
	}
}
