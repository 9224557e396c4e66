package storm

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"holter/model"
)

// formers are n connections from that many addresses that ended within a time.
func formers(n, addresses int, within time.Duration) (all []Former) {
	for i := range n {
		at := kickedAt + model.Instant(i)*model.Instant(within)/model.Instant(n)
		all = append(all, Former{netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", i%addresses)), at})
	}
	return all
}

// A server is killed, and the next one hears of that: the storm is that of its clients, with those who do not come.
func TestStormOfAServerThatWasKilled(t *testing.T) {
	const n, came = 300, 290
	all := formers(n, 20, 400*time.Millisecond)
	for i := range model.Instant(50) { // requests of the minute before
		all = append(all, Former{netip.MustParseAddr("10.0.1.1"), kickedAt - (i+1)*model.Instant(time.Second)})
	}
	for i := range 30 {
		all[i*10].At = 0 // has not noticed yet
	}
	w := newWeather()
	if got := w.watch.Before(all); got != n {
		t.Fatalf("%d are expected", got)
	}
	var last model.Instant
	for i := range came {
		at := kickedAt + model.Instant(5*time.Second) + model.Instant(i)*model.Instant(10*time.Millisecond)
		w.on(at, func(at model.Instant) {
			a := w.watch.Claim(all[i].Remote, model.Pool{UserAgent: "app/1"}, at)
			if a == nil {
				t.Fatalf("client %d is not known", i)
			}
			w.watch.Try(a, at, 0, answer(i%10 == 0))
			if i%10 == 0 { // refused once
				w.watch.Try(a, at, 0, nil)
			}
		})
		last = at
	}
	w.on(last, func(at model.Instant) {
		if a := w.watch.Claim(netip.MustParseAddr("10.9.9.9"), model.Pool{}, at); a != nil {
			t.Error("somebody from elsewhere is taken for one of them")
		}
	})
	w.run(came, kickedAt+model.Instant(10*time.Minute))
	if len(w.began) != 1 || len(w.ended) != 1 {
		t.Fatalf("%d storms began, %d ended", len(w.began), len(w.ended))
	}
	s := w.ended[0]
	if !s.Restart || s.Clients != n || s.Away != n-came || !s.Started.Equal(stormZero.Add(time.Duration(all[1].At))) {
		t.Errorf("restart %t, %d of %d away, since %v", s.Restart, s.Away, s.Clients, s.Started.Sub(stormZero))
	}
	if s.Population < n {
		t.Errorf("%d clients of %d", s.Clients, s.Population)
	}
	if s.Back50 < 6*time.Second || s.Back50 > 7*time.Second || s.Back90 < 7*time.Second || s.Back99 != 0 || s.Refused != 29 {
		t.Errorf("back %v %v %v, refused %d", s.Back50, s.Back90, s.Back99, s.Refused)
	}
	if len(s.Causes) != 0 || len(s.Policies) != 0 {
		t.Errorf("causes %+v and policies %+v, which nobody has seen", s.Causes, s.Policies)
	}
}

// What ends on any day, or is closed one by one, is no server that was killed: those who come then are new.
func TestNothingIsExpectedAfterAnEndInOrder(t *testing.T) {
	for name, all := range map[string][]Former{
		"nothing":          nil,
		"few":              formers(floor-1, 1, 0),
		"one by one":       formers(1000, 10, 20*time.Second),
		"fast":             formers(1000, 10, 2*time.Second),
		"only unknown":     make([]Former, 100),
		"with many others": append(formers(50, 10, 0), formers(1000, 10, 50*time.Second)...),
	} {
		w := NewWatch(stormZero)
		if n := w.Before(all); n != 0 || w.Expects() || len(w.lost) != 0 {
			t.Errorf("%s: %d are expected", name, n)
		}
	}
}

// After a while nobody is taken for one of the former clients.
func TestFormerClientsAreForgotten(t *testing.T) {
	w := NewWatch(stormZero)
	all := formers(100, 1, 0)
	w.Before(all)
	if w.Claim(all[0].Remote, model.Pool{}, kickedAt+model.Instant(lead)) == nil {
		t.Error("forgotten too soon")
	}
	if w.Claim(all[0].Remote, model.Pool{}, kickedAt+model.Instant(lead)+1) != nil || w.Expects() {
		t.Error("still expected")
	}
	w = NewWatch(stormZero)
	w.Before(all) // of whom none comes back
	for at := model.Instant(0); at < model.Instant(10*time.Minute); at += model.Instant(time.Second) {
		w.Tick(at, 0)
	}
	if len(w.lost) != 0 || w.Expects() {
		t.Errorf("%d are kept, still expected: %t", len(w.lost), w.Expects())
	}
}
