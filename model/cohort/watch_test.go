package cohort

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"holter/model"
)

// scene is ends, and connections that stay, as a Watch sees them.
type scene struct {
	*rand.Rand
	ends   []End
	living []Living
	until  time.Duration
	asleep struct{ from, to time.Duration } // there is no Tick in between
}

func newScene(seed uint64) *scene { return &scene{Rand: rand.New(rand.NewPCG(seed, 7))} }

func (s *scene) between(from, to time.Duration) time.Duration {
	return from + time.Duration(s.Float64()*float64(to-from))
}

// jitter is what timers and schedulers add.
func (s *scene) jitter() time.Duration { return s.between(0, 4*time.Millisecond) }

// end is a cut at a moment of a connection that is busy: all clocks of silence are short.
func (s *scene) end(at, age time.Duration) *End {
	id := model.ID(len(s.ends) + 1)
	e := End{
		ID: id, At: model.Instant(at), Code: 1006, By: model.ByNetwork,
		Peer: Peer{
			Via: netip.AddrFrom4([4]byte{192, 0, 2, byte(id)}), Address: netip.AddrFrom4([4]byte{192, 0, 2, byte(id)}),
			Client: fmt.Sprint("client-", id), Path: "/ws", Agent: "peer/1",
		},
	}
	silence := s.between(0, min(age, time.Second))
	e.Clocks = Clocks{Silence: silence, SilenceIn: silence, SilenceOut: silence, Data: silence, Age: age}
	s.ends = append(s.ends, e)
	s.until = max(s.until, at)
	return &s.ends[len(s.ends)-1]
}

// silent sets all silences of an end.
func (e *End) silent(d time.Duration) *End {
	for _, c := range []Clock{Silence, SilenceIn, SilenceOut, Data} {
		e.Clocks[c] = d
	}
	return e
}

func (e *End) through(via string) *End {
	e.Via = netip.MustParseAddr(via)
	e.Address = e.Via
	return e
}

func (e *End) proxied() *End {
	e.Forwarded = true
	return e
}

func (e *End) told(code int, by model.Closer) *End {
	e.Manner, e.Code, e.By = Told, code, by
	return e
}

// stay opens connections that live.
func (s *scene) stay(n int, opened model.Instant, via string) {
	a := netip.MustParseAddr(via)
	for range n {
		s.living = append(s.living, Living{Opened: opened, Peer: Peer{Via: a, Address: a, Path: "/ws", Agent: "peer/1"}})
	}
}

func (s *scene) open(now model.Instant) iter.Seq[Living] {
	return func(yield func(Living) bool) {
		for _, l := range s.living {
			if l.Clocks[Age] == 0 {
				l.Clocks[Age] = time.Duration(now - l.Opened)
			}
			if !yield(l) {
				return
			}
		}
	}
}

// outcome is what a Watch has made of a scene.
type outcome struct {
	*Watch
	causes  map[model.ID]model.Cause // the last one of each end
	at      map[model.ID]bool        // named when it came
	found   []model.Cohort
	longest time.Duration // of a Tick
}

// play shows a scene to a Watch, with a Tick in each bin.
func (s *scene) play() *outcome {
	slices.SortStableFunc(s.ends, func(a, b End) int { return cmp.Compare(a.At, b.At) })
	o := &outcome{Watch: NewWatch(time.Unix(0, 0)), causes: map[model.ID]model.Cause{}, at: map[model.ID]bool{}}
	counted := map[model.ID]int{} // how often each is one of a cohort for the first time
	i := 0
	for now := model.Instant(bin); time.Duration(now) < s.until+10*time.Second; now += model.Instant(bin) {
		if s.asleep.from < time.Duration(now) && time.Duration(now) < s.asleep.to {
			continue
		}
		for ; i < len(s.ends) && s.ends[i].At < now; i++ {
			if d := o.Add(&s.ends[i]); d != nil {
				o.causes[s.ends[i].ID], o.at[s.ends[i].ID] = d.Cause, true
				if d.Cause.ByCohort() {
					counted[s.ends[i].ID]++
				}
			}
		}
		began := time.Now()
		news := o.Tick(now, nil)
		if news.Look {
			more := o.Tick(now, s.open(now))
			news.Named, news.Found = append(news.Named, more.Named...), append(news.Found, more.Found...)
			if more.Look {
				panic("it asks again")
			}
		}
		o.longest = max(o.longest, time.Since(began))
		for _, n := range news.Named {
			o.causes[n.ID] = n.Diagnosis.Cause
			if n.First {
				counted[n.ID]++
			}
		}
		o.found = append(o.found, news.Found...)
	}
	for id, cause := range o.causes {
		if n := counted[id]; cause.ByCohort() && n != 1 {
			panic(fmt.Sprintf("end %d counts %d times", id, n))
		}
	}
	return o
}

// the is the only cohort.
func (o *outcome) the(t *testing.T) model.Cohort {
	t.Helper()
	all := o.Cohorts()
	if len(all) != 1 {
		t.Fatalf("%d cohorts: %+v", len(all), all)
	}
	return all[0]
}

func (o *outcome) named(cause model.Cause) (n int) {
	for _, c := range o.causes {
		if c == cause {
			n++
		}
	}
	return n
}

