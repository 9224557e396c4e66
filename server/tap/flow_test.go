package tap

import (
	"io"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
)

// The longest pause of each direction is that between two data frames, whatever else passes.
func TestPausesBetweenDataFrames(t *testing.T) {
	server, _ := loopback(t)
	now := model.Instant(time.Second)
	c := New(server, nil, newRecord(), func() model.Instant { return now })
	t.Cleanup(func() { c.Close() })
	c.set(flagProved)
	c.phase = phaseFrames
	in := func(f ws.Frame) {
		b := ws.MustCompileFrame(ws.MaskFrame(f))
		c.sift(b, c.arrived(len(b)), false)
	}
	out := func(f ws.Frame) {
		if _, err := c.Write(ws.MustCompileFrame(f)); err != nil {
			t.Fatal(err)
		}
	}
	if c.Data() != 0 {
		t.Error("data before the first frame")
	}
	for _, at := range []time.Duration{5, 6, 9, 10, 10, 11} { // seconds
		now = model.Instant(at * time.Second)
		in(ws.NewTextFrame([]byte("x")))
		now += model.Instant(500 * time.Millisecond)
		in(ws.NewPingFrame(nil))
		out(ws.NewPongFrame(nil))
	}
	now = model.Instant(20 * time.Second)
	out(ws.NewBinaryFrame(make([]byte, 300)))
	now = model.Instant(27 * time.Second)
	out(ws.NewTextFrame(nil))
	pauseIn, pauseOut := c.Flow().TakePauses()
	if differ(pauseIn, 3*time.Second) || differ(pauseOut, 7*time.Second) {
		t.Errorf("pauses of %v in and %v out, want 3 s and 7 s", pauseIn, pauseOut)
	}
	if c.Flow().DataIn() != model.Instant(11*time.Second) || c.Flow().DataOut() != now || c.Data() != now {
		t.Errorf("data in at %v, out at %v", time.Duration(c.Flow().DataIn()), time.Duration(c.Flow().DataOut()))
	}
	in(ws.NewTextFrame([]byte("x")))
	if in, out := c.Flow().TakePauses(); differ(in, 16*time.Second) || out != 0 {
		t.Errorf("pauses of %v in and %v out since then, want 16 s and none", in, out)
	}
}

// differ reports that two durations differ by more than pauses are measured to.
func differ(a, b time.Duration) bool { return (a - b).Abs() > 5*time.Millisecond }

func TestLargeFrameUnderWay(t *testing.T) {
	c, peer, _ := tapped(t)
	frame := ws.MustCompileFrame(ws.MaskFrameInPlace(ws.NewBinaryFrame(make([]byte, 1<<20))))
	rest := make([]byte, len(frame))
	send := func(b []byte) {
		t.Helper()
		sent := make(chan error)
		go func() {
			_, err := peer.Write(b)
			sent <- err
		}()
		if _, err := io.ReadFull(c, rest[:len(b)]); err != nil {
			t.Fatal(err)
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
	}
	for _, cut := range []int{3, len(frame) / 2, len(frame) - 100_000} {
		send(frame[:cut])
		if got := c.Large(); got != 1<<20 && cut > 14 {
			t.Errorf("a frame of %d bytes is under way after %d of %d", got, cut, len(frame))
		}
		send(frame[cut:])
		if got := c.Large(); got != 0 {
			t.Errorf("a frame of %d bytes is under way after its end", got)
		}
	}
	small := ws.MustCompileFrame(ws.MaskFrameInPlace(ws.NewBinaryFrame(make([]byte, 60<<10))))
	send(small[:100])
	if got := c.Large(); got != 0 {
		t.Errorf("a small frame is taken for one of %d bytes", got)
	}
	send(small[100:])
}
