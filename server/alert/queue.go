package alert

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"holter/model"
)

const (
	mostWaiting  = 256              // alerts that wait for one output; beyond that the oldest are dropped
	givenUpAfter = 15 * time.Minute // for one notification, unless it still fires
	firstPause   = time.Second      // after an attempt that failed
	longestPause = time.Minute
)

// courier delivers alerts of one rule in one state.
type courier interface {
	name() string
	// deliver returns an error of backoff.Permanent if it is of no use to try again. id is the same in all attempts.
	deliver(ctx context.Context, id string, alerts []model.Alert) error
}

// queue gives a courier one notification after the other, in order. While the receiver does not take them, what waits is only
// where each alert stands: what was over before the receiver could know of it is no news.
type queue struct {
	progress
	courier courier
	wake    chan struct{} // has room for one

	lock  sync.Mutex // protects all following
	list  []model.Alert
	tried map[string]bool // ids of what was given to the courier as firing: the receiver may know of it, and its end has to follow
}

func newQueue(c courier, log *slog.Logger) *queue {
	return &queue{progress: progress{now: model.AlertOutput{Name: c.name()}, log: log}, courier: c, wake: make(chan struct{}, 1), tried: make(map[string]bool)}
}

// tell puts an alert at the end of what waits.
func (q *queue) tell(a model.Alert) {
	q.lock.Lock()
	q.list = append(q.list, a)
	q.tidy()
	q.lock.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// tidy keeps what waits within its bounds. It runs under lock.
func (q *queue) tidy() {
	if q.report().Failing != "" {
		q.list = standing(q.list, q.tried)
	}
	if extra := len(q.list) - mostWaiting; extra > 0 {
		for _, a := range q.list[:extra] {
			if a.State == model.AlertResolved {
				delete(q.tried, a.ID)
			}
		}
		q.list = append(q.list[:0], q.list[extra:]...)
		q.dropped(extra)
	}
	q.waiting(len(q.list))
}

// standing is where the alerts of a list stand, which is the last that it says of each. The end of one of which the receiver
// cannot know is left out too.
func standing(list []model.Alert, tried map[string]bool) []model.Alert {
	last := make(map[string]int, len(list))
	for i := range list {
		last[list[i].ID] = i
	}
	kept := make([]model.Alert, 0, len(last))
	for i, a := range list {
		if last[a.ID] == i && (a.State == model.AlertFiring || tried[a.ID]) {
			kept = append(kept, a)
		}
	}
	return kept
}

// take takes from the front what goes into one notification.
func (q *queue) take() []model.Alert {
	q.lock.Lock()
	defer q.lock.Unlock()
	if q.tidy(); len(q.list) == 0 {
		return nil
	}
	n := group(q.list)
	taken := append([]model.Alert(nil), q.list[:n]...)
	q.list = append(q.list[:0], q.list[n:]...)
	q.waiting(len(q.list))
	for _, a := range taken {
		if a.State == model.AlertFiring {
			q.tried[a.ID] = true
		} else {
			delete(q.tried, a.ID)
		}
	}
	return taken
}

// stillSo is what of some alerts nothing that waits has overtaken, while the receiver does not take them.
func (q *queue) stillSo(alerts []model.Alert) []model.Alert {
	if q.report().Failing == "" {
		return alerts
	}
	q.lock.Lock()
	defer q.lock.Unlock()
	return slices.DeleteFunc(slices.Clone(alerts), func(a model.Alert) bool {
		return slices.ContainsFunc(q.list, func(later model.Alert) bool { return later.ID == a.ID })
	})
}

// run delivers until ctx ends. What waits then is lost, and the log says so.
func (q *queue) run(ctx context.Context) error {
	defer q.leave()
	pause := pauses()
	for {
		for alerts := q.take(); alerts != nil; alerts = q.take() {
			q.deliver(ctx, alerts, pause)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-q.wake:
		}
	}
}

func (q *queue) leave() {
	if n := q.report().Waiting; n > 0 {
		q.log.Warn("alerts are lost at the end", "output", q.courier.name(), "alerts", n)
	}
}

// errOvertaken is why a notification is not sent again: each of its alerts stands elsewhere by now.
var errOvertaken = errors.New("it is no longer so")

// deliver tries until the receiver has taken the alerts, or they are no longer so, or it is of no use any more.
func (q *queue) deliver(ctx context.Context, alerts []model.Alert, pause *backoff.ExponentialBackOff) {
	if ctx.Err() != nil {
		q.dropped(len(alerts))
		return
	}
	id, refused := newID(), false
	attempt := func() (struct{}, error) {
		if alerts = q.stillSo(alerts); len(alerts) == 0 {
			return struct{}{}, backoff.Permanent(errOvertaken)
		}
		err := q.courier.deliver(ctx, id, alerts)
		_, refused = errors.AsType[*backoff.PermanentError](err)
		if err != nil && ctx.Err() == nil {
			q.failed(err)
		}
		return struct{}{}, err
	}
	_, err := backoff.Retry(ctx, attempt, backoff.WithBackOff(onward{pause}), backoff.WithMaxElapsedTime(givenUpAfter))
	switch {
	case err == nil:
		pause.Reset()
		q.took(len(alerts))
	case errors.Is(err, errOvertaken):
	case refused || ctx.Err() != nil:
		q.lost(alerts, err)
	default:
		q.putBack(alerts, err)
	}
}

// putBack has those alerts of a notification wait again that still fire: they will be news in an hour too. They go to the end,
// so that what comes behind them does not wait for ever.
func (q *queue) putBack(alerts []model.Alert, err error) {
	var over []model.Alert
	q.lock.Lock()
	for _, a := range alerts {
		if a.State == model.AlertFiring {
			q.list = append(q.list, a)
		} else {
			over = append(over, a)
		}
	}
	q.tidy()
	q.lock.Unlock()
	if len(over) > 0 {
		q.lost(over, err)
	}
}

// lost notes that alerts will never be delivered.
func (q *queue) lost(alerts []model.Alert, err error) {
	q.dropped(len(alerts))
	if !errors.Is(err, context.Canceled) {
		q.log.Warn("an alert was not delivered", "output", q.courier.name(), "rule", alerts[0].Rule, "state", string(alerts[0].State), "alerts", len(alerts), "error", err)
	}
}

// onward are pauses that go on growing from one notification to the next: it is one receiver that does not take them.
type onward struct{ *backoff.ExponentialBackOff }

func (onward) Reset() {}

// pauses are those between attempts.
func pauses() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{InitialInterval: firstPause, RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: longestPause}
}