// Three teach, those before get their cause too, and each later one has it at once.
func TestIdleCut(t *testing.T) {
	s := newScene(1)
	for i := range 14 {
		s.end(time.Duration(100+37*i)*time.Second, s.between(time.Minute, time.Hour)).silent(time.Minute + s.jitter())
	}
	s.end(400*time.Second, 10*time.Minute)
	o := s.play()
	c := o.the(t)
	if c.Kind != model.CohortSilence || c.Cause != model.CauseIdleCut || c.Count != 14 || c.Of != 15 ||
		c.Length.Round(100*time.Millisecond) != time.Minute || c.Spread > 10*time.Millisecond || c.Chance > 1e-6 {
		t.Errorf("%+v", c)
	}
	if o.named(model.CauseIdleCut) != 14 || len(o.causes) != 14 || len(o.at) != 11 {
		t.Errorf("%v, at once %v", o.causes, o.at)
	}
	if !strings.Contains(c.Detail, "14 of 15") || !strings.Contains(c.Detail, "60.0 s") || !strings.Contains(c.Detail, "nginx") || !strings.Contains(c.Detail, "Beat more often") {
		t.Error(c.Detail)
	}
}

// A box that counts data alone lets pings pass and cuts all the same.
func TestDataSilenceIsKeptApart(t *testing.T) {
	s := newScene(2)
	for i := range 8 {
		e := s.end(time.Duration(100+37*i)*time.Second, s.between(time.Minute, time.Hour)).silent(s.between(0, 5*time.Second))
		e.Clocks[Data] = 30*time.Second + s.jitter()
	}
	c := s.play().the(t)
	if c.Kind != model.CohortData || c.Cause != model.CauseIdleCut || c.Count != 8 || !strings.Contains(c.Detail, "Pings do not count") {
		t.Errorf("%+v", c)
	}
}

// A box may count what comes from one end alone.
func TestSilenceOfOneDirection(t *testing.T) {
	for clock, kind := range map[Clock]model.CohortKind{SilenceIn: model.CohortSilenceIn, SilenceOut: model.CohortUnheard} {
		s := newScene(3)
		for i := range 8 {
			e := s.end(time.Duration(100+37*i)*time.Second, s.between(time.Minute, time.Hour)).silent(s.between(time.Second, 10*time.Second))
			e.Clocks[clock] = 45*time.Second + s.jitter()
		}
		if c := s.play().the(t); c.Kind != kind || c.Cause != model.CauseIdleCut {
			t.Errorf("%+v", c)
		}
	}
}

func TestAgeCut(t *testing.T) {
	s := newScene(4)
	for i := range 6 {
		s.end(time.Duration(4000+100*i)*time.Second, time.Hour+s.jitter())
	}
	o := s.play()
	if c := o.the(t); c.Kind != model.CohortAge || c.Cause != model.CauseAgeCut || o.named(model.CauseAgeCut) != 6 || !strings.Contains(c.Detail, "60.0 min") {
		t.Errorf("%+v", c)
	}
}

// Connections that have never said anything have the same age and silence. That is told, and not named, until others have
// outlived the one or the other.
func TestSilenceFromTheBeginningIsAmbiguous(t *testing.T) {
	mute := func(seed uint64) *scene {
		s := newScene(seed)
		for i := range 6 {
			d := 20*time.Second + s.jitter()
			s.end(time.Duration(100+7*i)*time.Second, d).silent(d)
		}
		return s
	}
	o := mute(5).play()
	if c := o.the(t); c.Cause != model.CauseUnknown || c.Count != 6 || o.named(model.CauseUnknown) != 6 || !strings.Contains(c.Detail, "cannot tell apart") {
		t.Errorf("%+v, %v", c, o.causes)
	}

	s := mute(6)
	s.stay(survivors, 1, "192.0.2.9")
	if c := s.play().the(t); c.Cause != model.CauseIdleCut {
		t.Errorf("others are older: %+v", c)
	}

	s = mute(7)
	s.stay(survivors, 1, "192.0.2.9")
	for i := range s.living {
		s.living[i].Clocks = Clocks{Silence: time.Hour, SilenceIn: time.Hour, SilenceOut: time.Hour, Data: time.Hour, Age: time.Second}
	}
	if c := s.play().the(t); c.Cause != model.CauseAgeCut {
		t.Errorf("others are silent for longer: %+v", c)
	}

	s = mute(8)
	for i := range 4 {
		s.end(time.Duration(200+7*i)*time.Second, s.between(time.Minute, time.Hour)).silent(20*time.Second + s.jitter())
	}
	o = s.play()
	if c := o.the(t); c.Cause != model.CauseIdleCut || c.Count != 10 || o.named(model.CauseIdleCut) != 10 {
		t.Errorf("older ones are cut as well: %+v", c)
	}
}

// shut makes ends by the application, each at its moment.
func (s *scene) shut(n int, change func(*End)) {
	for i := range n {
		e := s.end(time.Duration(100+7*i)*time.Second, s.between(time.Minute, time.Hour)).silent(s.between(0, 2*time.Second)).told(1006, model.ByApp)
		e.Manner = Shut
		change(e)
	}
}

