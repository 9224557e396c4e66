package habit

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
	"unsafe"

	"holter/model"
)

// between is the time between two looks of most tests.
const between = 5 * time.Second

// source gives the time from one message to the next. A stream ends with a negative one.
type source func(at time.Duration) time.Duration

// every is messages at a steady rate, with a tenth of jitter.
func every(d time.Duration, r *rand.Rand) source {
	return func(time.Duration) time.Duration { return d*9/10 + time.Duration(r.Int64N(int64(d/5)+1)) }
}

// until is a source that stops at a moment, and goes on at another.
func (s source) pause(from, to time.Duration) source {
	return func(at time.Duration) time.Duration {
		next := at + s(at)
		if next > from && next < to {
			next = to
		}
		return next - at
	}
}

// stream is a simulated connection.
type stream struct {
	habit Habit
	page  bool
	dead  bool // no byte comes that shows life
	late  model.Instant
	ways  [ways]flow
	found []found
}

type flow struct {
	next source
	last time.Duration // of the newest message
	then time.Duration // of the next, negative for none
}

type found struct {
	at time.Duration
	model.Stream
}

// told is the finding apart from its figures.
func (f *found) told() string {
	switch {
	case f.Quiet > 0 && f.Page:
		return "page stopped"
	case f.Quiet > 0 && f.Sent:
		return "stopped sending"
	case f.Quiet > 0:
		return "stopped"
	case f.Minutes > 0:
		return "stretched"
	case f.Back > 0:
		return "back"
	}
	return ""
}

// run looks at streams on one path for a while, each at its own moments.
func run(p *Path, length time.Duration, streams ...*stream) {
	for i, s := range streams {
		for w := range s.ways {
			f := &s.ways[w]
			if f.then = -1; f.next != nil {
				f.then = time.Duration(i) * 37 * time.Millisecond
			}
		}
	}
	for at := between; at < length; at += between {
		for i, s := range streams {
			s.look(p, at+time.Duration(i%50)*100*time.Millisecond)
		}
	}
}

// zero is the moment at which simulations begin.
const zero = model.Instant(time.Hour)

func (s *stream) look(p *Path, at time.Duration) {
	var read [ways]Reading
	for w := range s.ways {
		f := &s.ways[w]
		for f.then >= 0 && f.then <= at {
			if f.last > 0 {
				read[w].Pause = max(read[w].Pause, f.then-f.last)
			}
			f.last = max(f.then, 1)
			next := f.next(f.then)
			if f.then += next; next < 0 {
				f.then = -1
			}
		}
		if f.last > 0 {
			read[w].Last = zero + model.Instant(f.last)
		}
		read[w].Alive = !s.dead
	}
	now := found{at, s.habit.Look(zero+model.Instant(at), between, p, read, s.page, s.late)}
	before := found{}
	if n := len(s.found); n > 0 {
		before = s.found[n-1]
	}
	if now.told() != before.told() {
		s.found = append(s.found, now)
	}
}

// wants checks what was found, in order.
func (s *stream) wants(t *testing.T, what string, want ...string) {
	t.Helper()
	var got []string
	for i := range s.found {
		got = append(got, s.found[i].told())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: found %q, want %q: %+v", what, got, want, s.found)
	}
}

func TestHabitStaysSmall(t *testing.T) {
	if size := unsafe.Sizeof(Habit{}); size > 64 {
		t.Errorf("a habit has %d bytes", size)
	}
}

func TestStopAgainstTheHabit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, pace := range []time.Duration{20 * time.Millisecond, time.Second, 4 * time.Second, 30 * time.Second} {
		for w := range ways {
			s := &stream{}
			stop := max(time.Hour, 150*pace)
			s.ways[w].next = every(pace, r).pause(stop, stop+10*time.Minute)
			run(new(Path), stop+11*time.Minute, s)
			want := "stopped"
			if w == Out {
				want = "stopped sending"
			}
			s.wants(t, pace.String(), want, "back", "")
			if len(s.found) < 2 {
				continue
			}
			f := &s.found[0]
			if limit := 4*pace + 3*between; f.at-stop > limit || f.Quiet > limit || f.Longest > 2*pace || f.Usual > 2*pace {
				t.Errorf("%v: found after %v: %+v", pace, f.at-stop, f)
			}
			if back := s.found[1].Back; back < 10*time.Minute || back > 10*time.Minute+2*pace {
				t.Errorf("%v: it came back after %v", pace, back)
			}
		}
	}
}

