package admin

import (
	"cmp"
	"errors"
	"math"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/server/plane"
	"holter/server/throttle"
)

// Limits bound what the callers of the plane may cost. A zero field stands for that of UsualLimits.
type Limits struct {
	Rate        float64 // calls from one address per second
	Subscribers int     // readers of answers without an end
}

// burstSeconds is how many seconds' calls a caller may make at once: a program that starts, or a script.
const burstSeconds = 10

// Wrong tokens from one address. A right one is let in also after that: all who come through one proxy have its address, and one
// of them would lock the others out. So it takes a token that cannot be guessed: see warnOfShort.
const (
	guessRate  = 1 // per second
	guessBurst = 100
)

// bounds keep the limits of a plane.
type bounds struct {
	calls, guesses *throttle.Throttle
	subscribers    atomic.Int64
	most           atomic.Int64 // subscribers
	filters        *filter.Budget
}

// UsualLimits are high enough for programs that poll, and stop one that calls in a loop.
var UsualLimits = Limits{Rate: 1000, Subscribers: 64}

func newBounds(l Limits) *bounds {
	b := &bounds{calls: throttle.New(0, 0), guesses: throttle.New(guessRate, guessBurst), filters: filter.NewBudget()}
	b.set(l)
	return b
}

// set puts limits in force. Streams that are more than a new number stay.
func (b *bounds) set(l Limits) {
	rate := cmp.Or(l.Rate, UsualLimits.Rate)
	b.calls.Set(rate, max(1, rate*burstSeconds))
	b.most.Store(int64(cmp.Or(l.Subscribers, UsualLimits.Subscribers)))
}

// beyond is the error of a request that meets a limit.
type beyond struct {
	error
	limit model.RefusalLimit
	wait  time.Duration // until it may come again, 0 if that does not help
}

func (b *beyond) Unwrap() error { return b.error }

// metered returns a handler for a call of the API, which refuses it if its address has made too many. Reports of services do not
// count: they have a rhythm of their own. It comes after the token, as a stranger at the same proxy could otherwise make the calls
// that others may.
func (a *Plane) metered(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if isReport(r) {
			return h(w, r)
		}
		if wait, ok := a.bounds.calls.Take(addressOf(r)); !ok {
			return &beyond{model.Errorf(model.TooMany, "too many calls came from this address: --api-rate allows more"), model.LimitCalls, wait}
		}
		return h(w, r)
	}
}

// refuseGuess counts a wrong token, and refuses it if too many have come from its address.
func (a *Plane) refuseGuess(r *http.Request) error {
	if wait, ok := a.bounds.guesses.Take(addressOf(r)); !ok {
		return &beyond{model.Errorf(model.TooMany, "too many wrong tokens came from this address"), model.LimitToken, wait}
	}
	return nil
}

// isReport reports whether a service reports itself with r.
func isReport(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/api/v1/services/") && (r.Method == http.MethodPut || r.Method == http.MethodDelete)
}

// addressOf is the zero address for one that is none.
func addressOf(r *http.Request) netip.Addr {
	p, _ := netip.ParseAddrPort(r.RemoteAddr)
	return p.Addr()
}

// subscribe takes a place for an answer without an end. The caller gives it back.
func (a *Plane) subscribe() (giveBack func(), err error) {
	if n := a.bounds.subscribers.Add(1); n > a.bounds.most.Load() {
		a.bounds.subscribers.Add(-1)
		return nil, &beyond{model.Errorf(model.Unavailable, "too many readers of events and snapshots: --max-subscribers allows more"), model.LimitSubscribers, waitForSubscriber}
	}
	return func() { a.bounds.subscribers.Add(-1) }, nil
}

const waitForSubscriber = 5 * time.Second

// refused counts an error that is a refusal, and says in the header when to come back.
func (a *Plane) refused(w http.ResponseWriter, r *http.Request, err error) {
	code := model.ErrorCode(err)
	refusal := model.Refusal{By: model.RefusedByHolter, Status: plane.StatusOf(code), Reason: err.Error()}
	if b, ok := errors.AsType[*beyond](err); ok {
		refusal.Limit = b.limit
		refusal.RetryAfter = time.Duration(math.Ceil(b.wait.Seconds())) * time.Second
	}
	switch {
	case refusal.Limit != "":
	case code == model.Unauthorized:
		refusal.Limit = model.LimitToken
	case code == model.Forbidden:
		refusal.Limit = model.LimitRights
	case code == plane.CodeTooLarge:
		refusal.Limit = model.LimitBody
	case code == model.TooCostly:
		refusal.Limit = model.LimitFilter
	}
	if refusal.RetryAfter > 0 {
		plane.SetRetryAfter(w.Header(), refusal.RetryAfter)
	}
	if refusal.Limit != "" {
		a.source.ReportRequest(r, refusal)
	}
}