// An application that closes connections itself, after a time without a message or at an age, is told as one cohort. Nothing on
// the way has cut them, so they have no cause, also when the limit is known better and when ends join it late.
func TestCutsOfTheApplication(t *testing.T) {
	s := newScene(50)
	s.shut(36, func(e *End) { e.Clocks[Data] = 7*time.Second + s.jitter() })
	o := s.play()
	c := o.the(t)
	if c.Kind != model.CohortData || c.Cause != "" || c.Count != 36 || c.Of != 36 || len(o.causes) > 0 ||
		!strings.HasPrefix(c.Detail, "Your application closes connections after 7.0 s ± ") ||
		!strings.Contains(c.Detail, "without a message, whatever pings passed, all from 192.0.2.0/24, all on /ws, without a close frame: 36 of the 36 that it closed.") ||
		!strings.Contains(c.Detail, "more often than every 7.0 s") {
		t.Errorf("%+v", c)
	}

	s = newScene(51)
	s.shut(25, func(e *End) { e.Clocks[Age] = 12*time.Second + s.jitter() })
	if c := s.play().the(t); c.Kind != model.CohortAge || c.Cause != "" || c.Count != 25 || !strings.HasPrefix(c.Detail, "Your application closes connections 12.0 s ± ") {
		t.Errorf("%+v", c)
	}

	s = newScene(52) // with a close frame, and a farewell just before
	s.shut(20, func(e *End) {
		e.told(4408, model.ByApp).silent(time.Millisecond).Manner = Shut
		e.Clocks[SilenceIn] = 30*time.Second + s.jitter()
	})
	if c := s.play().the(t); c.Kind != model.CohortSilenceIn || c.Count != 20 || !strings.Contains(c.Detail, "closed with 4408 by app") {
		t.Errorf("%+v", c)
	}

	s = newScene(56) // behind holter
	s.shut(12, func(e *End) {
		e.told(1011, model.ByPeer).Side = model.UpstreamSide
		e.Manner = Told
		e.Clocks[Data] = 20*time.Second + s.jitter()
	})
	if c := s.play().the(t); c.Kind != model.CohortData || c.Cause != "" || c.Count != 12 || !strings.HasPrefix(c.Detail, "The upstream closes connections after 20.0 s") || !strings.Contains(c.Detail, "closed with 1011 by app") {
		t.Errorf("%+v", c)
	}
	s = newScene(57) // what a client closes is its own affair
	s.shut(12, func(e *End) {
		e.told(1000, model.ByPeer).Manner = Told
		e.Clocks[Data] = 20*time.Second + s.jitter()
	})
	if all := s.play().Cohorts(); len(all) > 0 {
		t.Errorf("%+v", all)
	}

	s = newScene(53)
	s.shut(8, func(e *End) { e.silent(7*time.Second + s.jitter()).Clocks[Age] = e.Clocks[Data] })
	if c := s.play().the(t); c.Cause != model.CauseUnknown || c.Count != 8 || !strings.Contains(c.Detail, "cannot tell these apart") {
		t.Errorf("%+v", c)
	}
	s.shut(8, func(e *End) { e.At += model.Instant(3 * time.Minute); e.silent(7*time.Second + s.jitter()) })
	s.until += 3 * time.Minute
	if o := s.play(); o.the(t).Cause != "" || o.the(t).Count != 16 || len(o.causes) > 0 {
		t.Errorf("%+v", o.the(t))
	}
}

// What the application closes says nothing of what is on the way, and the other way round.
func TestCutsOfTheApplicationAreKeptApart(t *testing.T) {
	s := newScene(54)
	s.shut(2, func(e *End) { e.silent(30*time.Second + s.jitter()) })
	for i := range 2 {
		s.end(time.Duration(300+37*i)*time.Second, s.between(time.Minute, time.Hour)).silent(30*time.Second + s.jitter())
	}
	if all := s.play().Cohorts(); len(all) > 0 {
		t.Errorf("%+v", all)
	}
	s = newScene(55)
	s.shut(10, func(e *End) { e.silent(30*time.Second + s.jitter()) })
	for i := range 10 {
		s.end(time.Duration(300+37*i)*time.Second, s.between(time.Minute, time.Hour)).silent(30*time.Second + s.jitter())
	}
	o := s.play()
	if all := o.Cohorts(); len(all) != 2 || all[0].Count != 10 || all[1].Count != 10 || all[0].Cause != "" || all[1].Cause != model.CauseIdleCut || o.named(model.CauseIdleCut) != 10 {
		t.Errorf("%+v", all)
	}
}

// Applications close connections at any time for reasons of their own.
func TestRandomEndsByTheApplicationAreNoCohort(t *testing.T) {
	for seed := range seeds() {
		s := newScene(60 + seed)
		s.shut(500, func(e *End) {
			e.Clocks[Age] = s.between(2*time.Second, time.Hour)
			e.Clocks[Data] = s.between(0, 30*time.Second)
		})
		if all := s.play().Cohorts(); len(all) > 0 {
			t.Errorf("seed %d: %+v", seed, all[0])
		}
	}
}

