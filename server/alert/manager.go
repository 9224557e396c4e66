package alert

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"holter/model"
)

const (
	// resendEvery is how often an Alertmanager is told again what fires. It takes what it is not told of for endsAfter as over.
	resendEvery = time.Minute
	endsAfter   = 4 * resendEvery
	// resolvedFor is how long it is told of the end of an alert, in case that it is started anew, or one of several was away.
	resolvedFor = 15 * time.Minute
	// mostKept bounds the alerts that it is told of: no more fire at once, and so many may be resolved.
	mostKept = 2 * model.MaxAlerts
)

// manager keeps one Alertmanager up to date. It tells it of all alerts again and again, so an attempt that failed is made up
// for by the next one, which tells of what is so by then.
type manager struct {
	progress
	poster poster
	link   string
	wake   chan struct{} // has room for one

	lock sync.Mutex // protects all
	all  map[string]model.Alert
}

func newManager(address, link string, log *slog.Logger) *manager {
	m := &manager{poster: newPoster(address), link: link, wake: make(chan struct{}, 1), all: make(map[string]model.Alert)}
	if !strings.HasSuffix(m.poster.address.Path, "/api/v2/alerts") {
		m.poster.address = m.poster.address.JoinPath("api/v2/alerts")
	}
	m.progress = progress{now: model.AlertOutput{Name: "alertmanager " + m.poster.address.Scheme + "://" + m.poster.address.Host}, log: log}
	return m
}

func (m *manager) tell(a model.Alert) {
	m.lock.Lock()
	m.all[a.ID] = a
	if len(m.all) > mostKept {
		m.forgetOldest()
	}
	m.lock.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// forgetOldest forgets what was resolved first. It runs under lock.
func (m *manager) forgetOldest() {
	oldest := ""
	for id, a := range m.all {
		if a.State == model.AlertResolved && (oldest == "" || a.Resolved.Before(m.all[oldest].Resolved)) {
			oldest = id
		}
	}
	delete(m.all, oldest)
}

// run sends whenever something changes, and every minute, until ctx ends.
func (m *manager) run(ctx context.Context) error {
	pause := pauses()
	for wait := resendEvery; ; {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-m.wake:
			timer.Stop()
		case <-timer.C:
		}
		if wait = resendEvery; m.send(ctx) {
			pause.Reset()
		} else if wait = min(pause.NextBackOff(), resendEvery); !m.rest(ctx, wait) {
			return nil
		} else {
			wait = 0
		}
	}
}

// rest waits, whatever comes to be told meanwhile. It reports whether ctx goes on.
func (m *manager) rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// send tells of all alerts, and reports whether they were taken.
func (m *manager) send(ctx context.Context) bool {
	alerts := m.current(time.Now())
	if len(alerts) == 0 {
		return true
	}
	body, err := json.Marshal(alerts)
	if err == nil {
		err = m.poster.post(ctx, body, nil)
	}
	switch {
	case err == nil:
		m.took(len(alerts))
	case ctx.Err() == nil:
		m.failed(err)
	}
	return err == nil
}

// posted is an alert as Alertmanager takes it.
type posted struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// current are the alerts to tell of, and forgets those that are over for long enough.
func (m *manager) current(now time.Time) []posted {
	m.lock.Lock()
	defer m.lock.Unlock()
	var list []posted
	for id, a := range m.all {
		ends := now.Add(endsAfter)
		if a.State == model.AlertResolved {
			if ends = a.Resolved; now.Sub(ends) > resolvedFor {
				delete(m.all, id)
				continue
			}
		}
		list = append(list, posted{mapOf(a.Labels), annotations(&a), a.Fired.UTC(), ends.UTC(), generator(m.link)})
	}
	slices.SortFunc(list, func(a, b posted) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.Labels["alertname"], b.Labels["alertname"]))
	})
	return list
}
