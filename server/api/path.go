package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holter/model"
)

// Paths are all paths that are known.
type Paths struct {
	Paths []Path `json:"paths"` // by id
}

// Path is what is known of the connections to one path template.
type Path struct {
	ID       string    `json:"id"`
	Path     string    `json:"path"` // the template; empty for the paths for which there was no room
	Upstream string    `json:"upstream"`
	Since    time.Time `json:"since"`

	Open        int       `json:"open"`
	Opened      int       `json:"opened"`
	Ended       int       `json:"ended"`        // in ends_over_ms
	EndsOverMS  Millis    `json:"ends_over_ms"` // half an hour to an hour, or all the time until then
	Ends        []PathEnd `json:"ends"`         // the commonest first
	MedianAgeMS Millis    `json:"median_age_ms"`

	Clocks         []Clock    `json:"clocks"`
	Data           DataRhythm `json:"data"`
	SurvivedMS     Millis     `json:"survived_ms"`      // silence, holter's own beats counted
	DataSurvivedMS Millis     `json:"data_survived_ms"` // without a data frame
	KeptAliveMS    Millis     `json:"kept_alive_ms"`    // by holter's own beats alone, where these may hide a cut; else 0
	Limits         []Limit    `json:"limits"`           // the shortest first
	Margin         *float64   `json:"margin"`           // null while no limit is known

	Warnings []Warning `json:"warnings"`
	Notes    []string  `json:"notes"`
}

// PathEnd counts connections that ended in the same way.
type PathEnd struct {
	Cause model.Cause `json:"cause"` // empty for none
	Code  int         `json:"code"`
	By    string      `json:"by"`
	Count int         `json:"count"`
}

// Clock is something that ends the silence of a path again and again.
type Clock struct {
	Of       model.ClockOf `json:"of"` // server, client, holter or messages
	PeriodMS Millis        `json:"period_ms"`
	LateMS   Millis        `json:"late_ms"` // 99 % come within period_ms and this
	Count    int           `json:"count"`
	Share    float64       `json:"share"` // of those of the same kind, from 0 to 1
}

// DataRhythm is how far data frames are apart. The first bin is up to least_ms, each further one up to √2 times as much.
type DataRhythm struct {
	MedianMS Millis   `json:"median_ms"`
	P99MS    Millis   `json:"p99_ms"`
	LeastMS  Millis   `json:"least_ms"`
	Counts   []uint32 `json:"counts"`
}

// Limit is a time after which something on the way ends connections.
type Limit struct {
	Kind     model.LimitKind `json:"kind"` // silence, data or age
	AfterMS  Millis          `json:"after_ms"`
	SpreadMS Millis          `json:"spread_ms"`
	From     model.LimitFrom `json:"from"` // seen, elsewhere, set, named or usual
	Name     string          `json:"name"`
	Source   string          `json:"source"`
	Ends     int             `json:"ends"` // of the path's connections by which it was seen
	Of       int             `json:"of"`
	Where    string          `json:"where"`   // the path that these are of, if it is another one
	Either   bool            `json:"either"`  // it may be a limit of their age instead
	Refuted  bool            `json:"refuted"` // connections have outlived it here
}

// PathID is the id of a path as users see and type it, such as "p3".
func PathID(id int) string { return "p" + strconv.Itoa(id) }

// ParsePathID is the inverse of PathID.
func ParsePathID(text string) (int, error) {
	id, err := strconv.Atoi(strings.TrimPrefix(text, "p"))
	if err != nil || id < 1 || !strings.HasPrefix(text, "p") {
		return 0, model.Errorf(model.Invalid, "%.20q is not the id of a path: write it like p3", text)
	}
	return id, nil
}