// Ends beside each other have nothing in common, whatever their ages are like.
func TestRandomEndsAreNoCohort(t *testing.T) {
	kinds := map[string]func(*scene) time.Duration{
		"any age up to an hour": func(s *scene) time.Duration { return s.between(2*time.Second, time.Hour) },
		"half of each age's":    func(s *scene) time.Duration { return time.Duration(s.ExpFloat64() * float64(2*time.Minute)) },
		"mostly short": func(s *scene) time.Duration {
			return time.Duration(math.Exp(s.NormFloat64()*1.5) * float64(20*time.Second))
		},
		"about ten minutes": func(s *scene) time.Duration {
			return time.Duration((1 + 0.05*s.NormFloat64()) * float64(10*time.Minute))
		},
	}
	for name, age := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range seeds() {
				s := newScene(100 + seed)
				for at := time.Hour; len(s.ends) < 1000; at += time.Duration(s.ExpFloat64() * float64(400*time.Millisecond)) {
					a := age(s)
					e := s.end(at, a).silent(s.between(0, min(a, 30*time.Second)))
					e.Clocks[Data] = s.between(e.Clocks[Silence], min(a, 10*time.Minute)+1)
				}
				s.stay(500, 1, "192.0.2.9")
				if all := s.play().Cohorts(); len(all) > 0 {
					t.Errorf("seed %d: %d cohorts, the first %+v", seed, len(all), all[0])
				}
			}
		})
	}
}

// long reports whether all that takes long is asked for.
func long() bool { return os.Getenv("HOLTER_E2E_LONG") != "" }

// seeds is how many seeds are tried where each takes long.
func seeds() uint64 {
	if long() {
		return 5
	}
	return 1
}

// A million ends in an hour, each at another age, of another client, from another address and on another path: no cohort, and
// no more memory than the ends that are kept. Unless all is asked for, six minutes of it.
func TestMillionEnds(t *testing.T) {
	n := 100_000
	if long() {
		n = 1_000_000
	}
	w, r := NewWatch(time.Unix(0, 0)), rand.New(rand.NewPCG(9, 9))
	e := newScene(9).end(0, 0)
	memory := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, began := memory(), time.Now()
	next := model.Instant(bin)
	for i := range n {
		e.ID, e.At = model.ID(i), model.Instant(i)*model.Instant(3600*time.Microsecond)
		e.Client = "client-" + strconv.Itoa(i)
		e.Path, e.Agent = "/"+e.Client, e.Client
		e.Via = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		e.Address = e.Via
		age := time.Duration(r.Int64N(int64(2 * time.Hour)))
		e.silent(time.Duration(r.Int64N(int64(min(age, time.Minute) + 1))))
		e.Clocks[Age] = age
		for ; next < e.At; next += model.Instant(bin) {
			news := w.Tick(next, nil)
			if news.Look {
				news = w.Tick(next, none)
			}
			if len(news.Found) > 0 {
				t.Fatalf("after %d: %+v", i, news.Found[0])
			}
		}
		w.Add(e)
	}
	grown := int64(memory()) - int64(before)
	if grown > 8<<20 {
		t.Errorf("%d bytes more", grown)
	}
	t.Logf("%v for %v, %d KB", time.Since(began), time.Duration(e.At).Round(time.Minute), grown>>10)
	runtime.KeepAlive(w)
}

func none(func(Living) bool) {}

// All that came through one address end at one moment, whatever their age and silence.
func TestProxyReload(t *testing.T) {
	s := newScene(10)
	s.stay(488, 1, "10.0.3.8")
	for range 412 {
		s.end(time.Hour+s.between(0, 1900*time.Millisecond), s.between(2*time.Second, time.Hour)).silent(s.between(0, 5*time.Second)).through("10.0.3.7")
	}
	for i := range 40 {
		s.end(time.Duration(60+i*100)*time.Second, s.between(0, time.Minute))
	}
	o := s.play()
	c := o.the(t)
	if c.Kind != model.CohortMoment || c.Cause != model.CauseProxyReload || c.Count != 412 || c.Of != 900 || o.named(model.CauseProxyReload) != 412 || len(o.causes) != 412 {
		t.Errorf("%+v", c)
	}
	if !strings.HasPrefix(c.Detail, "412 of 900 connections ended within 1.9 s, all through 10.0.3.7, all on /ws, at different ages") {
		t.Error(c.Detail)
	}
}

