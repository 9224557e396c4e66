package tap

import (
	"cmp"
	"math"
	"sync/atomic"
	"time"

	"holter/model"
)

// Flow is how the bytes of both applications flow: no pings of ours, and no answers to them. A proxy has two taps in one
// flow, so only the one to the client has a Flow. Any goroutine may read its figures. Reader and writer keep them at each
// message, without a lock.
type Flow struct {
	active  atomic.Int64 // Instant of the last byte
	calm    lull
	in, out direction    // the reader's and the writer's
	pinged  atomic.Int32 // pings of the peer that no pong has answered
}

// direction is the data frames that go one way.
type direction struct {
	last  atomic.Int64  // Instant of the end of the last one, 0 before the first
	gap   atomic.Uint32 // microseconds between the last two, 0 for none
	pause atomic.Uint32 // the longest between two, in pauseUnits, since TakePauses
}

// pauseUnit is the unit of the pauses between data frames: about a millisecond, and cheap to divide by. The longest
// pause that fits is 52 days.
const pauseUnit = 1 << 20

// Flow returns that of the applications. It is nil on the leg to an upstream.
func (c *Conn) Flow() *Flow { return c.flow }

// Data returns when the last data frame ended, in either direction, 0 before the first.
func (c *Conn) Data() model.Instant {
	if f := c.flow; f != nil {
		return max(f.DataIn(), f.DataOut())
	}
	return model.Instant(c.data.Load())
}

// passedData records that a data frame from the peer or to it ended at that moment.
func (c *Conn) passedData(in bool, at model.Instant) {
	switch f := c.flow; {
	case f == nil:
		c.data.Store(int64(at))
	case in:
		f.in.passed(at)
	default:
		f.out.passed(at)
	}
}

// passed records the end of a data frame. Every message pays for it: it stores two figures, and the longest pause only
// when that grows. What one read or write brings at once is one moment.
func (d *direction) passed(at model.Instant) {
	before := d.last.Load()
	if int64(at) == before {
		return
	}
	d.last.Store(int64(at))
	if before == 0 {
		return
	}
	pause := int64(at) - before
	d.gap.Store(uint32(min(max(pause/int64(time.Microsecond), 1), math.MaxUint32)))
	if p := pause / pauseUnit; p > int64(d.pause.Load()) {
		d.pause.Store(uint32(p))
	}
}

// heard records bytes from the peer's application.
func (f *Flow) heard(at model.Instant) {
	if f != nil {
		f.calm.heard(f.since(at))
	}
}

// sent records bytes to the peer.
func (f *Flow) sent(at model.Instant) {
	if f != nil {
		f.calm.sent(f.since(at))
	}
}

// since ends a silence. It returns how long that was.
func (f *Flow) since(at model.Instant) time.Duration {
	return time.Duration(max(0, int64(at)-f.active.Swap(int64(at))))
}

func (f *Flow) pingIn() {
	if f != nil {
		f.pinged.Add(1)
	}
}

// pongOut records a pong to the peer. It reports whether that answers a ping.
func (f *Flow) pongOut() bool {
	if f == nil || f.pinged.Load() == 0 {
		return false
	}
	f.pinged.Add(-1)
	return true
}

// Active returns when the last byte passed, in either direction.
func (f *Flow) Active() model.Instant { return model.Instant(f.active.Load()) }

// Calm returns the longest silence that the connection has survived.
func (f *Flow) Calm() Lull { return f.calm.get() }

// Gap returns the time between the last two data frames of one direction, up to 71 minutes; 0 if there were none.
func (f *Flow) Gap() time.Duration {
	newer, older := &f.in, &f.out
	if f.DataOut() > f.DataIn() {
		newer, older = older, newer
	}
	return time.Duration(cmp.Or(newer.gap.Load(), older.gap.Load())) * time.Microsecond
}

// DataIn returns when the last data frame from the peer ended, 0 before the first.
func (f *Flow) DataIn() model.Instant { return model.Instant(f.in.last.Load()) }

// DataOut returns when the last data frame to the peer ended, 0 before the first.
func (f *Flow) DataOut() model.Instant { return model.Instant(f.out.last.Load()) }

// TakePauses returns the longest times between the ends of two data frames in a row, from the peer and to it, among
// those that ended since the last call. They are exact to a millisecond or so. A pause that ends during the call may
// be missed.
func (f *Flow) TakePauses() (in, out time.Duration) {
	return time.Duration(f.in.pause.Swap(0)) * pauseUnit, time.Duration(f.out.pause.Swap(0)) * pauseUnit
}

// largeFrame is the least number of bytes still to come that make a frame a large one: more than a read brings.
const largeFrame = 64 << 10

// Large returns the length of the frame that the peer is sending if it is a large one, 0 otherwise. No pong can come
// before its end.
func (c *Conn) Large() int { return int(c.large.Load()) << 10 }