// A stream that wavers needs to be known for longer, and is given more time.
func TestStopOfAWaveringStream(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	s := &stream{}
	s.ways[Out].next = source(func(time.Duration) time.Duration { return time.Duration(r.ExpFloat64() * float64(time.Second)) }).pause(time.Hour, 2*time.Hour)
	run(new(Path), 90*time.Minute, s)
	s.wants(t, "wavering", "stopped sending")
	if f := s.found; len(f) == 1 && f[0].at > time.Hour+2*time.Minute {
		t.Errorf("found after %v", f[0].at-time.Hour)
	}
}

// A usual pause is never longer than the longest, also where that has been forgotten meanwhile.
func TestUsualPauseIsAtMostTheLongest(t *testing.T) {
	w := new(way)
	for range 20 {
		w.learn(408)
	}
	for range 300 {
		w.learn(400)
	}
	if w.usual > w.longest {
		t.Errorf("usually %d ms, at most %d ms", w.usual, w.longest)
	}
}

// What has stopped has not come back because a pong was late, or the owner.
func TestStoppedUntilDataComes(t *testing.T) {
	for name, doubt := range map[string]func(s *stream, at time.Duration){
		"a pong was late":     func(s *stream, _ time.Duration) { s.dead = true },
		"the owner was late":  func(s *stream, at time.Duration) { s.late = zero + model.Instant(at) },
		"both of them, twice": func(s *stream, at time.Duration) { s.dead, s.late = true, zero+model.Instant(at) },
	} {
		r := rand.New(rand.NewPCG(19, 20))
		s := &stream{}
		s.ways[In].next = every(time.Second, r).pause(time.Hour, 2*time.Hour)
		for w := range s.ways {
			s.ways[w].then = -1
		}
		s.ways[In].then = 0
		p := new(Path)
		for at := between; at < 2*time.Hour+time.Minute; at += between {
			if s.dead = false; at == time.Hour+time.Minute || at == time.Hour+2*time.Minute {
				doubt(s, at)
			}
			s.look(p, at)
		}
		s.wants(t, name, "stopped", "back", "")
	}
}

// What does not show that it lives has another trouble.
func TestNothingIsFoundOfTheDead(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	s := &stream{dead: true}
	s.ways[In].next = every(time.Second, r).pause(time.Hour, 2*time.Hour)
	run(new(Path), 90*time.Minute, s)
	s.wants(t, "dead")
}

// Where the owner stood still, the quiet is its own: it is no stop, and no habit of the path to be learned.
func TestOwnerStoodStill(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	s, p := &stream{}, new(Path)
	s.ways[In].next = every(time.Second, r).pause(time.Hour, time.Hour+10*time.Minute).pause(2*time.Hour, 9*time.Hour)
	for w := range s.ways {
		s.ways[w].then = -1
	}
	s.ways[In].then = 0
	for at := between; at < 3*time.Hour; at += between {
		if at > time.Hour && at < time.Hour+11*time.Minute { // and is late for a minute more
			if at < time.Hour+10*time.Minute {
				continue
			}
			s.late = zero + model.Instant(at)
		}
		s.look(p, at)
	}
	s.wants(t, "late", "stopped")
	if f := s.found; len(f) == 1 && (f[0].at < 2*time.Hour || f[0].at > 2*time.Hour+time.Minute || f[0].Longest > 2*time.Second) {
		t.Errorf("%+v", f[0])
	}
	if w := &p.ways[In]; w.returns != 0 {
		t.Errorf("the path has learned %d rests", w.returns)
	}
}

// Requests and their answers stop together. The one that stopped first is at fault.
func TestWhoStoppedFirst(t *testing.T) {
	for first, want := range map[Way]string{In: "stopped", Out: "stopped sending"} {
		s := &stream{}
		for w := range ways {
			end := time.Hour
			if w != first {
				end += 3 * time.Second // an answer, or a request that is not answered any more
			}
			s.ways[w].next = source(func(time.Duration) time.Duration { return 2 * time.Second }).pause(end, 9*time.Hour)
		}
		run(new(Path), 2*time.Hour, s)
		s.wants(t, want, want)
	}
}

// One stream of many stops; the others flow on.
func TestStopOfOneAmongMany(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var all []*stream
	for i := range 12 {
		s := &stream{}
		s.ways[Out].next = every(time.Second*time.Duration(1+i%3), r)
		if i == 4 {
			s.ways[Out].next = s.ways[Out].next.pause(time.Hour, 9*time.Hour)
		}
		all = append(all, s)
	}
	run(new(Path), 2*time.Hour, all...)
	for i, s := range all {
		if i != 4 {
			s.wants(t, fmt.Sprint("stream ", i))
			continue
		}
		s.wants(t, "the one", "stopped sending")
		if len(s.found) == 1 && (s.found[0].Others != 11 || s.found[0].Flowing != 11 || s.found[0].at > time.Hour+time.Minute) {
			t.Errorf("%+v", s.found[0])
		}
	}
}