// A moment is no reload if others that came the same way live on, if all are as old, or if one client had them all.
func TestMomentsWithoutACause(t *testing.T) {
	burst := func(seed uint64, change func(s *scene, e *End)) *scene {
		s := newScene(seed)
		for range 30 {
			e := s.end(time.Hour+s.between(0, 50*time.Millisecond), s.between(2*time.Second, time.Hour)).silent(s.between(0, 5*time.Second)).through("10.0.3.7")
			change(s, e)
		}
		return s
	}
	spared := burst(11, func(*scene, *End) {})
	spared.stay(30, 1, "10.0.3.7")
	for name, s := range map[string]*scene{
		"others live on":          spared,
		"all opened together":     burst(12, func(s *scene, e *End) { e.Clocks[Age] = time.Minute + s.between(0, 50*time.Millisecond) }),
		"all silent together":     burst(13, func(s *scene, e *End) { e.silent(time.Minute + s.between(0, 50*time.Millisecond)) }),
		"one client":              burst(14, func(_ *scene, e *End) { e.Client = "ann" }),
		"with frames of a client": burst(15, func(_ *scene, e *End) { e.told(1001, model.ByPeer) }),
		"by the application":      burst(16, func(_ *scene, e *End) { e.told(1012, model.ByApp).Manner = Shut }),
	} {
		cause := model.CauseUnknown
		if name == "by the application" { // which is no question
			cause = ""
		}
		o := s.play()
		if c := o.the(t); c.Kind != model.CohortMoment || c.Cause != cause || c.Count != 30 || o.named(model.CauseProxyReload) > 0 {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// Clients that came back together after one reload are about as old at the next one. An age limit would have cut them as far
// apart as they opened.
func TestReloadOfClientsThatCameBackTogether(t *testing.T) {
	for seed := range uint64(5) {
		s := newScene(330 + seed)
		for range 12 {
			age := 127*time.Second + s.between(-time.Second, time.Second)
			s.end(time.Hour+s.between(0, time.Millisecond), age).silent(s.between(0, time.Second)).through("127.0.0.1").proxied()
		}
		s.stay(4, 1, "127.0.0.1") // directly, as no header names another client
		if c := s.play().the(t); c.Cause != model.CauseProxyReload || c.Count != 12 {
			t.Errorf("seed %d: %+v", seed, c)
		}
	}
	s := newScene(336)
	for range 12 {
		opened := s.between(0, 1500*time.Millisecond)
		s.end(time.Hour+opened, 127*time.Second+s.jitter()).silent(s.between(0, time.Second)).through("127.0.0.1")
	}
	if c := s.play().the(t); c.Cause != model.CauseAgeCut {
		t.Errorf("a lifetime: %+v", c)
	}
}

// A load that begins is no moment.
func TestSteadyRateIsNoMoment(t *testing.T) {
	s := newScene(17)
	for at := time.Hour; at < time.Hour+time.Minute; at += time.Duration(s.ExpFloat64() * float64(10*time.Millisecond)) {
		s.end(at, s.between(0, time.Minute))
	}
	if all := s.play().Cohorts(); len(all) > 0 {
		t.Errorf("%+v", all[0])
	}
}

func TestSuspicionsOfOneMoment(t *testing.T) {
	s := newScene(18)
	s.stay(70, 1, "10.1.1.1") // those that are suspected among them
	for i := range 20 {
		e := s.end(time.Hour+s.between(0, time.Second), s.between(time.Minute, time.Hour))
		e.Manner, e.Cause, e.Address = Suspected, model.CausePathDown, netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})
	}
	c := s.play().the(t)
	if c.Kind != model.CohortSuspects || c.Cause != model.CausePathDown || c.Count != 20 || c.Of != 70 || !strings.Contains(c.Detail, "all from 203.0.113.0/24") {
		t.Errorf("%+v", c)
	}
}

// fallSilent makes suspicions of n peers that all fell silent at a moment, each at the beat after it. Beats are as far apart
// as every, to within a tenth.
func (s *scene) fallSilent(n int, at, every time.Duration, change func(*End)) {
	for range n {
		interval := s.between(every*9/10, every*11/10)
		last := at - s.between(0, interval) // pong
		e := s.end(last+interval+s.between(600*time.Millisecond, 1100*time.Millisecond), s.between(time.Minute, time.Hour))
		e.Manner, e.Cause = Suspected, model.CausePathDown
		e.silent(time.Duration(e.At) - last)
		change(e)
	}
}

// However far apart the beats are, those that fall silent at one moment are one cohort, with those whose beat comes last.
func TestSuspicionsOfOneMomentAreOneCohort(t *testing.T) {
	direct := func(e *End) { e.Via = e.Address }
	for _, every := range []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second} {
		runs, split, missed, incomplete := 40, 0, 0, 0
		for seed := range runs {
			s := newScene(uint64(400 + seed))
			s.stay(90, 1, "10.1.1.1")
			s.fallSilent(60, time.Hour, every, direct)
			s.until += 10 * time.Second // the last few may be a burst of their own until then
			switch all := s.play().Cohorts(); {
			case len(all) == 0:
				missed++
			case len(all) > 1:
				split++
			case all[0].Kind != model.CohortSuspects || all[0].Count < 59 || all[0].Cause != model.CausePathDown || all[0].Count > all[0].Of:
				incomplete++
			}
		}
		if missed+split+incomplete > 0 {
			t.Errorf("every %v: of %d, %d are missed, %d told as several, %d not whole", every, runs, missed, split, incomplete)
		}
	}
}

// What falls silent later, or came another way, has its own cohort.
func TestSuspicionsOfTwoMoments(t *testing.T) {
	through := func(via string) func(*End) {
		return func(e *End) { e.through(via) }
	}
	for name, second := range map[string]struct {
		after time.Duration
		via   string
	}{"later": {20 * time.Second, "10.0.3.7"}, "another way": {3 * time.Second, "10.0.3.8"}} {
		for seed := range uint64(10) {
			s := newScene(450 + seed)
			s.stay(200, 1, "10.1.1.1")
			s.fallSilent(50, time.Hour, time.Second, through("10.0.3.7"))
			s.fallSilent(50, time.Hour+second.after, time.Second, through(second.via))
			all := s.play().Cohorts()
			if len(all) != 2 || all[0].Count < 48 || all[0].Count > 50 || all[1].Count < 48 || all[1].Count > 50 {
				t.Errorf("%s, seed %d: %+v", name, seed, all)
			}
		}
	}
}

// Peers that are suspected one after the other for many seconds did not fall silent at one moment.
func TestSuspicionsAfterEachOther(t *testing.T) {
	for _, every := range []time.Duration{time.Second, 2 * time.Second} {
		for seed := range uint64(20) {
			s := newScene(480 + seed)
			s.stay(90, 1, "10.1.1.1")
			for at := time.Hour; at < time.Hour+13*time.Second; at += time.Duration(s.ExpFloat64() * float64(250*time.Millisecond)) {
				s.fallSilent(1, at, every, func(e *End) { e.Via = e.Address })
			}
			if all := s.play().Cohorts(); len(all) > 0 {
				t.Errorf("every %v, seed %d: %d suspicions, %s", every, seed, len(s.ends), all[0].Detail)
			}
		}
	}
}

