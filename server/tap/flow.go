package tap

import (
	"math"
	"sync/atomic"
	"time"

	"holter/model"
)

// pauseUnit is the unit of the pauses between data frames: about a millisecond, and cheap to divide by. The longest
// pause that fits is 52 days.
const pauseUnit = 1 << 20

// passedData records that a data frame of one direction ended at that moment. Every message pays for it: it stores two
// figures, and the longest pause only when that grows. What one read or write brings at once is one moment. The goroutine
// that moves the bytes of that direction calls it.
func (c *Conn) passedData(data *atomic.Int64, pause *atomic.Uint32, at model.Instant) {
	before := data.Load()
	if int64(at) == before {
		return
	}
	data.Store(int64(at))
	if before != 0 {
		c.gap.Store(uint32(min(max((int64(at)-before)/int64(time.Microsecond), 1), math.MaxUint32)))
	}
	if p := (int64(at) - before) / pauseUnit; before != 0 && p > int64(pause.Load()) {
		pause.Store(uint32(p))
	}
}

// Data returns when the last data frame ended, in either direction, 0 before the first.
func (c *Conn) Data() model.Instant { return max(c.DataIn(), c.DataOut()) }

// DataIn returns when the last data frame from the peer ended, 0 before the first.
func (c *Conn) DataIn() model.Instant { return model.Instant(c.dataIn.Load()) }

// DataOut returns when the last data frame to the peer ended, 0 before the first.
func (c *Conn) DataOut() model.Instant { return model.Instant(c.dataOut.Load()) }

// TakePauses returns the longest times between the ends of two data frames in a row, from the peer and to it, among
// those that ended since the last call. They are exact to a millisecond or so. A pause that ends during the call may
// be missed.
func (c *Conn) TakePauses() (in, out time.Duration) {
	return time.Duration(c.pauseIn.Swap(0)) * pauseUnit, time.Duration(c.pauseOut.Swap(0)) * pauseUnit
}

// largeFrame is the least number of bytes still to come that make a frame a large one: more than a read brings.
const largeFrame = 64 << 10

// Large returns the length of the frame that the peer is sending if it is a large one, 0 otherwise. No pong can come
// before its end.
func (c *Conn) Large() int { return int(c.large.Load()) << 10 }
