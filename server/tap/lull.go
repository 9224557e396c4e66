package tap

import (
	"sync/atomic"
	"time"
)

// lull learns the longest silence that a connection has survived. A silence is survived once a byte has come in after it:
// bytes that were only sent may have gone nowhere. The reader and the writer use it at each message, so it neither locks
// nor allocates. A silence that both end at the same moment may be counted once or twice.
type lull struct {
	longest atomic.Uint64 // a Lull: milliseconds, and below them the two counts, of countBits each
	sentAt  atomic.Uint32 // milliseconds of a silence that ended with bytes to the peer, which has sent none since; 0 for none
}

// Lull is the longest silence that a connection has survived.
type Lull struct {
	Longest time.Duration // to the millisecond; 0 before there was one of leastLull
	Near    int           // silences at least nine tenths as long, at most maxLulls
	Half    int           // others at least half as long, at most maxLulls
}

const (
	leastLull = 100 * time.Millisecond
	maxLulls  = 1<<countBits - 1
	countBits = 12
)

// heard notes a silence that ended with a byte from the peer.
func (l *lull) heard(gap time.Duration) {
	if open := l.sentAt.Load(); open != 0 {
		l.sentAt.Store(0)
		gap = max(gap, time.Duration(open)*time.Millisecond)
	}
	if gap >= leastLull {
		l.survived(uint64(gap / time.Millisecond))
	}
}

// sent notes a silence that ended with bytes to the peer.
func (l *lull) sent(gap time.Duration) {
	if ms := uint32(min(gap/time.Millisecond, 1<<32-1)); gap >= leastLull && ms > l.sentAt.Load() {
		l.sentAt.Store(ms)
	}
}

// survived counts a silence of so many milliseconds, unless it is much shorter than others.
func (l *lull) survived(ms uint64) {
	ms = min(ms, 1<<(64-2*countBits)-1)
	for {
		before := l.longest.Load()
		longest, near, half := unpackLull(before)
		switch {
		case 2*ms < longest:
			return
		case 10*ms < 9*longest:
			half = min(half+1, maxLulls)
		case 10*ms <= 11*longest:
			longest, near = max(longest, ms), min(near+1, maxLulls)
		case ms <= 2*longest:
			longest, near, half = ms, 1, min(near+half, maxLulls)
		default:
			longest, near, half = ms, 1, 0
		}
		if l.longest.CompareAndSwap(before, longest<<(2*countBits)|near<<countBits|half) {
			return
		}
	}
}

func unpackLull(packed uint64) (ms, near, half uint64) {
	return packed >> (2 * countBits), packed >> countBits & maxLulls, packed & maxLulls
}

func (l *lull) get() Lull {
	ms, near, half := unpackLull(l.longest.Load())
	return Lull{time.Duration(ms) * time.Millisecond, int(near), int(half)}
}
