package hub

import (
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

// A long lapse has an event of its own, at once. Short ones share one, so that a machine which starves all the time does not
// fill the log.
func TestLapsesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		lapse := func(d time.Duration) { h.lapses.add(lapse{h.now(), d}) }
		told := func() (list []model.Lateness) {
			for _, e := range events(h) {
				if e.Type == model.HostLate {
					list = append(list, *e.Late)
				}
			}
			return list
		}
		lapse(5 * time.Second)
		time.Sleep(400 * ms)
		if all := told(); len(all) != 1 || all[0].For != 5*time.Second || all[0].Times != 1 || all[0].Kind != model.LateUnknown {
			t.Fatalf("%+v", all)
		}
		for range 50 {
			lapse(150 * ms)
			time.Sleep(200 * ms)
		}
		all := told()
		if len(all) != 2 || all[1].For != 150*ms || all[1].Times < 40 || all[1].Total != time.Duration(all[1].Times)*150*ms {
			t.Errorf("after 10 s of short ones: %+v", all)
		}
		lapse(2 * time.Second)
		time.Sleep(400 * ms)
		if n := len(told()); n != 3 {
			t.Errorf("a long one waits: %d events", n)
		}
	})
}

// A clock that is set is no lateness where the platform tells how long the machine slept. Otherwise the two cannot be told
// apart.
func TestPassing(t *testing.T) {
	h, _ := start(t, quick())
	base := time.Now()
	set := base.Add(50 * ms).Round(0).Add(time.Hour) // without a reading of the monotonic clock
	if late := (&passing{halt: h.o.Halt, before: base}).beyond(set, 50*ms); late < time.Hour {
		t.Errorf("late by %v", late)
	}
}
