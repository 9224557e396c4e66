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

// A clock of the day that is set is no lateness where the platform tells how long the machine slept. Elsewhere the two
// cannot be told apart.
func TestPassed(t *testing.T) {
	for _, test := range []struct {
		monotonic, day, slept time.Duration
		known                 bool
		want                  time.Duration
	}{
		{50 * ms, 50 * ms, 0, true, 50 * ms},
		{50 * ms, time.Hour, 0, true, 50 * ms},                   // set
		{50 * ms, -time.Hour, 0, true, 50 * ms},                  // set back
		{50 * ms, time.Hour, time.Hour, true, time.Hour + 50*ms}, // slept
		{50 * ms, time.Hour, 0, false, time.Hour},                // either
		{50 * ms, -time.Hour, 0, false, 50 * ms},
		{400 * ms, 50 * ms, 0, true, 400 * ms},
	} {
		if got := passed(test.monotonic, test.day, test.slept, test.known); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}
