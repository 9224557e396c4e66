package model

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// Draws makes the delays of one client.
func Draws(p *Policy, random *rand.Rand) func(k int) time.Duration {
	if i := slices.IndexFunc(knownClients, func(c knownClient) bool { return c.name == p.Like }); i >= 0 {
		return func(k int) time.Duration { return seconds(knownClients[i].band(k).at(random.Float64())) }
	}
	previous := float64(p.Base)
	limit := float64(cmp.Or(p.Cap, longestDelay))
	return func(k int) time.Duration {
		v := float64(p.delay(k))
		switch p.Jitter {
		case JitterDecorrelated:
			base := float64(p.Base)
			previous = min(limit, base+random.Float64()*(3*previous-base))
			return time.Duration(previous)
		case JitterEqual:
			return time.Duration(v/2 + random.Float64()*v/2)
		case JitterFull:
			return time.Duration(random.Float64() * v)
		case JitterPartial:
			return time.Duration(v * (1 + p.Share*(2*random.Float64()-1)))
		}
		return time.Duration(v)
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
