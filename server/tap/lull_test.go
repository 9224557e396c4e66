package tap

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

func TestLull(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		gaps []time.Duration // below 0: it ended with bytes to the peer
		want Lull
	}{
		"nothing":                         {nil, Lull{}},
		"too short to matter":             {[]time.Duration{time.Millisecond}, Lull{}},
		"the longest counts":              {[]time.Duration{s, 5 * s, 2 * s}, Lull{5 * s, 1, 0}},
		"what was sent proves nothing":    {[]time.Duration{s, -9 * s}, Lull{s, 1, 0}},
		"until the peer has answered":     {[]time.Duration{s, -9 * s, time.Millisecond}, Lull{9 * s, 1, 0}},
		"a steady pace":                   {[]time.Duration{3 * s, 3*s + 20*time.Millisecond, 2900 * time.Millisecond, 3 * s}, Lull{3020 * time.Millisecond, 4, 0}},
		"half as long is told apart":      {[]time.Duration{3 * s, 2 * s, 1600 * time.Millisecond, s, 3 * s}, Lull{3 * s, 2, 2}},
		"a longer one makes others halve": {[]time.Duration{3 * s, 3 * s, 4 * s}, Lull{4 * s, 1, 2}},
		"a much longer one forgets them":  {[]time.Duration{3 * s, 3 * s, 9 * s}, Lull{9 * s, 1, 0}},
		"years":                           {[]time.Duration{200 * 24 * time.Hour}, Lull{200 * 24 * time.Hour, 1, 0}},
	} {
		var l lull
		for _, gap := range tt.gaps {
			if gap < 0 {
				l.sent(-gap)
			} else {
				l.heard(gap)
			}
		}
		if got := l.get(); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

// Reader and writer may use a lull at the same time. It never shows a silence that nobody noted.
func TestLullOfTwo(t *testing.T) {
	var l lull
	var both sync.WaitGroup
	for i := range 2 {
		both.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for range 10_000 {
				if gap := time.Duration(r.IntN(2000)) * time.Millisecond; i == 0 {
					l.heard(gap)
				} else {
					l.sent(gap)
				}
			}
		})
	}
	both.Wait()
	if got := l.get(); got.Longest > 2*time.Second || got.Longest < 1900*time.Millisecond || got.Near == 0 {
		t.Errorf("%+v", got)
	}
}

// The ends' own beats are reported: pings of this end, and pongs of either that nobody has asked for.
func TestBeatsOfTheApplications(t *testing.T) {
	c, peer, r := tapped(t)
	read := make(chan struct{})
	go func() {
		defer close(read)
		buffer := make([]byte, 512)
		for {
			if _, err := c.Read(buffer); err != nil {
				return
			}
		}
	}()
	send := func(f ws.Frame) { ws.WriteFrame(peer, ws.MaskFrameInPlace(f)) }

	ws.WriteFrame(c, ws.NewPingFrame([]byte("a"))) // a beat of this end
	send(ws.NewPongFrame([]byte("a")))             // its answer is none
	r.until(t, "the round trip", func(s calls) bool { return len(s.roundTrips) == 1 })
	send(ws.NewPongFrame(nil)) // nobody has asked
	r.until(t, "a pong that nobody has asked for", func(s calls) bool { return slices.Equal(s.kept, []bool{true, false}) })
	send(ws.NewPingFrame(nil)) // reported as a beat of the peer's
	r.until(t, "the peer's ping", func(s calls) bool { return s.beats == 1 })
	ws.WriteFrame(c, ws.NewPongFrame(nil)) // the answer
	ws.WriteFrame(c, ws.NewPongFrame(nil)) // and one more
	r.until(t, "all beats", func(s calls) bool { return slices.Equal(s.kept, []bool{true, false, true}) })
	c.Close()
	<-read
}
