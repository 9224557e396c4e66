package paint

import (
	"testing"
	"time"
)

// A line of 2000 bytes a second with 12 kB of room in it gets its time once it was full, and is empty soon after that.
func TestPaceOfASlowLine(t *testing.T) {
	const speed, room, frame = 2000, 12 << 10, 1000
	var p pace
	now, waits := time.Now(), 0.0 // bytes in the line
	pass := func(d time.Duration) {
		now = now.Add(d)
		waits = max(0, waits-d.Seconds()*speed)
	}
	for begin := now; now.Sub(begin) < 50*time.Second; {
		for left := frame; left > 0; {
			n := min(left, int(room-waits))
			if n < min(left, 1800) { // as the kernel does
				n = 0
			}
			waits += float64(n)
			left -= n
			p.took(n, left > 0, now)
			if left > 0 {
				pass(100 * time.Millisecond)
			}
		}
		pass(max(frameTime, p.rest(now)))
	}
	if waits > 2*frame {
		t.Errorf("%.0f bytes wait in the line", waits)
	}
	if speed := time.Second / p.byByte; speed < 1200 || speed > 2000 {
		t.Errorf("believed to pass on %d bytes a second", speed)
	}
	if d := p.rest(now.Add(paceFor + time.Second)); d != 0 {
		t.Errorf("rests %v when the line was not full for long", d)
	}
}

func TestStalledLineIsNotSlow(t *testing.T) {
	var p pace
	now := time.Now()
	for range 600 {
		p.took(0, true, now)
		now = now.Add(100 * time.Millisecond)
	}
	for range 100 {
		p.took(3000, false, now)
		now = now.Add(100 * time.Millisecond)
	}
	if d := p.rest(now); d != 0 {
		t.Errorf("rests %v after a stall", d)
	}
}
