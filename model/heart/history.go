package heart

import (
	"math/bits"
	"time"

	"holter/model"
)

// history keeps the newest beats for the screen. There is one for each connection, so it is packed. A beat takes four
// bytes. Two are its round trip: a mark for a missed one, 4 bits of exponent and 11 of mantissa. These are microseconds,
// exact to a thousandth and up to 67 s. One is the timeout at the time: 5 bits of exponent and 3 of mantissa, exact to an
// eighth and up to 4 h. One is the time since the beat before: 4 bits of exponent and 4 of mantissa, exact to a
// sixteenth and up to 2.8 h.
type history struct {
	ring     [windowSize]uint16
	timeouts [windowSize]uint8
	gaps     [windowSize]uint8
	next     uint8
	n        uint8
	newest   uint32 // when the newest ping was written, in gapUnits
	usual    uint16 // the mean of heightLog over the beats that were answered in time
}

const (
	missedMark   = 1 << 15
	probeMark    = missedMark | 1 // a late answer is never that quick
	mantissaBits = 11
	mantissaMax  = 1<<mantissaBits - 1
	exponentMax  = 1<<4 - 1
)

// answered adds a beat that was written at an instant and answered in time.
func (h *history) answered(at model.Instant, rtt, timeout time.Duration) {
	h.add(at, pack(rtt), timeout)
}

// missed adds a beat that was not answered in time.
func (h *history) missed(at model.Instant, timeout time.Duration) { h.add(at, missedMark, timeout) }

// probed adds a probe that was not answered in time.
func (h *history) probed(at model.Instant, timeout time.Duration) { h.add(at, probeMark, timeout) }

// late adds the answer to the newest beat before its probes, if that beat was missed.
func (h *history) late(rtt time.Duration) {
	for i := int(h.n) - 1; i >= 0; i-- {
		if beat := &h.ring[h.index(i)]; *beat != probeMark {
			if *beat == missedMark {
				*beat |= max(pack(rtt), 2)
			}
			return
		}
	}
}

func (h *history) add(at model.Instant, beat uint16, timeout time.Duration) {
	now := uint32(time.Duration(at) / gapUnit)
	gap := packByte(uint64(max(now, h.newest)-h.newest), gapBits)
	if h.n == 0 || gap == longGap {
		gap, h.newest = longGap, now
	} else {
		h.newest += uint32(unpackByte(gap, gapBits)) // and what the gap leaves out is in the next one
	}
	h.ring[h.next], h.timeouts[h.next], h.gaps[h.next] = beat, packTimeout(timeout), gap
	h.next = (h.next + 1) % windowSize
	h.n = min(h.n+1, windowSize)
	h.usual = h.mean()
}

// index returns where the kept beat i is, of which 0 is the oldest.
func (h *history) index(i int) int { return (int(h.next) + windowSize - int(h.n) + i) % windowSize }

// at returns the kept beat i, without the time of it.
func (h *history) at(i int) model.Sample {
	i = h.index(i)
	beat, timeout := h.ring[i], unpackTimeout(h.timeouts[i])
	if beat == probeMark {
		return model.Sample{Timeout: timeout, Missed: true, Probe: true}
	}
	return model.Sample{RTT: unpack(beat), Timeout: timeout, Missed: beat&missedMark != 0}
}

// samples returns a copy of the beats, oldest first. start is the time of instant 0.
func (h *history) samples(start time.Time) []model.Sample {
	list := make([]model.Sample, h.n)
	at, known := h.newest, true
	for i := int(h.n) - 1; i >= 0; i-- {
		list[i] = h.at(i)
		if known {
			list[i].At = start.Add(time.Duration(at) * gapUnit)
		}
		gap := h.gaps[h.index(i)]
		at -= uint32(unpackByte(gap, gapBits))
		known = known && gap != longGap
	}
	return list
}

// Shortest returns the shortest round trip among the newest beats, 0 if none was answered.
func (h *Heart) Shortest() time.Duration {
	shortest := time.Duration(0)
	for i := range int(h.beats.n) {
		if rtt := unpack(h.beats.ring[i]); rtt > 0 && (shortest == 0 || rtt < shortest) {
			shortest = rtt
		}
	}
	return shortest
}

