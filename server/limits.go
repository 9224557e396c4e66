package server

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"holter/model"
	"holter/model/reload"
	"holter/server/hub"
	"holter/server/plane"
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

// Pattern is what r looks like as text, as a regular expression.
func (Rate) Pattern() string { return `^[0-9.][0-9.e+-]*(/s)?$` }

// NetworkLimit is a network whose addresses count as one, and how many connections it may have; 0 for any number.
type NetworkLimit struct {
	Network netip.Prefix
	Conns   int
}

// UnmarshalText reads NETWORK=N, such as 10.0.0.0/8=500. The network may be an address.
func (n *NetworkLimit) UnmarshalText(text []byte) error {
	network, count, _ := strings.Cut(string(text), "=")
	prefix, ok := plane.ParseNetwork(network)
	conns, err := strconv.Atoi(count)
	if !ok || err != nil || conns < 0 {
		return fmt.Errorf("%.60q is no network with a number: write NETWORK=N, such as 10.0.0.0/8=500, or =0 for any number", text)
	}
	*n = NetworkLimit{prefix, conns}
	return nil
}

// String is n as UnmarshalText reads it.
func (n NetworkLimit) String() string { return fmt.Sprintf("%s=%d", n.Network, n.Conns) }

// Pattern is what n looks like as text, as a regular expression.
func (NetworkLimit) Pattern() string { return `^[^=]+=[0-9]+$` }

// limits decide which upgrades are admitted. They can change while upgrades come in.
type limits struct {
	now    atomic.Pointer[bounds]
	memory *memoryGuard
}

// bounds are the limits at a time.
type bounds struct {
	conns, perIP, perClient int           // 0 for any number
	from                    []int         // of each network that counts as one address; 0 for any number
	perSecond               Rate          // of rate
	rate                    *rate.Limiter // nil for any
}

// acceptBurst is the part of a second, in seconds, whose share of the rate may come in at once.
const acceptBurst = 0.1

// set puts the limits of o in force. A rate that stays goes on from where it is.
func (l *limits) set(o Options) {
	b := &bounds{conns: o.MaxConns, perIP: o.MaxConnsPerIP, perClient: o.MaxConnsPerClient, perSecond: o.AcceptRate}
	for _, n := range o.MaxConnsFrom {
		b.from = append(b.from, n.Conns)
	}
	if before := l.now.Load(); before != nil && before.perSecond == o.AcceptRate {
		b.rate = before.rate
	} else if o.AcceptRate > 0 {
		b.rate = rate.NewLimiter(rate.Limit(o.AcceptRate), int(max(1, math.Ceil(float64(o.AcceptRate)*acceptBurst))))
	}
	l.now.Store(b)
	l.memory.set(o.MaxMemory.Amount())
}

// Prepare has next, which is valid, take the place of the limits. Connections that are open stay, also beyond a limit that is
// lower now.
func (l *limits) Prepare(next Options) (reload.Commit, error) {
	return func() { l.set(next) }, nil
}

// networks are those that count as one address, in the order of limits.from.
func (o Options) networks() []netip.Prefix {
	var all []netip.Prefix
	for _, n := range o.MaxConnsFrom {
		all = append(all, n.Network)
	}
	return all
}

// The shortest time that a refused client is asked to wait. It is short also while upgrades are refused on
// request: each refused attempt shows more of how the client backs off.
const (
	waitForPlace = 5 * time.Second // until a connection may have ended
	waitForTurn  = time.Second
	retrySpread  = 5 * time.Second
)

