package heart

import (
	"strings"
	"sync"
	"testing"
	"time"

	"holter/model"
)

// onTime runs the scheduler for a while without lateness, and returns when it ran last.
func (l *Lateness) onTime(now model.Instant, d time.Duration) model.Instant {
	for end := now + model.Instant(d); now < end; {
		now += model.Instant(SchedulerPause)
		l.Observe(now, 0)
	}
	return now
}

func TestZeroLatenessIsOnTime(t *testing.T) {
	var l Lateness
	if l.Factor() != 1 || l.VoidBefore() != 0 || l.Overdue(1000*second) || l.Void(1, 2) {
		t.Error("late before the first run")
	}
}

func TestLatenessVoidsOpenBeats(t *testing.T) {
	tests := []struct {
		name   string
		gap    time.Duration // to the run before
		lateBy time.Duration // as the scheduler says
		void   bool
	}{
		{"on time", 50 * ms, 0, false},
		{"a little late", 150 * ms, 100 * ms, false},
		{"late", 50 * ms, 101 * ms, true},
		{"slept, and the timer does not know", 151 * ms, 0, true},
		{"wall clock jumped", 50 * ms, time.Hour, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var l Lateness
			now := l.onTime(second, time.Second)
			sent := now
			now += model.Instant(test.gap)
			l.Observe(now, test.lateBy)
			if got := l.Void(sent, now); got != test.void {
				t.Errorf("a beat of before is void: %v", got)
			}
			if l.Void(now, now+1) {
				t.Error("a beat of later is void")
			}
			if d := l.diagnosis.Load(); test.void && (d.Cause != model.CauseHostBusy || !strings.Contains(d.Detail, "holter itself was late by")) {
				t.Errorf("diagnosis %+v", d)
			}
		})
	}
}

// A reader must not use a round trip that the scheduler will make void only at its next run.
func TestReadersSeeALatenessThatIsNotOver(t *testing.T) {
	var l Lateness
	now := l.onTime(second, time.Second)
	if l.Void(now, now+model.Instant(150*ms)) {
		t.Error("void while the scheduler may still be on time")
	}
	if !l.Void(now, now+model.Instant(151*ms)) {
		t.Error("not void although the scheduler is overdue")
	}
}

func TestFactorGrowsWithLatenessAndDecays(t *testing.T) {
	var l Lateness
	now := l.onTime(second, time.Second)
	late := func() {
		now += model.Instant(200 * ms)
		l.Observe(now, 150*ms)
	}
	for i, want := range []int{1, 2, 3, 4, 5, 6, 7, 8, 8, 8} {
		late()
		if got := l.Factor(); got != want {
			t.Fatalf("factor %d after %d times late, want %d", got, i+1, want)
		}
	}
	now = l.onTime(now, calmSpan)
	if got := l.Factor(); got != 7 {
		t.Errorf("factor %d after one calm span, want 7", got)
	}
	now = l.onTime(now, 5*calmSpan)
	if got := l.Factor(); got != 2 {
		t.Errorf("factor %d after six calm spans, want 2", got)
	}
	late() // starts the calm again
	now = l.onTime(now, calmSpan-2*SchedulerPause)
	if got := l.Factor(); got != 3 {
		t.Errorf("factor %d after a relapse, want 3", got)
	}
	l.onTime(now, 10*calmSpan)
	if got := l.Factor(); got != 1 {
		t.Errorf("factor %d in the end, want 1", got)
	}
}

func TestLatenessIsReadWhileTheSchedulerRuns(t *testing.T) {
	var l Lateness
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for at := model.Instant(1); at < 1000; at++ {
				l.Void(at, at+1)
				if f := l.Factor(); f < 1 || f > maxFactor {
					t.Errorf("factor %d", f)
				}
				if l.VoidBefore() > 0 && l.diagnosis.Load() == nil {
					t.Error("late without a reason")
				}
			}
		})
	}
	for i := range model.Instant(1000) {
		l.Observe(second+i*model.Instant(120*ms), time.Duration(i%3)*100*ms)
	}
	readers.Wait()
}

func TestWhatLatenessTouches(t *testing.T) {
	var l Lateness
	now := l.onTime(second, time.Second)
	before := now
	now += model.Instant(5 * time.Second)
	if got := l.Touched(before, now); got != 5*time.Second-SchedulerPause {
		t.Errorf("%v while the scheduler has not run yet", got)
	}
	l.Observe(now, 0)
	end := now
	if got := l.Touched(before, now); got != 5*time.Second-SchedulerPause {
		t.Errorf("%v", got)
	}
	if got := l.Touched(end, now); got != 0 {
		t.Errorf("%v after it", got)
	}
	for range 100 {
		now += model.Instant(200 * ms)
		l.Observe(now, 150*ms)
	}
	if got := l.Touched(now-model.Instant(500*ms), now); got != 450*ms {
		t.Errorf("%v of three", got)
	}
	if n := len(*l.lapses.Load()); n != mostLapses {
		t.Errorf("%d are kept", n)
	}
}