// Where all that fell silent are sides of one upstream, there is nothing else to look for.
func TestSuspicionsOfOneUpstream(t *testing.T) {
	for cause, says := range map[model.Cause]string{
		model.CausePeerStalled: "18 of 20 connections fell silent within ", model.CausePathDown: "is gone", "": "look there first",
	} {
		s := newScene(28)
		s.stay(20, 1, "10.1.1.1")
		for i := range s.living {
			s.living[i].Side = model.UpstreamSide
		}
		for i := range 18 {
			e := s.end(time.Hour+s.between(0, 2*time.Second), s.between(time.Minute, time.Hour)).through("10.1.1.1")
			e.Side, e.Manner, e.Cause, e.Client = model.UpstreamSide, Suspected, cause, fmt.Sprint(i)
		}
		c := s.play().the(t)
		if !strings.Contains(c.Detail, says) || !strings.Contains(c.Detail, ", all at 10.1.1.1") || strings.Contains(c.Detail, "what they share") {
			t.Errorf("%s: %s", cause, c.Detail)
		}
	}
}

// What dies for several reasons at once: two idle cuts on two ways, a reload, a lifetime, and chance.
func TestMixture(t *testing.T) {
	for seed := range uint64(5) {
		s := newScene(200 + seed)
		want := map[model.ID]model.Cause{}
		for range 40 {
			e := s.end(s.between(time.Hour, 2*time.Hour), s.between(2*time.Minute, time.Hour)).silent(time.Minute + s.between(-200*time.Millisecond, 0))
			want[e.ID] = model.CauseIdleCut
			e = s.end(s.between(time.Hour, 2*time.Hour), s.between(2*time.Minute, time.Hour))
			e.Clocks[Data], e.Path = 90*time.Second+s.jitter(), "/feed"
			want[e.ID] = model.CauseIdleCut
			e = s.end(s.between(time.Hour, 2*time.Hour), 20*time.Minute+s.jitter())
			want[e.ID] = model.CauseAgeCut
			e = s.end(90*time.Minute+s.between(0, 300*time.Millisecond), s.between(2*time.Second, time.Hour)).through("10.0.3.7")
			want[e.ID] = model.CauseProxyReload
		}
		for range 200 {
			s.end(s.between(time.Hour, 2*time.Hour), s.between(2*time.Second, time.Hour)).silent(s.between(0, 20*time.Second))
		}
		o := s.play()
		right := 0
		for id, got := range o.causes {
			switch {
			case got == want[id]:
				right++
			case got != model.CauseUnknown:
				t.Errorf("seed %d: %s is %s and not %q", seed, id, got, want[id])
			}
		}
		if right < len(want)*95/100 {
			t.Errorf("seed %d: %d of %d are named right: %+v", seed, right, len(want), o.Cohorts())
		}
	}
}

// What a byte wakes up from may have been gone for long: the silence before that byte is no limit.
func TestEndNoticedByAByteTeachesNothing(t *testing.T) {
	s := newScene(19)
	for i := range 30 {
		e := s.end(time.Duration(100+37*i)*time.Second, s.between(time.Minute, time.Hour)).silent(2 * time.Millisecond)
		e.Clocks[SilenceIn] = 5*time.Second + s.jitter()
		e.Clocks[Data] = s.between(5*time.Second, time.Minute)
	}
	if all := s.play().Cohorts(); len(all) > 0 {
		t.Errorf("%+v", all[0])
	}
}

// A limit that connections outlive by now names no more ends.
func TestLimitThatIsLifted(t *testing.T) {
	s := newScene(20)
	for i := range 6 {
		s.end(time.Duration(100+37*i)*time.Second, s.between(time.Minute, time.Hour)).silent(10*time.Second + s.jitter())
	}
	s.end(20*time.Minute, time.Hour).silent(10 * time.Second)
	late := s.ends[6].ID
	s.stay(20, 1, "192.0.2.9")
	for i := range s.living {
		s.living[i].Clocks = Clocks{Silence: time.Hour, Age: time.Hour}
	}
	if o := s.play(); o.at[late] || o.named(model.CauseIdleCut) != 6 {
		t.Errorf("%v", o.causes)
	}
}

func TestTraits(t *testing.T) {
	s := newScene(21)
	s.stay(400, 1, "192.0.2.9")
	for i := range s.living[:40] {
		s.living[i].Agent = "buggy/2"
	}
	for i := range 60 {
		e := s.end(time.Hour+time.Duration(i)*2*time.Second, s.between(2*time.Second, time.Hour))
		e.Address, e.Via = netip.AddrFrom4([4]byte{198, 51, byte(i), 1}), netip.MustParseAddr("192.0.2.9")
		if i%3 > 0 {
			e.Agent = "buggy/2"
			e.told(4401, model.ByApp)
		}
	}
	c := s.play().the(t)
	if c.Kind != model.CohortTrait || c.Cause != model.CauseUnknown || c.Count < 30 || c.Traits[0] != (model.Trait{Kind: model.TraitAgent, Value: "buggy/2"}) ||
		!strings.Contains(c.Detail, `user agent "buggy/2"`) || !strings.Contains(c.Detail, "closed with 4401 by app") {
		t.Errorf("%+v", c)
	}
}

