package api

import (
	"testing"
	"time"
)

const second = time.Second

func TestPaceOfAQuickLine(t *testing.T) {
	p := pace{pause: usualPause}
	p.began(10e6, second/4) // a reader that is busy with reading
	for range 100 {
		if p.midway(100e6, 4*second) || p.judge(second/10, second/100) {
			t.Fatal("asked anew")
		}
	}
	if p.accept() != "gzip" || p.path() != "/api/v1/snapshots?every_ms=250" {
		t.Errorf("asks for %s, %s", p.path(), p.accept())
	}
}

func TestPaceOfASlowLine(t *testing.T) {
	p := pace{pause: usualPause}
	p.began(500e3, second/100)
	if p.squeeze || !p.midway(50e3, 6*second/10) || p.accept() != "gzip, identity;q=0" {
		t.Error("what comes slowly need not be compressed")
	}
	if p.midway(50e3, 6*second/10) {
		t.Error("asked for the same anew")
	}
	if p.judge(4*second, 3*second) || p.judge(second, second) {
		t.Error("asked anew, although only one picture was on the way")
	}
	if !p.judge(4*second, second) || p.pause != second*3/2 {
		t.Errorf("others were on the way: a picture each %v", p.pause)
	}
	if !p.judge(4*second, second) || p.pause != 3*second {
		t.Errorf("there still are: a picture each %v", p.pause)
	}
	for range 10 {
		p.judge(3600*second, second)
	}
	if p.pause != longestPause {
		t.Errorf("a picture each %v", p.pause)
	}
}

// When the line has become quick, pictures come more often, step by step.
func TestPaceRecovers(t *testing.T) {
	p := pace{pause: second}
	var anew []time.Duration
	for range 100 {
		if p.judge(second/10, second/100) {
			anew = append(anew, p.pause)
		}
	}
	if len(anew) != 2 || anew[0] != second/2 || anew[1] != usualPause {
		t.Errorf("asked anew for a picture each %v", anew)
	}
}

func TestClock(t *testing.T) {
	var c clock
	here := func(s float64) time.Time { return at.Add(time.Duration(s * 1e9)) }
	there := func(s float64) time.Time { return here(s - 3600) } // its clock is an hour behind
	age := func(what string, then, now time.Time, want time.Duration) {
		t.Helper()
		if got := c.age(then, now).Round(time.Millisecond); got != want {
			t.Errorf("%s: %v old, want %v", what, got, want)
		}
	}
	age("nothing is known", there(0), here(1), 0)
	c.heard(there(0), here(2))
	age("a slow one", there(1), here(4), second)
	c.asked(here(5), there(5.1), here(5.2))
	age("now it is known better", there(6), here(9), 2900*time.Millisecond)
	c.heard(there(10), here(20))
	age("a late one says nothing of the clock", there(10), here(20), 9900*time.Millisecond)

	there = func(s float64) time.Time { return here(s - 3700) } // it was set back
	age("before it is noticed", there(30), here(30), 100*second-100*time.Millisecond)
	c.asked(here(40), there(40), here(40.2))
	age("after that", there(41), here(42), 800*time.Millisecond)
}

// A picture counts while the next is coming in, however slowly.
func TestAlbumKeepsAnOldPictureOfASlowLine(t *testing.T) {
	a := newAlbum()
	s := crowd(1)
	s.Time = at
	a.put(s, usualPause, at)
	a.note(at.Add(20 * second))
	got, err := a.get(t.Context(), at.Add(24*second))
	if err != nil || got.Age != 24*second {
		t.Errorf("%v old, error %v", got.Age, err)
	}
	if _, err := a.get(t.Context(), at.Add(26*second)); err != errStale {
		t.Errorf("nothing comes in: error %v", err)
	}
}