// admit reports whether an upgrade may go on. If it may, a place is reserved for the connection, and the caller cancels
// that if none comes. If not, admit has answered with a time to come back. That time differs from client to client,
// so that clients that are refused together do not return together.
func (m *Monitor) admit(w http.ResponseWriter, r *http.Request) (reserved *hub.Reservation, ok bool) {
	if !m.letIn(w, r) {
		return nil, false
	}
	sizes, reserved := m.hub.Reserve(r)
	limit, wait := m.full(sizes)
	if limit == "" {
		return reserved, true
	}
	reserved.Cancel()
	wait = m.turnAway(w, limit, wait)
	m.hub.Report(r, model.Refusal{
		Status: reasons[limit].status, Reason: reasons[limit].words, By: model.RefusedByHolter, RetryAfter: wait, Limit: limit,
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
	sizes := m.hub.Sizes(r)
	sizes.All++
	sizes.FromOrigin++
	sizes.OfClient++
	limit, wait := m.crowded(sizes)
	if limit != "" {
		m.turnAway(w, limit, wait)
	}
	return limit != ""
}

// turnAway answers with a time to come back, and returns that time.
func (m *Monitor) turnAway(w http.ResponseWriter, limit model.RefusalLimit, wait time.Duration) time.Duration {
	width := retrySpread
	if limit == model.LimitDraining {
		_, width, _ = m.hub.Draining()
	}
	wait = spread(wait, width, rand.Float64())
	plane.SetRetryAfter(w.Header(), wait)
	http.Error(w, reasons[limit].words, reasons[limit].status)
	return wait
}

// reasons are what a client is told that meets a limit: 503 if holter has no room, and 429 if the client or its address
// has too much of it (RFC 6585 section 4).
var reasons = map[model.RefusalLimit]struct {
	status int
	words  string
}{
	model.LimitOrdered:     {http.StatusServiceUnavailable, "upgrades are refused for a while"},
	model.LimitMemory:      {http.StatusServiceUnavailable, "memory is short"},
	model.LimitConnections: {http.StatusServiceUnavailable, "too many connections"},
	model.LimitAddress:     {http.StatusTooManyRequests, "too many connections from this address"},
	model.LimitClient:      {http.StatusTooManyRequests, "too many connections of this client"},
	model.LimitRate:        {http.StatusServiceUnavailable, "too many at once"},
	model.LimitDraining:    {http.StatusServiceUnavailable, "the server restarts"},
}

// full returns why an upgrade must be refused now, and how long that may last. n counts the new connection. The limit is
// "" if the upgrade need not be refused. full checks the rate last, because the check uses it up.
func (m *Monitor) full(n hub.Sizes) (limit model.RefusalLimit, wait time.Duration) {
	if limit, wait = m.crowded(n); limit != "" {
		return limit, wait
	}
	if l := m.limits.now.Load(); l.rate != nil && !l.rate.Allow() {
		return model.LimitRate, waitForTurn
	}
	return "", 0
}

// crowded is full without the rate.
func (m *Monitor) crowded(n hub.Sizes) (limit model.RefusalLimit, wait time.Duration) {
	if wait, _, draining := m.hub.Draining(); draining {
		return model.LimitDraining, wait
	}
	l := m.limits.now.Load()
	switch {
	case m.hub.Refusing():
		return model.LimitOrdered, waitForTurn
	case m.limits.memory.short.Load():
		return model.LimitMemory, waitForPlace
	case l.conns > 0 && n.All > l.conns:
		return model.LimitConnections, waitForPlace
	case l.addressFull(n):
		return model.LimitAddress, waitForPlace
	case l.perClient > 0 && n.OfClient > l.perClient:
		return model.LimitClient, waitForPlace
	}
	return "", 0
}

// addressFull reports whether there are too many connections from one address, or from a network that counts as one.
func (l *bounds) addressFull(n hub.Sizes) bool {
	limit := l.perIP
	if n.Network >= 0 && n.Network < len(l.from) {
		limit = l.from[n.Network]
	}
	return limit > 0 && n.FromOrigin > limit
}

// spread returns a time in whole seconds from wait, rounded up, to width later, all equally likely. chance is from 0 up to,
// but not including, 1.
func spread(wait, width time.Duration, chance float64) time.Duration {
	least := math.Ceil(wait.Seconds())
	return time.Duration(least+math.Floor(chance*(math.Floor(width.Seconds())+1))) * time.Second
}