// FromPath converts p.
func FromPath(p *model.Path) Path {
	w := Path{
		ID: PathID(p.ID), Path: p.Template, Upstream: p.Upstream, Since: p.Since.UTC(),
		Open: p.Open, Opened: p.Opened, Ended: p.Ended, EndsOverMS: millis(p.EndsOver), MedianAgeMS: millis(p.MedianAge),
		Ends: make([]PathEnd, len(p.Ends)), Clocks: make([]Clock, len(p.Clocks)), Limits: make([]Limit, len(p.Limits)),
		Data: DataRhythm{
			MedianMS: millis(p.Data.Median), P99MS: millis(p.Data.P99), LeastMS: millis(model.LeastGap),
			Counts: append([]uint32{}, p.Data.Bins...),
		},
		SurvivedMS: millis(p.Survived), DataSurvivedMS: millis(p.DataSurvived), KeptAliveMS: millis(p.KeptAlive),
		Warnings: fromWarnings(p.Warnings), Notes: append([]string{}, p.Notes...),
	}
	for i, e := range p.Ends {
		w.Ends[i] = PathEnd{e.Cause, e.Code, e.By.String(), e.Count}
	}
	for i, c := range p.Clocks {
		w.Clocks[i] = Clock{c.Of, millis(c.Period), millis(c.Late), c.Count, finite(c.Share)}
	}
	for i, l := range p.Limits {
		w.Limits[i] = Limit{l.Kind, millis(l.After), millis(l.Spread), l.From, l.Name, l.Source, l.Ends, l.Of, l.Where, l.Either, l.Refuted}
	}
	if p.Margin >= 0 {
		margin := finite(p.Margin)
		w.Margin = &margin
	}
	return w
}

// Model converts p back.
func (p *Path) Model() (model.Path, error) {
	id, err := ParsePathID(p.ID)
	if err != nil {
		return model.Path{}, fmt.Errorf("a path: %w", err)
	}
	m := model.Path{
		ID: id, Template: text(p.Path), Upstream: text(p.Upstream), Since: p.Since,
		Open: p.Open, Opened: p.Opened, Ended: p.Ended, EndsOver: p.EndsOverMS.Duration(), MedianAge: p.MedianAgeMS.Duration(),
		Data: model.DataRhythm{
			Median: p.Data.MedianMS.Duration(), P99: p.Data.P99MS.Duration(),
			Bins: slices.Clone(p.Data.Counts[:min(len(p.Data.Counts), model.MaxGapBins)]),
		},
		Survived: p.SurvivedMS.Duration(), DataSurvived: p.DataSurvivedMS.Duration(), KeptAlive: p.KeptAliveMS.Duration(),
		Margin: model.NoMargin, Warnings: toWarnings(p.Warnings),
	}
	if p.Margin != nil {
		m.Margin = max(*p.Margin, 0)
	}
	for _, e := range p.Ends[:min(len(p.Ends), model.MaxPathEnds)] {
		m.Ends = append(m.Ends, model.PathEnd{Cause: model.Cause(text(string(e.Cause))), Code: e.Code, By: closerOf(e.By), Count: e.Count})
	}
	for _, c := range p.Clocks[:min(len(p.Clocks), model.MaxClocks)] {
		m.Clocks = append(m.Clocks, model.Clock{
			Of: model.ClockOf(text(string(c.Of))), Period: c.PeriodMS.Duration(), Late: c.LateMS.Duration(), Count: c.Count, Share: c.Share,
		})
	}
	for _, l := range p.Limits[:min(len(p.Limits), model.MaxLimits)] {
		m.Limits = append(m.Limits, model.Limit{
			Kind: model.LimitKind(text(string(l.Kind))), After: l.AfterMS.Duration(), Spread: l.SpreadMS.Duration(),
			From: model.LimitFrom(text(string(l.From))), Name: text(l.Name), Source: text(l.Source), Ends: l.Ends, Of: l.Of, Where: text(l.Where), Either: l.Either, Refuted: l.Refuted,
		})
	}
	for _, note := range p.Notes[:min(len(p.Notes), model.MaxNotes)] {
		m.Notes = append(m.Notes, text(note))
	}
	return m, nil
}
