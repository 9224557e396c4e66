package api

import (
	"cmp"
	"errors"
	"time"

	"holter/model"
)

// Event is something that happened, with the fields of its type.
type Event struct {
	Seq  uint64          `json:"seq"`
	Time time.Time       `json:"time"`
	Type model.EventType `json:"type"`

	Connection *Connection `json:"connection,omitempty"` // as it was then
	From       string      `json:"from,omitempty"`
	To         string      `json:"to,omitempty"`
	Diagnosis  *Diagnosis  `json:"diagnosis,omitempty"` // of a change of state, or of an end that is understood now
	Refusal    *Refusal    `json:"refusal,omitempty"`
	Host       *Host       `json:"host,omitempty"`
	Storm      *Storm      `json:"storm,omitempty"`
	Warning    *Warning    `json:"warning,omitempty"`
	Cohort     *Cohort     `json:"cohort,omitempty"`
	Late       *Late       `json:"late,omitempty"`
	Alert      *Alert      `json:"alert,omitempty"`
	Service    *Service    `json:"service,omitempty"`
	Reload     *Reload     `json:"reload,omitempty"`
	Count      uint64      `json:"count,omitempty"` // events lost, up to and with seq; of request.refused how many were refused since the last event for this reason
}

// Late is a time in which holter itself did not run, or several.
type Late struct {
	Kind    model.LateKind `json:"kind"` // stopped, slept, starved or unknown
	At      time.Time      `json:"at"`   // the end of the newest
	ForMS   Millis         `json:"for_ms"`
	Times   int            `json:"times"`
	TotalMS Millis         `json:"total_ms"`
}

// Refusal is an upgrade that was refused, or a request to the admin plane.
type Refusal struct {
	Remote string `json:"remote"`
	Client string `json:"client"`
	Status int    `json:"status"`
	Reason string `json:"reason"`
	By     string `json:"by,omitempty"`     // holter, net/http, upstream, app or client
	Cause  string `json:"cause,omitempty"`  // handshake-broken
	Detail string `json:"detail,omitempty"` // the fault, and the setting that mends it

	Why model.RefusalReason `json:"why,omitempty"` // the reason in a word, as in metrics

	RetryAfterMS Millis `json:"retry_after_ms,omitempty"`
}

// FromEvent converts e.
func FromEvent(e *model.Event) Event {
	w := Event{Seq: e.Seq, Time: e.Time.UTC(), Type: e.Type, Count: e.Count}
	if r := e.Refusal; r != nil {
		w.Refusal = &Refusal{
			Remote: r.Remote, Client: r.Client, Status: r.Status, Reason: r.Reason, By: string(r.By),
			Cause: string(r.Diagnosis.Cause), Detail: r.Diagnosis.Detail, RetryAfterMS: millis(r.RetryAfter),
			Why: r.Why(),
		}
	}
	if e.Connection != nil {
		c := FromConnection(e.Connection)
		w.Connection = &c
	}
	if e.Type == model.StateChanged {
		w.From, w.To = e.From.String(), e.To.String()
		if w.Connection != nil {
			w.Diagnosis = &w.Connection.Diagnosis
		}
	}
	if e.Type == model.CauseFound && w.Connection != nil {
		w.Diagnosis = &w.Connection.Diagnosis
	}
	if e.Host != nil {
		h := FromHost(e.Host)
		w.Host = &h
	}
	if e.Storm != nil {
		s := FromStorm(e.Storm)
		w.Storm = &s
	}
	if e.Warning != nil {
		warning := fromWarning(e.Warning)
		w.Warning = &warning
	}
	if e.Cohort != nil {
		c := FromCohort(e.Cohort)
		w.Cohort = &c
	}
	if e.Alert != nil {
		a := FromAlert(e.Alert)
		w.Alert = &a
	}
	if e.Service != nil {
		s := FromService(e.Service)
		w.Service = &s
		w.From, w.To, w.Diagnosis = e.From.String(), e.To.String(), &s.Diagnosis
	}
	if e.Reload != nil {
		r := FromReload(e.Reload)
		w.Reload = &r
	}
	if l := e.Late; l != nil {
		w.Late = &Late{l.Kind, l.At.UTC(), millis(l.For), l.Times, millis(l.Total)}
	}
	return w
}

// Model converts e back. An unknown type is not an error. The error names a part that an event of this type must have
// but that is missing.
func (e *Event) Model() (model.Event, error) {
	m := model.Event{Seq: e.Seq, Time: e.Time, Type: model.EventType(cmp.Or(text(string(e.Type)), "unknown")), Count: e.Count}
	if e.Connection != nil {
		if c, err := e.Connection.Model(); err == nil {
			m.Connection = &c
		}
	}
	if e.Type == model.StateChanged || e.Type == model.ServiceChanged {
		m.From, m.To = stateOf(e.From), stateOf(e.To)
	}
	if e.Service != nil {
		if s, err := e.Service.Model(); err == nil {
			m.Service = &s
		}
	}
	if r := e.Refusal; r != nil {
		m.Refusal = &model.Refusal{
			Remote: text(r.Remote), Client: text(r.Client), Status: r.Status, Reason: text(r.Reason),
			By:         model.Refuser(text(r.By)),
			Diagnosis:  model.Diagnosis{Cause: model.Cause(text(r.Cause)), Detail: text(r.Detail)},
			RetryAfter: r.RetryAfterMS.Duration(),
		}
	}
	if e.Host != nil {
		h := e.Host.Model()
		m.Host = &h
	}
	if e.Storm != nil {
		s := e.Storm.Model()
		m.Storm = &s
	}
	if e.Warning != nil {
		w := e.Warning.model()
		m.Warning = &w
	}
	if e.Cohort != nil {
		c := e.Cohort.Model()
		m.Cohort = &c
	}
	if e.Alert != nil {
		if a, err := e.Alert.Model(); err == nil {
			m.Alert = &a
		}
	}
	if e.Reload != nil {
		r := e.Reload.Model()
		m.Reload = &r
	}
	if l := e.Late; l != nil {
		m.Late = &model.Lateness{Kind: model.LateKind(text(string(l.Kind))), At: l.At, For: l.ForMS.Duration(), Times: l.Times, Total: l.TotalMS.Duration()}
	}
	return m, complete(&m)
}

// complete returns an error if a part of an event is missing that its readers rely on.
func complete(e *model.Event) error {
	switch e.Type {
	case model.ConnectionOpened, model.ConnectionClosed, model.StateChanged, model.CauseFound, model.TokenExpiring, model.FaultSet:
		if e.Connection == nil {
			return errors.New("an event without its connection")
		}
	case model.ConnectionRefused, model.RequestRefused:
		if e.Refusal == nil {
			return errors.New("a refusal without what was refused")
		}
	case model.StormStarted, model.StormFlapping, model.StormEnded:
		if e.Storm == nil {
			return errors.New("a storm's event without the storm")
		}
	case model.CohortFound:
		if e.Cohort == nil {
			return errors.New("a cohort's event without the cohort")
		}
	case model.ServiceChanged:
		if e.Service == nil {
			return errors.New("a service's event without the service")
		}
	case model.HostLate:
		if e.Late == nil {
			return errors.New("a lateness's event without the lateness")
		}
	case model.AlertChanged:
		if e.Alert == nil {
			return errors.New("an alert's event without the alert")
		}
	case model.ConfigReloaded:
		if e.Reload == nil {
			return errors.New("a reload's event without what came of it")
		}
	case model.WarningRaised:
		if e.Warning == nil {
			return errors.New("a warning's event without the warning")
		}
	}
	return nil
}
