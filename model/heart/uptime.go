package heart

import (
	"math"
	"time"

	"holter/model"
)

// uptime is how much of the last hour a service lived, by minutes.
type uptime struct {
	upto    model.Instant // what came before is in minutes
	minutes [60]minute
}

// minute is how much of a minute is known, and for how much of that the service was dead.
type minute struct {
	number      uint32 // since instant 0, from 1
	known, down uint16 // milliseconds
}

// add records that the service lived, or did not, from the last recorded time on.
func (u *uptime) add(to model.Instant, alive bool) {
	if first := to - model.Instant(len(u.minutes))*model.Instant(time.Minute); u.upto < first {
		u.upto = first
	}
	for u.upto < to {
		number := int64(u.upto) / int64(time.Minute)
		end := min(to, model.Instant(number+1)*model.Instant(time.Minute))
		m := &u.minutes[number%int64(len(u.minutes))]
		if m.number != uint32(number+1) {
			*m = minute{number: uint32(number + 1)}
		}
		length := uint16(time.Duration(end-u.upto) / time.Millisecond)
		m.known += length
		if !alive {
			m.down += length
		}
		u.upto = end
	}
}

// skip leaves out a time, and records the one before it.
func (u *uptime) skip(from, to model.Instant, alive bool) {
	u.add(max(from, 0), alive)
	u.upto = max(u.upto, to)
}

// share returns the share of the last hour, or of what is known of it, in which the service lived, in hundredths of a per
// cent. The state, and whether that is life, are those since the last recorded time.
func (u *uptime) share(now model.Instant, state model.State, alive bool) float64 {
	known, down := 0, 0
	for _, m := range u.minutes {
		if m.number > 0 && int64(m.number-1) > int64(now)/int64(time.Minute)-int64(len(u.minutes)) {
			known += int(m.known)
			down += int(m.down)
		}
	}
	if state != model.Closed && state != model.Unknown {
		pending := int(max(0, time.Duration(now-u.upto)) / time.Millisecond)
		known += pending
		if !alive {
			down += pending
		}
	}
	if known == 0 && !alive && state != model.Unknown {
		return 0
	}
	if known == 0 {
		return 1
	}
	return math.Round(max(0, 1-float64(down)/float64(known))*1e4) / 1e4
}
