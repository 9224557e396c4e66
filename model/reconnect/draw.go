package reconnect

import (
	"cmp"
	"holter/model"
	"math/rand/v2"
	"slices"
	"time"
)

// Draws makes the delays of one client.
func Draws(p *model.Policy, random *rand.Rand) func(k int) time.Duration {
	if i := slices.IndexFunc(KnownClients, func(c KnownClient) bool { return c.Name == p.Like }); i >= 0 {
		return func(k int) time.Duration { return seconds(KnownClients[i].band(k).at(random.Float64())) }
	}
	previous := float64(p.Base)
	limit := float64(cmp.Or(p.Cap, model.MaxDelay))
	return func(k int) time.Duration {
		v := float64(p.Delay(k))
		switch p.Jitter {
		case model.JitterDecorrelated:
			base := float64(p.Base)
			previous = min(limit, base+random.Float64()*(3*previous-base))
			return time.Duration(previous)
		case model.JitterEqual:
			return time.Duration(v/2 + random.Float64()*v/2)
		case model.JitterFull:
			return time.Duration(random.Float64() * v)
		case model.JitterPartial:
			return time.Duration(v * (1 + p.Share*(2*random.Float64()-1)))
		}
		return time.Duration(v)
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
