package filter

import (
	"math"
	"strconv"
	"strings"
	"time"

	"holter/model"
)

// The fields of services, and those that they share with connections.

var shares = unit{"a share such as 99.9%", parseShare}

// parseShare parses a share in per cent, with or without the sign. It returns millionths.
func parseShare(s string) (int64, bool) {
	f, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	return int64(math.Round(f * 1e4)), err == nil && f >= 0 && f <= 100
}

// serviceText makes a field for a text of services.
func serviceText(name string, get func(*model.Service) string) field {
	return textField(name, func(r Row) string { return get(r.service()) }).only(onServices)
}

// serviceDuration makes a field for a duration of services, of which 0 is none yet.
func serviceDuration(name string, get func(*model.Service) time.Duration) field {
	return figureField(name, durations, func(r Row) (int64, bool) {
		d := get(r.service())
		return int64(d), d != 0
	}).only(onServices)
}

// sharedDuration makes a field for a duration of connections and of services.
func sharedDuration(name string, get func(*model.Connection) time.Duration, of func(*model.Service) time.Duration) field {
	return figureField(name, durations, func(r Row) (int64, bool) {
		d := get(r.known())
		if r.Service != nil {
			d = of(r.Service)
		}
		return int64(d), d != 0
	}).and(onServices)
}

// service returns the service, or an empty one with no figures.
func (r Row) service() *model.Service {
	if r.Service == nil {
		return &noService
	}
	return r.Service
}

var noService model.Service

func serviceKinds(Place) []string {
	names := make([]string, len(model.ServiceKinds))
	for i, k := range model.ServiceKinds {
		names[i] = string(k)
	}
	return names
}

// missed returns how many beats are unanswered in a row.
func (r Row) missed() (int64, bool) {
	if r.Service != nil {
		return int64(r.Service.Missed), true
	}
	return int64(r.known().Missed), r.Connection != nil
}

// silence returns how long nothing has come.
func (r Row) silence() (int64, bool) {
	d := r.known().Silence
	if s := r.Service; s != nil && !s.Heard.IsZero() {
		d = r.Now.Sub(s.Heard)
	}
	return int64(d), d != 0
}

// latency returns that of the newest beat of a service that lives, 0 for none: what it was before a failure says nothing any more.
func latency(s *model.Service) time.Duration {
	if !s.Alive() {
		return 0
	}
	return s.Latency
}

// uptime returns the share of the last hour in which a service lived, in millionths.
func (r Row) uptime() (int64, bool) {
	if r.Service == nil || r.Service.State == model.Unknown {
		return 0, false
	}
	return int64(math.Round(r.Service.Uptime * 1e6)), true
}

func (w *word) inService(s *model.Service) bool {
	return containsFold(s.ID, w.lower) || containsFold(s.Target, w.lower) || containsFold(s.Status, w.lower) || containsFold(string(s.Diagnosis.Cause), w.lower)
}
