package api

import (
	"errors"
	"slices"
	"time"

	"holter/model"
)

// Services are the services beside the connections.
type Services struct {
	Services []Service `json:"services"` // by id
	// Beyond is how many reports were turned away because there was no room for another service.
	Beyond uint64 `json:"beyond"`
}

// Service is one of them.
type Service struct {
	ID     string            `json:"id"`
	Kind   model.ServiceKind `json:"kind"`   // reported, probed or upstream
	Target string            `json:"target"` // what is asked; empty of one that reports

	State     string     `json:"state"` // unknown until the first answer; closed after a goodbye
	Alive     bool       `json:"alive"` // normal or suspect
	Since     time.Time  `json:"since"`
	KnownAt   time.Time  `json:"known_at"`
	HeardAt   *time.Time `json:"heard_at"` // null before the first sign of life
	Diagnosis Diagnosis  `json:"diagnosis"`
	LateMS    Millis     `json:"late_ms,omitempty"` // holter itself was late while it gathered what the state rests on
	Status    string     `json:"status"`            // what a report says, or the status of the newest answer over HTTP
	// ClockOffMS is by how much the clock behind a report is ahead of holter's; it counts for nothing.
	ClockOffMS Millis `json:"clock_off_ms,omitempty"`

	LatencyMS     Millis `json:"latency_ms"` // of the newest answer; of a report how late it was
	LatencyMeanMS Millis `json:"latency_mean_ms"`
	LatencyDevMS  Millis `json:"latency_dev_ms"`
	TimeoutMS     Millis `json:"timeout_ms"`
	IntervalMS    Millis `json:"interval_ms"`
	TTLMS         Millis `json:"ttl_ms,omitempty"` // of one that reports
	Missed        int    `json:"missed"`
	Received      uint64 `json:"received"` // answers or reports that came
	Lost          uint64 `json:"lost"`     // that did not

	Uptime  *float64        `json:"uptime"`  // share of the last hour, or of what is known of it; null before the first answer
	Beats   model.Strip     `json:"beats"`   // the newest, as those of a connection
	Trace   string          `json:"trace"`   // the same, as that of a connection
	Changes []ServiceChange `json:"changes"` // of the state, oldest first

	Samples []Sample `json:"samples,omitempty"` // of one service alone: its newest beats
}

// ServiceChange is a change of a service's state.
type ServiceChange struct {
	At        time.Time `json:"at"`
	From      string    `json:"from"` // closed if it was not on the list
	To        string    `json:"to"`
	Diagnosis Diagnosis `json:"diagnosis"`
	LateMS    Millis    `json:"late_ms,omitempty"`
}

// Heartbeat is a report of a service.
type Heartbeat struct {
	Timestamp  *float64 `json:"timestamp"` // Unix seconds
	Status     string   `json:"status"`
	IntervalMS *Millis  `json:"interval_ms"` // until the next report
	TTLMS      *Millis  `json:"ttl_ms"`      // after which it has failed without a report
	TTL        *float64 `json:"ttl"`         // the same in seconds
}

// Heard answers a Heartbeat.
type Heard struct {
	ID         string `json:"id"`
	State      string `json:"state"`
	IntervalMS Millis `json:"interval_ms"` // that holds
	TTLMS      Millis `json:"ttl_ms"`
}

// FromHeard converts what is known of a service after a report.
func FromHeard(s *model.Service) Heard {
	return Heard{ID: s.ID, State: s.State.String(), IntervalMS: millis(s.Interval), TTLMS: millis(s.TTL)}
}

// FromService converts s.
func FromService(s *model.Service) Service {
	w := Service{
		ID: s.ID, Kind: s.Kind, Target: s.Target,
		State: s.State.String(), Alive: s.Alive(), Since: s.Since.UTC(), KnownAt: s.Known.UTC(), Diagnosis: Diagnosis(s.Diagnosis), LateMS: millis(s.Late),
		Status: s.Status, ClockOffMS: millis(s.Clock),
		LatencyMS: millis(s.Latency), LatencyMeanMS: millis(s.LatencyMean), LatencyDevMS: millis(s.LatencyDev), TimeoutMS: millis(s.Timeout),
		IntervalMS: millis(s.Interval), TTLMS: millis(s.TTL), Missed: s.Missed, Received: s.Received, Lost: s.Lost,
		Beats: kindsOf(&s.Strip), Trace: traceOf(&s.Strip), Changes: make([]ServiceChange, len(s.Changes)),
	}
	if !s.Heard.IsZero() {
		heard := s.Heard.UTC()
		w.HeardAt = &heard
	}
	if s.State != model.Unknown {
		uptime := finite(s.Uptime)
		w.Uptime = &uptime
	}
	for i, c := range s.Changes {
		w.Changes[i] = ServiceChange{c.At.UTC(), c.From.String(), c.To.String(), Diagnosis(c.Diagnosis), millis(c.Late)}
	}
	return w
}

// FromServiceDetail converts s with its newest beats.
func FromServiceDetail(s *model.Service, beats []model.Sample) Service {
	w := FromService(s)
	w.Samples = fromSamples(beats)
	return w
}

// Model converts s back. The error is one without an id, for then nothing can be done with it.
func (s *Service) Model() (model.Service, error) {
	m := model.Service{
		ID: text(s.ID), Kind: model.ServiceKind(text(string(s.Kind))), Target: text(s.Target),
		State: stateOf(s.State), Since: s.Since, Known: s.KnownAt, Diagnosis: s.Diagnosis.model(), Late: s.LateMS.Duration(),
		Status: text(s.Status), Clock: s.ClockOffMS.Duration(),
		Latency: s.LatencyMS.Duration(), LatencyMean: s.LatencyMeanMS.Duration(), LatencyDev: s.LatencyDevMS.Duration(), Timeout: s.TimeoutMS.Duration(),
		Interval: s.IntervalMS.Duration(), TTL: s.TTLMS.Duration(), Missed: s.Missed, Received: s.Received, Lost: s.Lost,
		Uptime: 1, Strip: stripOf(s.Beats, s.Trace),
	}
	if s.HeardAt != nil {
		m.Heard = *s.HeardAt
	}
	if s.Uptime != nil {
		m.Uptime = min(max(*s.Uptime, 0), 1)
	}
	for _, c := range newest(s.Changes, model.MaxServiceChanges) {
		m.Changes = append(m.Changes, model.ServiceChange{
			At: c.At, From: stateOf(c.From), To: stateOf(c.To), Diagnosis: c.Diagnosis.model(), Late: c.LateMS.Duration(),
		})
	}
	if m.ID == "" {
		return m, errors.New("a service without an id")
	}
	return m, nil
}

func serviceKey(s *model.Service) string { return s.ID }

// sameService reports whether nothing has happened to a service.
func sameService(a, b *model.Service) bool {
	x, y := *a, *b
	same := slices.EqualFunc(x.Changes, y.Changes, func(c, d model.ServiceChange) bool { return c.At.Equal(d.At) && c.To == d.To })
	return same && x.ID == y.ID && x.State == y.State && x.Since.Equal(y.Since) && x.Known.Equal(y.Known) && x.Heard.Equal(y.Heard) &&
		x.Received == y.Received && x.Lost == y.Lost && x.Missed == y.Missed && x.Uptime == y.Uptime && x.Timeout == y.Timeout &&
		x.Diagnosis == y.Diagnosis && x.Status == y.Status && x.Clock == y.Clock && x.Interval == y.Interval && x.TTL == y.TTL && x.Strip == y.Strip
}