// strip returns the newest beats in short: see Heart.Strip.
func (h *history) strip() (s model.Strip) {
	shown := min(len(s), int(h.n))
	for i := range shown {
		s[len(s)-shown+i] = h.beat(h.index(int(h.n) - shown + i))
	}
	return s
}

// mean returns the mean of heightLog over the beats that were answered in time, 0 without any.
func (h *history) mean() uint16 {
	sum, n := 0, 0
	for _, beat := range h.ring[:h.n] {
		if beat&missedMark == 0 {
			sum += heightLog(unpackMicros(beat))
			n++
		}
	}
	return uint16(sum / max(n, 1))
}

const (
	// ripple is added to round trips before they are compared: a tenth of a millisecond more or less is the scheduling of
	// two programs on one machine, and not news of a connection.
	ripple = 100 * time.Microsecond
	// heightBits are the binary places of heightLog.
	heightBits = 6
)

// heightLog returns the binary logarithm of a round trip and the ripple, in microseconds, with heightBits binary places.
// Between powers of two it is a straight line, which is at most 0.09 too low.
func heightLog(us uint32) int {
	us += uint32(ripple / time.Microsecond)
	n := bits.Len32(us) - 1
	return n<<heightBits + int(uint64(us)<<heightBits>>n) - 1<<heightBits
}

// height returns the height of a spike. Each step is half an octave of the round trip against the usual one.
func (h *history) height(us uint32) int {
	const step = 1 << heightBits / 2
	return model.UsualHeight + (heightLog(us)-int(h.usual)+step/2)>>(heightBits-1)
}

// beat returns the beat at index i of the ring in short.
func (h *history) beat(i int) model.Beat {
	switch beat := h.ring[i]; {
	case beat == probeMark:
		return model.ProbeBeat
	case beat == missedMark:
		return model.MissedBeat
	case beat&missedMark != 0:
		return model.LateBeat
	default:
		us, eighths := unpackMicros(beat), uint64(1)
		if timeout := unpackByte(h.timeouts[i], timeoutBits); timeout > 0 {
			eighths = (uint64(us)*uint64(model.FullBeat) + timeout - 1) / timeout
		}
		return model.Beat(min(max(eighths, 1), uint64(model.FullBeat))).Raised(h.height(us))
	}
}

func pack(rtt time.Duration) uint16 {
	us := uint64(max(rtt, 0) / time.Microsecond)
	shift := max(bits.Len64(us)-mantissaBits, 0)
	if shift > exponentMax {
		return exponentMax<<mantissaBits | mantissaMax
	}
	return uint16(shift)<<mantissaBits | uint16(us>>shift)
}

func unpack(beat uint16) time.Duration { return time.Duration(unpackMicros(beat)) * time.Microsecond }

func unpackMicros(beat uint16) uint32 {
	return uint32(beat&mantissaMax) << (beat >> mantissaBits & exponentMax)
}

const (
	timeoutBits = 3
	gapBits     = 4
	gapUnit     = 20 * time.Millisecond
	longGap     = 1<<8 - 1 // or one to a beat that is not known
)

func packTimeout(timeout time.Duration) uint8 {
	return packByte(uint64(max(timeout, 0)/time.Microsecond), timeoutBits)
}

func unpackTimeout(b uint8) time.Duration {
	return time.Duration(unpackByte(b, timeoutBits)) * time.Microsecond
}

// packByte returns n in one byte with some bits of mantissa, rounded down, or the largest byte if n is too large.
func packByte(n uint64, mantissa int) uint8 {
	shift := bits.Len64(n) - mantissa - 1
	switch {
	case shift < 0:
		return uint8(n)
	case shift+1 >= 1<<(8-mantissa):
		return 1<<8 - 1
	}
	return uint8(shift+1)<<mantissa | uint8(n>>shift)&(1<<mantissa-1)
}

func unpackByte(b uint8, mantissa int) uint64 {
	n := uint64(b & (1<<mantissa - 1))
	if shift := b >> mantissa; shift > 0 {
		n = (1<<mantissa + n) << (shift - 1)
	}
	return n
}
