package compare

import (
	"encoding/json"
	"io"
	"time"
)

// Report is what was measured. Times are milliseconds as the scheme sees them: those that were
// compressed are scaled back.
type Report struct {
	Seed      uint64         `json:"seed"`
	Quick     bool           `json:"quick"`
	TookMS    float64        `json:"took_ms"`
	LateMS    float64        `json:"late_ms"`    // how late this process was at worst
	LateOften int            `json:"late_often"` // how often that was so late that hearts voided their beats
	Schemes   []SchemeReport `json:"schemes"`
	Faults    []FaultReport  `json:"faults"`
	Cells     []Cell         `json:"cells"` // each scheme under each fault, in the order of both
}

// SchemeReport is a scheme and what it costs while nothing happens. Zero stands for not known.
type SchemeReport struct {
	Name        string  `json:"name"`
	PingMS      float64 `json:"ping_ms"`
	DeadAfterMS float64 `json:"dead_after_ms,omitempty"` // 0 where the path decides
	Bytes       float64 `json:"frame_bytes_per_minute"`
	Packets     float64 `json:"packets_per_minute,omitempty"`
	CPUMS       float64 `json:"cpu_ms_per_1000_beats,omitempty"` // both ends
	MemoryBytes float64 `json:"memory_bytes_per_connection"`     // the server's end
	traffic     traffic // sums
}

// FaultReport says what a fault is.
type FaultReport struct {
	Name string `json:"name"`
	What string `json:"what"`
}

// Cell is one scheme under one fault.
type Cell struct {
	Scheme      string  `json:"scheme"`
	Fault       string  `json:"fault"`
	Compression float64 `json:"compression"` // how many times faster than real its times ran
	Connections int     `json:"connections"`
	Hours       float64 `json:"connection_hours"` // before the fault struck
	Server      Sight   `json:"server"`
	Client      Sight   `json:"client"`
}

// Sight is what the ends on one side saw.
type Sight struct {
	FalseSuspicions int `json:"false_suspicions"`
	FalseFailures   int `json:"false_failures"`
	Struck          int `json:"struck"` // connections with something to notice

	// From the fault to the suspicion that stayed, and until the connection was given up or found to
	// have ended. A fixed scheme knows no suspicion: both are the same.
	Suspected Spread `json:"suspected"`
	Over      Spread `json:"over"`
}

// Spread sums up times.
type Spread struct {
	Count   int     `json:"count"`
	MeanMS  float64 `json:"mean_ms"`
	WorstMS float64 `json:"worst_ms"`
}

func newReport(o Options, schemes []scheme) *Report {
	r := &Report{Seed: o.Seed, Quick: o.Quick}
	for _, s := range schemes {
		r.Schemes = append(r.Schemes, SchemeReport{Name: s.name, PingMS: millis(s.ping), DeadAfterMS: millis(s.dead)})
		for _, f := range faults {
			r.Cells = append(r.Cells, Cell{Scheme: s.name, Fault: f.name})
		}
	}
	for _, f := range faults {
		r.Faults = append(r.Faults, FaultReport{f.name, f.what})
	}
	return r
}

// add takes in what came of a trial.
func (r *Report) add(t *trial, of *result) {
	c := r.cell(t.scheme.name, t.fault.name)
	c.Compression = float64(t.plan.pace)
	c.Connections++
	c.Hours += of.lived.Hours()
	c.Server.add(&of.server)
	c.Client.add(&of.client)
	s := r.scheme(t.scheme.name)
	s.traffic.span += of.traffic.span
	s.traffic.bytes += of.traffic.bytes
	s.traffic.packets += of.traffic.packets
}

func (s *Sight) add(one *sight) {
	s.FalseSuspicions += one.suspicions
	s.FalseFailures += one.failures
	if one.struck {
		s.Struck++
		s.Suspected.add(one.suspected)
		s.Over.add(one.over)
	}
}

func (s *Spread) add(d time.Duration) {
	if d == never {
		return
	}
	s.MeanMS = (s.MeanMS*float64(s.Count) + millis(d)) / float64(s.Count+1)
	s.WorstMS = max(s.WorstMS, millis(d))
	s.Count++
}

// price fills in what the schemes cost.
func (r *Report) price(costs []cost) {
	for i := range r.Schemes {
		s := &r.Schemes[i]
		if minutes := s.traffic.span.Minutes(); minutes > 0 {
			s.Bytes, s.Packets = s.traffic.bytes/minutes, s.traffic.packets/minutes
		}
		s.CPUMS, s.MemoryBytes = millis(costs[i].cpu), costs[i].memory
	}
}

// WriteJSON writes all figures.
func (r *Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

func (r *Report) scheme(name string) *SchemeReport {
	for i := range r.Schemes {
		if r.Schemes[i].Name == name {
			return &r.Schemes[i]
		}
	}
	return nil
}

func (r *Report) cell(scheme, fault string) *Cell {
	for i := range r.Cells {
		if c := &r.Cells[i]; c.Scheme == scheme && c.Fault == fault {
			return c
		}
	}
	return nil
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
