// Package throttle bounds how often something may happen for each address.
//
// A Throttle keeps a bucket of tokens for each address, in bounded memory: when there are too many addresses, it forgets
// those whose bucket is full, which changes nothing for them, and lets the others that are new share one bucket. It starts
// no goroutine. The admin plane uses it. Any goroutine may call its methods.
package throttle

import (
	"math"
	"net/netip"
	"sync"
	"time"
)

// Throttle lets something happen at a rate, for each address.
type Throttle struct {
	mu      sync.Mutex // protects all following
	rate    float64    // per second
	burst   float64    // at once
	buckets map[netip.Addr]*bucket
	others  bucket    // of the addresses for which there is no room
	swept   time.Time // when full buckets were last forgotten
}

type bucket struct {
	tokens float64
	at     time.Time
}

// mostAddresses bounds the buckets.
const mostAddresses = 4096

// New makes a throttle that lets burst things happen at once for each address, and then rate a second.
func New(rate, burst float64) *Throttle {
	return &Throttle{rate: rate, burst: burst, buckets: map[netip.Addr]*bucket{}, others: bucket{tokens: burst}}
}

// Set changes the rate and the burst.
func (t *Throttle) Set(rate, burst float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rate, t.burst = rate, burst
}

// Take reports whether one more may happen for the address a, and counts it. If not, wait is how long that lasts.
func (t *Throttle) Take(a netip.Addr) (wait time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	b := t.bucketOf(a, now)
	t.fill(b, now)
	if b.tokens < 1 {
		return time.Duration(math.Ceil((1 - b.tokens) / t.rate * float64(time.Second))), false
	}
	b.tokens--
	return 0, true
}

func (t *Throttle) bucketOf(a netip.Addr, now time.Time) *bucket {
	a = a.Unmap()
	if a.Is6() {
		network, _ := a.Prefix(64) // which one machine has
		a = network.Addr()
	}
	b := t.buckets[a]
	switch {
	case b != nil:
		return b
	case len(t.buckets) >= mostAddresses && !t.sweep(now):
		return &t.others
	}
	b = &bucket{t.burst, now}
	t.buckets[a] = b
	return b
}

func (t *Throttle) fill(b *bucket, now time.Time) {
	b.tokens = min(t.burst, b.tokens+now.Sub(b.at).Seconds()*t.rate)
	b.at = now
}

// sweep forgets the buckets that are full, at most once a second, as it visits all of them. It reports whether there is room
// now.
func (t *Throttle) sweep(now time.Time) bool {
	if now.Sub(t.swept) < time.Second {
		return false
	}
	t.swept = now
	for a, b := range t.buckets {
		if t.fill(b, now); b.tokens >= t.burst {
			delete(t.buckets, a)
		}
	}
	return len(t.buckets) < mostAddresses
}
