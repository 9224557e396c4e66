package model

import (
	"math/bits"
	"time"
)

// history keeps how the newest beats went, for people to look at. There is one for each
// connection, so a beat takes 16 bits: a mark for a missed one, 4 bits of exponent and 11 of
// mantissa, microseconds, good to a thousandth and up to 67 s.
type history struct {
	ring [windowSize]uint16
	next uint8
	n    uint8
}

const (
	missedMark   = 1 << 15
	mantissaBits = 11
	mantissaMax  = 1<<mantissaBits - 1
	exponentMax  = 1<<4 - 1
)

// answered adds a beat that was answered in time.
func (h *history) answered(rtt time.Duration) { h.add(pack(rtt)) }

// missed adds a beat that was not.
func (h *history) missed() { h.add(missedMark) }

// late notes the answer to the newest beat, which was missed.
func (h *history) late(rtt time.Duration) {
	newest := (h.next + windowSize - 1) % windowSize
	if h.n > 0 && h.ring[newest] == missedMark {
		h.ring[newest] |= pack(rtt)
	}
}

func (h *history) add(beat uint16) {
	h.ring[h.next] = beat
	h.next = (h.next + 1) % windowSize
	h.n = min(h.n+1, windowSize)
}

// samples copies the beats, oldest first.
func (h *history) samples() []Sample {
	list := make([]Sample, h.n)
	first := h.next + windowSize - h.n
	for i := range list {
		beat := h.ring[(int(first)+i)%windowSize]
		list[i] = Sample{RTT: unpack(beat), Missed: beat&missedMark != 0}
	}
	return list
}

func pack(rtt time.Duration) uint16 {
	us := uint64(max(rtt, 0) / time.Microsecond)
	shift := max(bits.Len64(us)-mantissaBits, 0)
	if shift > exponentMax {
		return exponentMax<<mantissaBits | mantissaMax
	}
	return uint16(shift)<<mantissaBits | uint16(us>>shift)
}

func unpack(beat uint16) time.Duration {
	shift := beat >> mantissaBits & exponentMax
	return time.Duration(beat&mantissaMax) << shift * time.Microsecond
}
