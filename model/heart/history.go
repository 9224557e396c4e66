package heart

import (
	"math/bits"
	"time"

	"holter/model"
)

// history keeps the newest beats for the screen. There is one for each connection, so it is packed. A beat
// takes 16 bits: a mark for a missed one, 4 bits of exponent and 11 of mantissa. These are microseconds, exact to
// a thousandth and up to 67 s. The timeout at the time takes 8 bits: 5 of exponent and 3 of mantissa, exact
// to an eighth and up to 4 h.
type history struct {
	ring     [windowSize]uint16
	timeouts [windowSize]uint8
	next     uint8
	n        uint8
}

const (
	missedMark   = 1 << 15
	mantissaBits = 11
	mantissaMax  = 1<<mantissaBits - 1
	exponentMax  = 1<<4 - 1
)

// answered adds a beat that was answered in time.
func (h *history) answered(rtt, timeout time.Duration) { h.add(pack(rtt), timeout) }

// missed adds a beat that was not answered in time.
func (h *history) missed(timeout time.Duration) { h.add(missedMark, timeout) }

// late adds the answer to the newest beat, which counts as missed.
func (h *history) late(rtt time.Duration) {
	newest := (h.next + windowSize - 1) % windowSize
	if h.n > 0 && h.ring[newest] == missedMark {
		h.ring[newest] |= pack(rtt)
	}
}

func (h *history) add(beat uint16, timeout time.Duration) {
	h.ring[h.next] = beat
	h.timeouts[h.next] = packTimeout(timeout)
	h.next = (h.next + 1) % windowSize
	h.n = min(h.n+1, windowSize)
}

// at returns the kept beat at index i, of which 0 is the oldest.
func (h *history) at(i int) model.Sample {
	i = (int(h.next) + windowSize - int(h.n) + i) % windowSize
	beat := h.ring[i]
	return model.Sample{RTT: unpack(beat), Timeout: unpackTimeout(h.timeouts[i]), Missed: beat&missedMark != 0}
}

// samples returns a copy of the beats, oldest first.
func (h *history) samples() []model.Sample {
	list := make([]model.Sample, h.n)
	for i := range list {
		list[i] = h.at(i)
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

// strip returns the newest beats in short.
func (h *history) strip() (s model.Strip) {
	shown := min(len(s), int(h.n))
	for i := range shown {
		s[len(s)-shown+i] = beatOf(h.at(int(h.n) - shown + i))
	}
	return s
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

const (
	timeoutBits = 3
	timeoutMax  = 1<<timeoutBits - 1
)

func packTimeout(timeout time.Duration) uint8 {
	us := uint64(max(timeout, 0) / time.Microsecond)
	if us <= timeoutMax {
		return uint8(us)
	}
	shift := bits.Len64(us) - timeoutBits - 1
	if shift > 30 {
		return 1<<8 - 1
	}
	return uint8(shift+1)<<timeoutBits | uint8(us>>shift)&timeoutMax
}

func unpackTimeout(b uint8) time.Duration {
	us := time.Duration(b & timeoutMax)
	if shift := b >> timeoutBits; shift > 0 {
		us = (timeoutMax + 1 + us) << (shift - 1)
	}
	return us * time.Microsecond
}

// beatOf returns a sample in short.
func beatOf(s model.Sample) model.Beat {
	switch {
	case s.Missed && s.RTT > 0:
		return model.LateBeat
	case s.Missed:
		return model.MissedBeat
	case s.Timeout <= 0:
		return 1
	}
	eighths := (s.RTT*time.Duration(model.FullBeat) + s.Timeout - 1) / s.Timeout
	return model.Beat(min(max(eighths, 1), time.Duration(model.FullBeat)))
}