// On a path with many steady streams a new one needs less time to show its habit.
func TestNewStreamOnAKnownPath(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	p := new(Path)
	var all []*stream
	for range manySteady {
		s := &stream{}
		s.ways[In].next = every(time.Second, r)
		all = append(all, s)
	}
	run(p, time.Hour, all...)
	for _, others := range []int{manySteady, manySteady - 1} {
		want := "[]"
		if others == manySteady {
			want = "[stopped]"
		}
		for _, s := range all[others:] {
			s.habit.Leave()
		}
		late := &stream{}
		late.ways[In].next = every(time.Second, r).pause(3*time.Minute, time.Hour)
		for w := range late.ways {
			late.ways[w].then = -1
		}
		late.ways[In].then = 0
		for at := between; at < 4*time.Minute; at += between {
			late.look(p, at)
		}
		late.habit.Leave()
		var got []string
		for i := range late.found {
			got = append(got, late.found[i].told())
		}
		if fmt.Sprint(got) != want {
			t.Errorf("beside %d others: found %q, want %s", others, got, want)
		}
	}
}

// A hidden tab: first its timers run once a minute, then it comes to the front again.
func TestPageIsThrottled(t *testing.T) {
	for _, pace := range []time.Duration{time.Second, 5 * time.Second, 25 * time.Second, 30 * time.Second} {
		hidden, shown := 2*time.Hour, 3*time.Hour
		s := &stream{page: true}
		s.ways[In].next = func(at time.Duration) time.Duration {
			next := at + pace
			if next > hidden && next < shown {
				next = (next + time.Minute - 1).Truncate(time.Minute)
				if next == at {
					next += time.Minute
				}
			}
			return next - at
		}
		run(new(Path), 4*time.Hour, s)
		if pace >= 25*time.Second { // a minute is not yet a stop
			s.wants(t, pace.String(), "stretched", "")
		} else {
			s.wants(t, pace.String(), "page stopped", "stretched", "")
		}
		if n := len(s.found); n > 1 {
			if stretched := s.found[n-2].at; stretched > hidden+5*time.Minute {
				t.Errorf("%v: found after %v", pace, stretched-hidden)
			}
			if over := s.found[n-1].at; over < shown || over > shown+2*time.Minute {
				t.Errorf("%v: over at %v", pace, over)
			}
		}
	}
}

// Chromium first slows the timers of a hidden tab to one a second, and later, or soon, to one a minute.
func TestPageIsThrottledInSteps(t *testing.T) {
	for _, slow := range []time.Duration{3*time.Minute + 12*time.Second, 12 * time.Second} {
		hidden, shown := 30*time.Minute, time.Hour
		s := &stream{page: true}
		s.ways[In].next = func(at time.Duration) time.Duration {
			pace := 200 * time.Millisecond
			switch next := at + pace; {
			case next > hidden+slow && next < shown:
				return (at/time.Minute+1)*time.Minute - at
			case next > hidden && next < shown:
				pace = time.Second
			}
			return pace
		}
		run(new(Path), 70*time.Minute, s)
		s.wants(t, slow.String(), "page stopped", "back", "", "page stopped", "stretched", "")
	}
}

// A frozen tab sends nothing. A client that is no page is another thing.
func TestPageIsFrozen(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	s := &stream{page: true}
	s.ways[In].next = every(5*time.Second, r).pause(time.Hour, 2*time.Hour)
	run(new(Path), 2*time.Hour+time.Minute, s)
	s.wants(t, "frozen", "page stopped", "back", "")

	s = &stream{}
	s.ways[In].next = every(time.Minute, r)
	run(new(Path), 3*time.Hour, s)
	s.wants(t, "a minute is its own rhythm")
}

// After a stream has rested once for long, or twice, a rest is its habit.
func TestRestsAreAHabit(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	p := new(Path)
	day := 24 * time.Hour
	s := &stream{}
	s.ways[Out].next = every(time.Second, r).pause(17*time.Hour, day+9*time.Hour).pause(day+17*time.Hour, 2*day+9*time.Hour).pause(2*day+17*time.Hour, 9*day)
	run(p, 3*day, s)
	s.wants(t, "three evenings", "stopped sending", "back", "")
}

func BenchmarkLook(b *testing.B) {
	r := rand.New(rand.NewPCG(13, 14))
	p, s := new(Path), &stream{}
	s.ways[In].next = every(time.Second, r)
	run(p, time.Hour, s)
	now := zero + model.Instant(time.Hour)
	read := [ways]Reading{In: {Pause: time.Second, Alive: true}}
	b.ReportAllocs()
	for b.Loop() {
		now += model.Instant(between)
		read[In].Last = now - model.Instant(time.Second)
		s.habit.Look(now, between, p, read, false, 0)
	}
}
