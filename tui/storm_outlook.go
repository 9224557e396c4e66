package tui

import (
	"sync"
	"time"

	"holter/model"
	"holter/model/storm"
)

// supposedAway is how long the server is away in the forecast that the page tells in words.
const supposedAway = 30 * time.Second

// outlook is what the page of storms adds to a picture.
type outlook struct {
	at int // the storm that was asked for
	forecasts
}

// forecasts are what the policies of a storm lead to: if the server is away for as long as it was, and for supposedAway.
type forecasts struct{ same, supposed storm.Forecast }

// oracle makes forecasts, which takes milliseconds, and remembers the last one. Commands call it.
type oracle struct {
	mu   sync.Mutex // protects all following
	last question
	said forecasts
}

// question is what a forecast depends on. Details of the policies change only with more attempts.
type question struct {
	storm, clients, attempts int
	away                     time.Duration
}

func (o *oracle) ask(s *model.Storm) forecasts {
	q := question{storm: s.ID, away: serverAway(s.Curve)}
	for i := range s.Policies {
		q.clients += s.Policies[i].Clients
		q.attempts += s.Policies[i].Attempts
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if q != o.last {
		o.last = q
		o.said = forecasts{
			same:     storm.NewForecast(s.Policies, q.away, uint64(s.ID)),
			supposed: storm.NewForecast(s.Policies, supposedAway, uint64(s.ID)),
		}
	}
	return o.said
}

// serverAway is the time until the first client was let in.
func serverAway(curve []model.Activity) time.Duration {
	for i := range curve {
		if curve[i].Reconnects > 0 {
			return time.Duration(i) * model.ActivityBin
		}
	}
	return time.Duration(len(curve)) * model.ActivityBin
}