// Others end beside a reload, and have nothing to do with it.
func TestReloadBesideOthers(t *testing.T) {
	for seed := range uint64(5) {
		s := newScene(300 + seed)
		for at := time.Hour; at < time.Hour+2*time.Minute; at += time.Duration(s.ExpFloat64() * float64(300*time.Millisecond)) {
			s.end(at, s.between(2*time.Second, time.Hour)).through("10.0.3.8")
		}
		others := len(s.ends)
		for range 20 {
			s.end(time.Hour+90*time.Second+s.between(0, 5*time.Millisecond), s.between(2*time.Second, time.Hour)).through("10.0.3.7")
		}
		s.end(time.Hour+90*time.Second+2*time.Millisecond, time.Minute).through("10.0.3.9")
		o := s.play()
		if c := o.the(t); c.Count != 20 || c.Cause != model.CauseProxyReload || len(o.causes) != 20 || o.named(model.CauseProxyReload) != 20 {
			t.Errorf("seed %d, %d others: %+v", seed, others, c)
		}
	}
}

// An application that shuts down in good order says goodbye to all. It is the same one beside holter and behind it.
func TestFarewells(t *testing.T) {
	for side, who := range map[model.Side]string{model.ClientSide: "your application", model.UpstreamSide: "the upstream"} {
		s := newScene(321)
		for range 14 {
			e := s.end(time.Hour+s.between(0, 3*time.Millisecond), s.between(2*time.Second, time.Hour)).through("10.0.3.7")
			if e.told(1001, model.ByPeer).Side = side; side == model.ClientSide {
				e.Manner, e.By = Shut, model.ByApp
			}
		}
		c := s.play().the(t)
		if c.Count != 14 || c.Cause != "" || !c.Farewell() || !strings.Contains(c.Detail, "closed with 1001 by app: "+who+" said goodbye") {
			t.Errorf("%+v", c)
		}
	}
}

// The application sends clients away at the moment of a reload.
func TestReloadWhileClientsAreSentAway(t *testing.T) {
	s := newScene(320)
	s.stay(100, 1, "10.0.3.8")
	for i := range 33 {
		e := s.end(time.Hour+s.between(0, 50*time.Millisecond), s.between(2*time.Second, time.Hour))
		if i < 20 {
			e.through("10.0.3.7")
			continue
		}
		e.through("10.0.3.8").told(1002, model.ByApp).Manner = Shut
	}
	if c := s.play().the(t); c.Count != 20 || c.Cause != model.CauseProxyReload {
		t.Errorf("%+v", c)
	}
}

// Where holter itself pauses in the middle of a burst, it is still one.
func TestBurstWithAPause(t *testing.T) {
	s := newScene(27)
	for i := range 200 {
		at := time.Hour + time.Duration(i)*20*time.Microsecond
		if i >= 80 {
			at += 60 * time.Millisecond
		}
		s.end(at, s.between(2*time.Second, time.Hour)).through("10.0.3.7")
	}
	if c := s.play().the(t); c.Count != 200 || c.Cause != model.CauseProxyReload {
		t.Errorf("%+v", c)
	}
}

// The machine sleeps for a night, in the middle of a burst. What came before is no part of the burst after.
func TestBurstAfterASleep(t *testing.T) {
	s := newScene(28)
	s.asleep.from, s.asleep.to = time.Hour, 9*time.Hour
	for i := range 1200 {
		s.end(time.Hour+time.Duration(i-600)*time.Second, s.between(2*time.Second, time.Hour)).told(1000, model.ByPeer)
	}
	for _, at := range []time.Duration{time.Hour - bin, 9 * time.Hour} {
		for range 30 {
			s.end(at+s.between(0, 50*time.Millisecond), s.between(2*time.Second, time.Hour)).through("10.0.3.7")
		}
	}
	all := s.play().Cohorts()
	for _, c := range all {
		if c.Count != 30 || c.Length > 100*time.Millisecond {
			t.Errorf("%+v", c)
		}
	}
	if n := len(all); n == 0 || all[n-1].Started.Before(time.Unix(9*3600, 0)) {
		t.Errorf("%d cohorts: the burst after the sleep is not found", n)
	}
}

// The bins in which ends are counted part no burst.
func TestBurstAcrossBins(t *testing.T) {
	s := newScene(26)
	s.end(time.Minute, time.Second)
	for i := range 100 {
		at := time.Hour + bin - 90*time.Millisecond + time.Duration(i)*time.Millisecond
		s.end(at, s.between(2*time.Second, time.Hour)).through("10.0.3.7")
	}
	if c := s.play().the(t); c.Count != 100 || c.Cause != model.CauseProxyReload {
		t.Errorf("%+v", c)
	}
}

// Ten thousand ends of one moment are grouped within 100 ms.
func TestMassEventIsQuick(t *testing.T) {
	s := newScene(22)
	s.stay(10_000, 1, "10.0.3.8")
	for range 10_000 {
		s.end(time.Hour+s.between(0, time.Second), s.between(2*time.Second, time.Hour)).silent(s.between(0, 5*time.Second)).through("10.0.3.7")
	}
	o := s.play()
	if c := o.the(t); c.Count != 10_000 || c.Cause != model.CauseProxyReload {
		t.Errorf("%+v", c)
	}
	t.Logf("the longest Tick took %v", o.longest)
	if o.longest > 500*time.Millisecond { // others may use the machine too
		t.Errorf("the longest Tick took %v", o.longest)
	}
}

