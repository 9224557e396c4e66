package metrics

import (
	"math"
	"slices"
	"testing"

	"holter/model"
	"holter/model/timers"
	"holter/server/tap"
)

func TestCodes(t *testing.T) {
	for n, want := range map[int]string{
		0: "other", 999: "other", 1000: "1000", 1006: "1006", 1015: "1015", 1016: "other", 3008: "other", 3999: "other", 4000: "4xxx", 4999: "4xxx", 5000: "other", -1: "other",
	} {
		if got := code(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

// Every limit that is known to cut has a bucket of its own, of two seconds.
func TestKnownCutsHaveBuckets(t *testing.T) {
	bounds := durationBuckets()
	if !slices.IsSorted(bounds) || len(slices.Compact(slices.Clone(bounds))) != len(bounds) {
		t.Errorf("%v", bounds)
	}
	n := 0
	for _, kind := range []model.LimitKind{model.SilenceLimit, model.AgeLimit} {
		for _, known := range timers.Known(kind, 0, math.MaxInt64) {
			n++
			i, _ := slices.BinarySearch(bounds, known.After.Seconds())
			if i == len(bounds) || bounds[i-1] != known.After.Seconds()-1 || bounds[i] != known.After.Seconds()+1 {
				t.Errorf("%s, %s: between %v", known.Name, known.After, bounds[i-1:])
			}
		}
	}
	if n < 10 {
		t.Errorf("%d limits are known", n)
	}
}

func TestNamesOfOpcodes(t *testing.T) {
	want := map[tap.Opcode]string{
		tap.OpContinuation: "continuation", tap.OpText: "text", tap.OpBinary: "binary", tap.OpClose: "close", tap.OpPing: "ping", tap.OpPong: "pong",
	}
	for i, o := range tap.Counted {
		if opcodes[i] != want[o] {
			t.Errorf("%d is %s", o, opcodes[i])
		}
	}
}
