package alert

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"holter/model"
)

const (
	mostWaiting  = 256              // alerts that wait for one output; beyond that the oldest are dropped
	givenUpAfter = 15 * time.Minute // for one notification
	firstPause   = time.Second      // after an attempt that failed
	longestPause = time.Minute
)

// courier delivers alerts of one rule in one state.
type courier interface {
	name() string
	// deliver returns an error of backoff.Permanent if it is of no use to try again. id is the same in all attempts.
	deliver(ctx context.Context, id string, alerts []model.Alert) error
}

// queue gives a courier one notification after the other, in order.
type queue struct {
	progress
	courier courier
	wake    chan struct{} // has room for one

	lock sync.Mutex // protects list
	list []model.Alert
}

func newQueue(c courier, log *slog.Logger) *queue {
	return &queue{progress: progress{now: model.AlertOutput{Name: c.name()}, log: log}, courier: c, wake: make(chan struct{}, 1)}
}

// tell puts an alert at the end of what waits.
func (q *queue) tell(a model.Alert) {
	q.lock.Lock()
	q.list = append(q.list, a)
	if extra := len(q.list) - mostWaiting; extra > 0 {
		q.list = append(q.list[:0], q.list[extra:]...)
		q.dropped(extra)
	}
	q.waiting(len(q.list))
	q.lock.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take takes from the front what goes into one notification.
func (q *queue) take() []model.Alert {
	q.lock.Lock()
	defer q.lock.Unlock()
	if len(q.list) == 0 {
		return nil
	}
	n := group(q.list)
	taken := append([]model.Alert(nil), q.list[:n]...)
	q.list = append(q.list[:0], q.list[n:]...)
	q.waiting(len(q.list))
	return taken
}

// run delivers until ctx ends. What waits then is lost, and the log says so.
func (q *queue) run(ctx context.Context) error {
	defer q.leave()
	for {
		for alerts := q.take(); alerts != nil; alerts = q.take() {
			q.deliver(ctx, alerts)
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

// deliver tries until the receiver has taken the alerts, or it is of no use any more.
func (q *queue) deliver(ctx context.Context, alerts []model.Alert) {
	if ctx.Err() != nil {
		q.dropped(len(alerts))
		return
	}
	id := newID()
	attempt := func() (struct{}, error) {
		err := q.courier.deliver(ctx, id, alerts)
		if err != nil && ctx.Err() == nil {
			q.failed(err)
		}
		return struct{}{}, err
	}
	_, err := backoff.Retry(ctx, attempt, backoff.WithBackOff(pauses()), backoff.WithMaxElapsedTime(givenUpAfter))
	if err != nil {
		q.dropped(len(alerts))
		if !errors.Is(err, context.Canceled) {
			q.log.Warn("an alert was not delivered", "output", q.courier.name(), "rule", alerts[0].Rule, "state", string(alerts[0].State), "alerts", len(alerts), "error", err)
		}
		return
	}
	q.took(len(alerts))
}

// pauses are those between attempts.
func pauses() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{InitialInterval: firstPause, RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: longestPause}
}
