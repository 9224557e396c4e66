package server

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"holter/model"
	"holter/model/reload"
	"holter/server/hub"
)

// Rate is a number per second; 0 stands for no limit.
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

// limits decide which upgrades are admitted. They can change while upgrades come in.
type limits struct{ now atomic.Pointer[bounds] }

// bounds are the limits at a time.
type bounds struct {
	conns, perIP int           // 0 for any number
	perSecond    Rate          // of rate
	rate         *rate.Limiter // nil for any
}

// acceptBurst is the part of a second, in seconds, whose share of the rate may come in at once.
const acceptBurst = 0.1

// set puts the limits of o in force. A rate that stays goes on from where it is.
func (l *limits) set(o Options) {
	b := &bounds{conns: o.MaxConns, perIP: o.MaxConnsPerIP, perSecond: o.AcceptRate}
	if before := l.now.Load(); before != nil && before.perSecond == o.AcceptRate {
		b.rate = before.rate
	} else if o.AcceptRate > 0 {
		b.rate = rate.NewLimiter(rate.Limit(o.AcceptRate), int(max(1, math.Ceil(float64(o.AcceptRate)*acceptBurst))))
	}
	l.now.Store(b)
}

// Prepare has next, which is valid, take the place of the limits. Connections that are open stay, also beyond a limit that is
// lower now.
func (l *limits) Prepare(next Options) (reload.Commit, error) {
	return func() { l.set(next) }, nil
}

// The shortest time that a refused client is asked to wait. It is short also while upgrades are refused on
// request: each refused attempt shows more of how the client backs off.
const (
	waitForPlace = 5 * time.Second // until a connection may have ended
	waitForTurn  = time.Second
	retrySpread  = 5 * time.Second
)

// admit reports whether an upgrade may go on. If it may, a place is reserved for the connection, and the caller cancels
// that if none comes. If not, admit has answered 503 with a time to come back. That time differs from client to client,
// so that clients that are refused together do not return together.
func (m *Monitor) admit(w http.ResponseWriter, r *http.Request) (reserved *hub.Reservation, ok bool) {
	if !m.letIn(w, r) {
		return nil, false
	}
	all, fromOrigin, reserved := m.hub.Reserve(r.RemoteAddr)
	limit, wait := m.full(all, fromOrigin)
	if limit == "" {
		return reserved, true
	}
	reserved.Cancel()
	wait = m.turnAway(w, limit, wait)
	m.hub.Report(r, model.Refusal{
		Status: http.StatusServiceUnavailable, Reason: reasons[limit], By: model.RefusedByHolter, RetryAfter: wait, Limit: limit,
	})
	return nil, false
}

// explain answers a request that is no upgrade as an upgrade would be answered now, if that would be refused for more
// than the rate. It counts nothing. Scripts in a browser need this, because a browser tells them no status of a
// handshake.
func (m *Monitor) explain(w http.ResponseWriter, r *http.Request) (refused bool) {
	if _, bad := m.checked(r); bad != nil {
		bar(w, bad)
		return true
	}
	all, fromOrigin := m.hub.Sizes(r.RemoteAddr)
	limit, wait := m.crowded(all+1, fromOrigin+1)
	if limit != "" {
		m.turnAway(w, limit, wait)
	}
	return limit != ""
}

// turnAway answers 503 with a time to come back, and returns that time.
func (m *Monitor) turnAway(w http.ResponseWriter, limit model.RefusalLimit, wait time.Duration) time.Duration {
	width := retrySpread
	if limit == model.LimitDraining {
		_, width, _ = m.hub.Draining()
	}
	wait = spread(wait, width, rand.Float64())
	w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
	http.Error(w, reasons[limit], http.StatusServiceUnavailable)
	return wait
}

// reasons are what a client is told that meets a limit.
var reasons = map[model.RefusalLimit]string{
	model.LimitOrdered:     "upgrades are refused for a while",
	model.LimitConnections: "too many connections",
	model.LimitAddress:     "too many connections from this address",
	model.LimitRate:        "too many at once",
	model.LimitDraining:    "the server restarts",
}

// full returns why an upgrade must be refused now, and how long that may last. all and fromOrigin are the numbers of
// connections with the new one. The limit is "" if the upgrade need not be refused. full checks the rate last,
// because the check uses it up.
func (m *Monitor) full(all, fromOrigin int) (limit model.RefusalLimit, wait time.Duration) {
	if limit, wait = m.crowded(all, fromOrigin); limit != "" {
		return limit, wait
	}
	if l := m.limits.now.Load(); l.rate != nil && !l.rate.Allow() {
		return model.LimitRate, waitForTurn
	}
	return "", 0
}

// crowded is full without the rate.
func (m *Monitor) crowded(all, fromOrigin int) (limit model.RefusalLimit, wait time.Duration) {
	if wait, _, draining := m.hub.Draining(); draining {
		return model.LimitDraining, wait
	}
	l := m.limits.now.Load()
	switch {
	case m.hub.Refusing():
		return model.LimitOrdered, waitForTurn
	case l.conns > 0 && all > l.conns:
		return model.LimitConnections, waitForPlace
	case l.perIP > 0 && fromOrigin > l.perIP:
		return model.LimitAddress, waitForPlace
	}
	return "", 0
}

// spread returns a time in whole seconds from wait, rounded up, to width later, all equally likely. chance is from 0 up to,
// but not including, 1.
func spread(wait, width time.Duration, chance float64) time.Duration {
	least := math.Ceil(wait.Seconds())
	return time.Duration(least+math.Floor(chance*(math.Floor(width.Seconds())+1))) * time.Second
}
