package heart

import "time"

// Record is a copy of the newest beats of a heart. It can be judged again, by other rules than those that its heart had.
type Record struct{ beats history }

// Record returns a copy of the newest beats.
func (h *Heart) Record() Record { return Record{h.beats} }

// Trial sums up how recorded beats went, or would have gone. It counts those that were answered at all. The first of a
// record, from which a detector only begins to learn, are left out.
type Trial struct {
	Beats int
	Late  int           // answered after their timeout: the peer was suspected, although it lived
	Wait  time.Duration // the sum of all timeouts
}

// Mean returns the mean timeout: how long a peer that dies is waited for after its first lost beat.
func (t *Trial) Mean() time.Duration { return t.Wait / time.Duration(max(t.Beats, 1)) }

func (t *Trial) count(timeout time.Duration, late bool) {
	t.Beats++
	t.Wait += timeout
	if late {
		t.Late++
	}
}

// Above adds to t how the beats went or, with a floor, would have gone if no timeout had been below it.
func (r *Record) Above(floor time.Duration, t *Trial) {
	seen := 0
	for i := range int(r.beats.n) {
		s := r.beats.at(i)
		if s.Missed && s.RTT == 0 {
			continue
		}
		if seen++; seen > startSamples {
			t.count(max(s.Timeout, floor), s.Missed && s.RTT > floor)
		}
	}
}

// By adds to t how the beats would have gone with another detector. That is the worst case: the kernel's retransmission
// timeout, which may extend a timeout, is not part of a record; and the detector knows nothing from before it.
func (r *Record) By(detector string, rhythm *Rhythm, t *Trial) {
	d, err := NewDetector(detector)
	if err != nil {
		return
	}
	seen := 0
	for i := range int(r.beats.n) {
		s := r.beats.at(i)
		if s.Missed && s.RTT == 0 {
			continue
		}
		timeout := rhythm.bound(estimate{timeout: d.Timeout(), mean: d.Mean(), samples: min(seen, startSamples)})
		if seen++; seen > startSamples {
			t.count(timeout, s.RTT > timeout)
		}
		d.Sample(min(s.RTT, timeout)) // as Heart.RoundTrip does
	}
}
