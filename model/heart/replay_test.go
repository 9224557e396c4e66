package heart

import (
	"testing"
	"time"

	"holter/model"
)

// recorded is a record of beats: of 20 ms each, with a late answer after each of some numbers of beats.
func recorded(n int, late map[int]time.Duration) *Record {
	r := new(Record)
	for i := range n {
		at := model.Instant(i+1) * model.Instant(5*time.Second)
		if rtt := late[i]; rtt > 0 {
			r.beats.missed(at, 512*ms)
			r.beats.probed(at+model.Instant(512*ms), 512*ms)
			r.beats.late(rtt)
		} else {
			r.beats.answered(at, 20*ms, 512*ms)
		}
	}
	return r
}

// What was recorded is counted as it was, and a floor spares the late answers below it. Beats without any answer, probes
// and the first eight do not count.
func TestRecordsAreJudgedWithAFloor(t *testing.T) {
	r := recorded(40, map[int]time.Duration{3: 700 * ms, 20: 700 * ms, 25: 900 * ms, 30: 2 * time.Second})
	r.beats.missed(at(999), 512*ms)
	timeout := unpackTimeout(packTimeout(512 * ms))
	for floor, want := range map[time.Duration]Trial{
		0:               {32, 3, 32 * timeout},
		400 * ms:        {32, 3, 32 * timeout},
		800 * ms:        {32, 2, 32 * 800 * ms},
		time.Second:     {32, 1, 32 * time.Second},
		3 * time.Second: {32, 0, 96 * time.Second},
	} {
		var got Trial
		r.Above(floor, &got)
		if got != want {
			t.Errorf("with the floor %v: %+v, want %+v", floor, got, want)
		}
		if floor == 0 && got.Mean() != timeout {
			t.Errorf("the mean is %v", got.Mean())
		}
	}
	if empty := new(Trial); empty.Mean() != 0 {
		t.Errorf("the mean of nothing is %v", empty.Mean())
	}
}

// Deviation remembers an answer that took long, and so waits for the next one of its kind. Jacobson has forgotten the first
// when the next comes, and suspects the peer again.
func TestRecordsAreJudgedByAnotherDetector(t *testing.T) {
	r := recorded(60, map[int]time.Duration{12: 600 * ms, 40: 620 * ms, 58: 640 * ms})
	rhythm := DefaultRhythm()
	got := make(map[string]Trial)
	for _, name := range append([]string{"no such"}, Detectors[:]...) {
		var trial Trial
		r.By(name, &rhythm, &trial)
		got[name] = trial
	}
	if got["no such"] != (Trial{}) {
		t.Errorf("by no detector: %+v", got["no such"])
	}
	if d, j := got["deviation"], got["jacobson"]; d.Beats != 49 || j.Beats != 49 || d.Late != 1 || j.Late != 3 || d.Mean() <= j.Mean() {
		t.Errorf("deviation %+v, jacobson %+v", d, j)
	}
}

// A stall of 20 s counts as the timeout that it broke, as it does in a heart.
func TestALongStallInARecordIsClipped(t *testing.T) {
	r, rhythm := recorded(60, map[int]time.Duration{12: 20 * time.Second}), DefaultRhythm()
	var trial Trial
	if r.By("deviation", &rhythm, &trial); trial.Mean() > 2500*ms || trial.Mean() < 1500*ms || trial.Late != 1 {
		t.Errorf("%+v, mean %v", trial, trial.Mean())
	}
}

// A trial by the detector that a heart has comes to what the heart did.
func TestATrialByTheSameDetectorIsWhatHappened(t *testing.T) {
	h, late, p := newborn(t, &usual)
	for i := range 50 {
		rtt := 10 * ms
		if i%10 == 9 {
			rtt = 300 * ms
		}
		beat(t, h, late, p, at(float64(10*(i+1))), rtt)
	}
	r := h.Record()
	var was, again Trial
	r.Above(0, &was)
	r.By(usual.Detector, &usual, &again)
	if was.Beats != again.Beats || was.Late != 0 || again.Late != 0 || again.Mean() < was.Mean() || again.Mean() > was.Mean()*9/8 {
		t.Errorf("it was %+v, mean %v; and again %+v, mean %v", was, was.Mean(), again, again.Mean())
	}
}
