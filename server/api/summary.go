package api

import (
	"time"

	"holter/model"
)

// Summary is the whole picture without the lists: the settings of the monitor, the number of connections in
// each state, and what happens per second.
type Summary struct {
	Version   string    `json:"version"`
	Time      time.Time `json:"time"`
	StartedAt time.Time `json:"started_at"`
	UptimeMS  Millis    `json:"uptime_ms"`

	Address    string       `json:"address"`   // where clients connect; empty for a monitor inside an application
	Upstream   string       `json:"upstream"`  // of a proxy, else empty
	ReadOnly   bool         `json:"read_only"` // calls that change something answer 403
	Scheme     model.Scheme `json:"scheme"`
	Detector   string       `json:"detector"`
	IntervalMS Millis       `json:"interval_ms"`
	OnFail     model.OnFail `json:"on_fail"`
	Lateness   float64      `json:"lateness"` // factor by which timeouts are longer because holter ran late

	AcceptRate    float64    `json:"accept_rate"`    // upgrades per second beyond which they are refused, 0 for no limit
	MaxConns      int        `json:"max_conns"`      // connections beyond which they are refused, 0 for no limit
	RefusingUntil *time.Time `json:"refusing_until"` // null while upgrades are let in
	DrainingUntil *time.Time `json:"draining_until"` // null unless all connections are being closed for a restart

	States  States        `json:"states"`
	Clients Presence      `json:"clients"`
	Rates   Rates         `json:"rates"`
	Storm   *StormSummary `json:"storm"` // the one that is on, else null

	Refusals map[model.RefusalReason]uint64 `json:"refusals"` // since the start, by reason; without those that have refused none

	Host Host `json:"host"`

	Warnings []Warning `json:"warnings"` // oldest first

	Services ServiceStates `json:"services"`
}

// ServiceStates are the numbers of services in each state, and of the reports for which there was no room.
type ServiceStates struct {
	Normal  int    `json:"normal"`
	Suspect int    `json:"suspect"`
	Failed  int    `json:"failed"`
	Closed  int    `json:"closed"`  // said goodbye, and still on the list
	Unknown int    `json:"unknown"` // not answered yet
	Beyond  uint64 `json:"beyond"`
}

// States are the numbers of connections in each state.
type States struct {
	Normal  int `json:"normal"`
	Suspect int `json:"suspect"`
	Failed  int `json:"failed"`
	Closed  int `json:"closed"` // and still on the list
}

// Presence is the number of clients that have a connection, and of those that have none. Those that flap are among
// either.
type Presence struct {
	Present  int `json:"present"`
	Away     int `json:"away"`
	Flapping int `json:"flapping"`
}

// Rates are counts per second, over the last few seconds.
type Rates struct {
	Connects   float64 `json:"connects"`
	Reconnects float64 `json:"reconnects"`
	Refused    float64 `json:"refused"`
	Closes     float64 `json:"closes"`
	Beats      float64 `json:"beats"`
	BytesIn    float64 `json:"bytes_in"`
	BytesOut   float64 `json:"bytes_out"`
}

// FromSnapshot converts s.
func FromSnapshot(s *model.Snapshot) Summary {
	n, m := s.Count(), s.Monitor
	w := Summary{
		Version: m.Version, Time: s.Time.UTC(), StartedAt: m.Started.UTC(), UptimeMS: millis(s.Time.Sub(m.Started)),
		Address: m.Address, Upstream: m.Upstream, ReadOnly: m.ReadOnly,
		Scheme: m.Scheme, Detector: m.Detector, IntervalMS: millis(m.Interval),
		OnFail: m.OnFail, Lateness: finite(m.Lateness), AcceptRate: finite(m.AcceptRate), MaxConns: m.MaxConns,
		States:   States{n.Normal, n.Suspect, n.Failed, n.Closed},
		Clients:  Presence{n.Present, n.Away + n.Between, n.Flapping},
		Rates:    fromRates(s.Rates),
		Refusals: fromRefusals(s.Refusals),
		Host:     FromHost(&s.Host),

		Warnings: fromWarnings(s.Warnings),
	}
	of := s.CountServices()
	w.Services = ServiceStates{of.Normal, of.Suspect, of.Failed, of.Closed, of.Unknown, s.ServicesBeyond}
	if !m.RefusingUntil.IsZero() {
		until := m.RefusingUntil.UTC()
		w.RefusingUntil = &until
	}
	if !m.DrainingUntil.IsZero() {
		until := m.DrainingUntil.UTC()
		w.DrainingUntil = &until
	}
	if storm := s.Storm(); storm != nil {
		brief := fromStormSummary(storm)
		w.Storm = &brief
	}
	return w
}

// Model converts s back to a snapshot without connections, clients, activity and storms.
func (s *Summary) Model() model.Snapshot {
	m := model.Snapshot{
		Time: s.Time,
		Monitor: model.Monitor{
			Version: text(s.Version), Address: text(s.Address), Upstream: text(s.Upstream), ReadOnly: s.ReadOnly,
			Started: s.StartedAt, Scheme: model.Scheme(text(string(s.Scheme))), Detector: text(s.Detector),
			Interval: s.IntervalMS.Duration(), OnFail: model.OnFail(text(string(s.OnFail))), Lateness: s.Lateness,
			AcceptRate: s.AcceptRate, MaxConns: s.MaxConns,
		},
		Rates:    model.Rates(s.Rates),
		Refusals: toRefusals(s.Refusals),
		Host:     s.Host.Model(),

		Warnings: toWarnings(s.Warnings), ServicesBeyond: s.Services.Beyond,
	}
	if s.RefusingUntil != nil {
		m.Monitor.RefusingUntil = *s.RefusingUntil
	}
	if s.DrainingUntil != nil {
		m.Monitor.DrainingUntil = *s.DrainingUntil
	}
	return m
}

func fromRates(r model.Rates) Rates {
	return Rates{
		Connects: finite(r.Connects), Reconnects: finite(r.Reconnects), Refused: finite(r.Refused),
		Closes: finite(r.Closes), Beats: finite(r.Beats), BytesIn: finite(r.BytesIn), BytesOut: finite(r.BytesOut),
	}
}

// mostReasons bounds the reasons that another holter may have.
const mostReasons = 100

// fromRefusals returns a map that is never null.
func fromRefusals(all model.Refusals) map[model.RefusalReason]uint64 {
	if all == nil {
		return map[model.RefusalReason]uint64{}
	}
	return all
}

func toRefusals(all map[model.RefusalReason]uint64) model.Refusals {
	var m model.Refusals
	for reason, n := range all {
		if m == nil {
			m = make(model.Refusals)
		}
		if len(m) < mostReasons {
			m[model.RefusalReason(text(string(reason)))] = n
		}
	}
	return m
}
