package server

import (
	"cmp"
	"fmt"
	"math"

	"holter/model/heart"
	"holter/server/hub"
	"holter/server/plane"
)

// Validate refuses settings that are out of range or contradict each other. It expects options
// with their defaults filled in, as the command line gives them: in a library a zero stands for a default, on a command
// line it is a mistake. The error says what to write instead.
func (o Options) Validate() error {
	rhythm := o.rhythm()
	_, badIdentity := hub.ParseIdentity(o.Identity)
	_, badProxies := plane.ParseTrusted("TrustedProxies", o.TrustedProxies)
	return cmp.Or(rhythm.Validate(), o.OnFail.Validate(), badIdentity, badProxies, o.validLimits(), o.validNetworks(), o.Services.Validate(), o.plane().Validate(), o.Alerts.Validate())
}

func (o Options) rhythm() heart.Rhythm {
	return heart.Rhythm{
		Scheme: o.Scheme, Detector: o.Detector, Interval: o.Interval,
		MinTimeout: o.MinTimeout, MaxTimeout: o.MaxTimeout,
	}
}

func (o Options) validLimits() error {
	switch {
	case o.Linger <= 0:
		return fmt.Errorf("--linger is %v: write how long what is gone stays on the list, such as 60s", o.Linger)
	case o.WriteTimeout <= 0:
		return fmt.Errorf("--write-timeout is %v: write how long a peer may take nothing, such as 10s", o.WriteTimeout)
	case o.MaxIdle < 0:
		return fmt.Errorf("--max-idle is %v: write how long a connection may carry no message, or 0s for ever", o.MaxIdle)
	case o.IdleCut < 0:
		return fmt.Errorf("--idle-cut is %v: write how long what is silent lives, such as 60s, or 0s if nothing is known", o.IdleCut)
	case o.AgeCut < 0:
		return fmt.Errorf("--age-cut is %v: write how old a connection gets, such as 60m, or 0s if nothing is known", o.AgeCut)
	case o.MaxConns < 0:
		return fmt.Errorf("--max-conns is %d: write how many, or 0 for no limit", o.MaxConns)
	case o.MaxConnsPerIP < 0:
		return fmt.Errorf("--max-conns-per-ip is %d: write how many, or 0 for no limit", o.MaxConnsPerIP)
	case o.MaxConnsPerClient < 0:
		return fmt.Errorf("--max-conns-per-client is %d: write how many, or 0 for no limit", o.MaxConnsPerClient)
	case o.MaxMessage < 0:
		return fmt.Errorf("--max-message is %d: write the bytes of the longest message, or 0 for no limit", o.MaxMessage)
	case o.MaxSubscribers <= 0:
		return fmt.Errorf("--max-subscribers is %d: write how many readers of events and snapshots there may be, such as 64", o.MaxSubscribers)
	case !(o.APIRate > 0) || math.IsInf(float64(o.APIRate), 0):
		return fmt.Errorf("--api-rate is %s: write how many calls per second, such as 1000/s", o.APIRate)
	case !(o.AcceptRate >= 0) || math.IsInf(float64(o.AcceptRate), 0):
		return fmt.Errorf("--accept-rate is %s: write how many per second, such as 50/s, or 0 for no limit", o.AcceptRate)
	}
	return nil
}

func (o Options) validNetworks() error {
	for i, n := range o.MaxConnsFrom {
		for _, other := range o.MaxConnsFrom[:i] {
			if n.Network == other.Network {
				return fmt.Errorf("--max-conns-from has %s twice, as %s and as %s: write it once", n.Network, other, n)
			}
		}
	}
	return nil
}
