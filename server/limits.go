package server

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how many per second; 0 stands for any number.
type Rate float64

// UnmarshalText reads N/s, such as 50/s or 0.5/s; the /s may be left out.
func (r *Rate) UnmarshalText(text []byte) error {
	n, err := strconv.ParseFloat(strings.TrimSuffix(string(text), "/s"), 64)
	if err != nil {
		return fmt.Errorf("%.40q is no rate: write how many per second, such as 50/s, or 0 for no limit", text)
	}
	*r = Rate(n)
	return nil
}

// String is r as UnmarshalText reads it.
func (r Rate) String() string { return strconv.FormatFloat(float64(r), 'g', -1, 64) + "/s" }

// limits are for those who want to come in.
type limits struct {
	conns, perIP int           // 0 for any number
	rate         *rate.Limiter // nil for any
}

// acceptBurst is the part of a second whose share of upgrades may come in at once.
const acceptBurst = 0.1

func newLimits(o Options) limits {
	l := limits{conns: o.MaxConns, perIP: o.MaxConnsPerIP}
	if o.AcceptRate > 0 {
		l.rate = rate.NewLimiter(rate.Limit(o.AcceptRate), int(max(1, math.Ceil(float64(o.AcceptRate)*acceptBurst))))
	}
	return l
}

// How long who is turned away is asked to wait at least. While upgrades are refused on request that is
// not long either: each attempt in vain tells more of how a client backs off.
const (
	waitForPlace = 5 * time.Second // until one of those who are here leaves
	waitForTurn  = time.Second
	retrySpread  = 5 * time.Second
)

// admit answers an upgrade that is not to be: with 503 and a time to come back, which differs from client
// to client so that those who are turned away together do not return together.
func (m *Monitor) admit(w http.ResponseWriter, r *http.Request) bool {
	reason, wait := m.full(r)
	if reason == "" {
		return true
	}
	wait = spread(wait, rand.Float64())
	m.hub.RefusedFor(r, http.StatusServiceUnavailable, reason, wait)
	w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
	http.Error(w, reason, http.StatusServiceUnavailable)
	return false
}

// full is why nobody may come in just now, and how long that may last; empty if they may. The rate is
// asked last, as that uses it up.
func (m *Monitor) full(r *http.Request) (reason string, wait time.Duration) {
	l := &m.limits
	switch {
	case m.hub.Refusing():
		return "upgrades are refused for a while", waitForTurn
	case l.conns > 0 && m.hub.Size() >= l.conns:
		return "too many connections", waitForPlace
	case l.perIP > 0 && m.hub.SizeFrom(r.RemoteAddr) >= l.perIP:
		return "too many connections from this address", waitForPlace
	case l.rate != nil && !l.rate.Allow():
		return "too many at once", waitForTurn
	}
	return "", 0
}

// spread is a time in whole seconds, evenly from the wait on to retrySpread more. chance is from 0 up to 1.
func spread(wait time.Duration, chance float64) time.Duration {
	seconds := math.Floor(chance * (retrySpread.Seconds() + 1))
	return wait + time.Duration(seconds)*time.Second
}