// What comes another way is cut by nothing there, also if it ends at the same age.
func TestLimitIsOfAWay(t *testing.T) {
	s := newScene(24)
	for i := range 8 {
		s.end(time.Duration(4000+100*i)*time.Second, time.Hour+s.jitter()).through("10.0.3.7")
		s.end(time.Duration(4010+100*i)*time.Second, s.between(10*time.Second, 2*time.Hour)).through("10.0.3.8")
	}
	other := s.end(5000*time.Second, time.Hour+s.jitter()).through("10.0.3.8").ID
	if o := s.play(); o.named(model.CauseAgeCut) != 8 || o.causes[other] != "" {
		t.Errorf("%v", o.causes)
	}
}

// nginx sets no timer anew within 300 ms, so it cuts some that much sooner. What does not come through it may be silent for
// longer.
func TestLazyTimers(t *testing.T) {
	for seed := range uint64(5) {
		s := newScene(300 + seed)
		want := 0
		for i := range 20 {
			for k, via := range []string{"10.0.3.7", "10.0.3.8"} {
				silence := 3*time.Second + s.jitter()
				if k == 0 && i%3 == 0 {
					silence -= s.between(0, 300*time.Millisecond)
				}
				s.end(s.between(time.Hour, time.Hour+10*time.Second), s.between(5*time.Second, 10*time.Second)).silent(silence).through(via)
				want++
			}
			s.end(s.between(time.Hour, time.Hour+10*time.Second), s.between(5*time.Second, 10*time.Second)).silent(s.between(0, 2500*time.Millisecond))
		}
		s.stay(20, 1, "192.0.2.9")
		for i := range s.living {
			s.living[i].Clocks[Silence] = 5 * time.Second
		}
		o := s.play()
		right := 0
		for i := range s.ends {
			switch cause := o.causes[s.ends[i].ID]; {
			case cause == model.CauseIdleCut && strings.HasPrefix(s.ends[i].Via.String(), "10.0.3."):
				right++
			case cause != "":
				t.Errorf("seed %d: %v is %s", seed, s.ends[i].Clocks, cause)
			}
		}
		if right < want*95/100 {
			t.Errorf("seed %d: %d of %d are named", seed, right, want)
		}
	}
}

// Two boxes whose limits are close are two cohorts.
func TestLimitsThatAreClose(t *testing.T) {
	s := newScene(25)
	for i := range 8 {
		s.end(time.Duration(4000+100*i)*time.Second, s.between(5*time.Minute, time.Hour)).silent(55*time.Second + s.jitter())
		s.end(time.Duration(4050+100*i)*time.Second, s.between(5*time.Minute, time.Hour)).silent(60*time.Second + s.jitter())
	}
	if all := s.play().Cohorts(); len(all) != 2 || all[0].Count != 8 || all[1].Count != 8 {
		t.Errorf("%+v", all)
	}
}

// Cohorts are bounded, however many there are.
func TestManyCohorts(t *testing.T) {
	s := newScene(23)
	for n := range 80 {
		for i := range 8 {
			silence := time.Duration(float64(5*time.Second)*math.Pow(1.12, float64(n))) + s.jitter()
			s.end(time.Hour+time.Duration(n*40+i*3)*time.Second, silence+s.between(time.Hour, 10*time.Hour)).silent(silence)
		}
	}
	w := s.play().Watch
	if all := w.Cohorts(); len(all) != model.MaxCohorts || len(w.limits) > maxLimits {
		t.Errorf("%d cohorts, %d limits", len(all), len(w.limits))
	}
}

// All ends of a burst may have found a cohort meanwhile.
func TestNothingIsLeftOfABurst(t *testing.T) {
	if from, to := densest(nil); from != to {
		t.Errorf("from %d to %d of nothing", from, to)
	}
}

// Where there are beats, no silence is longer than from one to the next, and those beyond the shortest limit lie close together.
func TestSilencesBetweenBeats(t *testing.T) {
	for seed := range seeds() {
		s := newScene(seed)
		for range 1000 {
			beat := s.between(1800*time.Millisecond, 2200*time.Millisecond)
			e := s.end(s.between(0, 10*time.Minute), s.between(3*time.Second, 5*time.Minute)).silent(s.between(0, beat))
			e.Path, e.Via = "/ws", netip.MustParseAddr("127.0.0.1")
		}
		if all := s.play().Cohorts(); len(all) > 0 {
			t.Errorf("seed %d: %s", seed, all[0].Detail)
		}
	}
}

// An end that is named again, as when the limit is known better, is not named for the first time then.
func TestNamedFirst(t *testing.T) {
	var news News
	e := new(entry)
	for _, cause := range []model.Cause{model.CausePathDown, model.CauseIdleCut, model.CauseIdleCut, model.CauseAgeCut} {
		news.name(e, &Verdict{Diagnosis: model.Diagnosis{Cause: cause}})
	}
	for i, first := range []bool{false, true, false, false} {
		if news.Named[i].First != first {
			t.Errorf("the cause %d: %t", i, !first)
		}
	}
}
