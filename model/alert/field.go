package alert

import (
	"strconv"
	"time"

	"holter/model"
	"holter/model/filter"
)

// subject is what a condition holds of.
type subject uint8

const (
	whole subject = iota // all that holter watches
	paths
	cohorts
	warnings
	services
)

// subjects have the words of each, and the rows that there are at a moment.
var subjects = [...]struct {
	noun string
	rows func(m *moment) []row
}{
	whole:    {"all", func(*moment) []row { return []row{{}} }},
	paths:    {"paths", pathRows},
	cohorts:  {"cohorts", cohortRows},
	warnings: {"warnings", warningRows},
	services: {"services", serviceRows},
}

// row is one thing that a condition may hold of.
type row struct {
	path    *model.Path
	cohort  *model.Cohort
	warning *model.Warning
	service *model.Service

	key    string        // tells it from others, also when its labels change
	labels []model.Label // of an alert that begins now
	at     model.Place
	detail string // of the thing itself, where that says more than a comparison
}

// field is something that each thing of one kind has: a figure or a text.
type field struct {
	name  string
	of    subject
	about string // in a few words, for users

	unit   unit // of a figure
	figure func(r *row) (v float64, known bool)

	text   func(r *row) []string // a text; of several, one must fit
	known  []string              // the values of a text, nil for any
	isPath bool                  // a * in a value stands for one segment
}

// fields are those of all things but services, whose fields are those of their filter. Each name stands for one.
var fields = []field{
	{name: "path", of: paths, about: "its template; a `*` stands for one segment", text: func(r *row) []string { return []string{r.path.Template} }, isPath: true},
	{name: "upstream", of: paths, about: "of a proxy", text: func(r *row) []string { return []string{r.path.Upstream} }},
	{name: "margin", of: paths, about: "the shortest limit of silence over what ends the silence: 1 is a race, 0 that nothing beats", unit: numbers, figure: func(r *row) (float64, bool) {
		return r.path.Margin, r.path.Margin >= 0 && (r.path.Margin > 0 || len(r.path.Limits) > 0)
	}},
	{name: "open", of: paths, about: "its connections", unit: numbers, figure: func(r *row) (float64, bool) { return float64(r.path.Open), true }},
	{name: "ended", of: paths, about: "connections that ended, in half an hour to an hour", unit: numbers, figure: func(r *row) (float64, bool) { return float64(r.path.Ended), true }},
	{name: "median_age", of: paths, about: "of the newest that ended", unit: seconds, figure: func(r *row) (float64, bool) {
		return r.path.MedianAge.Seconds(), r.path.MedianAge > 0
	}},

	{name: "cohort", of: cohorts, about: "its cause, or what its members share; it counts for " + words(cohortHolds) + " after the newest", known: cohortNames(), text: func(r *row) []string {
		return []string{string(r.cohort.Cause), string(r.cohort.Kind)}
	}},
	{name: "members", of: cohorts, about: "ends or suspicions in it", unit: numbers, figure: func(r *row) (float64, bool) { return float64(r.cohort.Count), true }},
	{name: "side", of: cohorts, about: "where they ended", known: model.SideNames[:], text: func(r *row) []string { return []string{r.cohort.Side.String()} }},

	{name: "warning", of: warnings, about: "its kind", known: warningNames(), text: func(r *row) []string { return []string{string(r.warning.Kind)} }},
	{name: "urgency", of: warnings, about: "how much it matters", known: model.UrgencyNames[:], text: func(r *row) []string { return []string{r.warning.Urgency.String()} }},
	{name: "touched", of: warnings, about: "how many connections, clients or ends it is about", unit: numbers, figure: func(r *row) (float64, bool) { return float64(r.warning.Touched), true }},
}

// cohortHolds is how long a cohort counts after its newest member.
const cohortHolds = 5 * time.Minute

func words(d time.Duration) string { return strconv.Itoa(int(d.Minutes())) + " minutes" }

func cohortNames() []string {
	var names []string
	for _, c := range model.CohortCauses {
		names = append(names, string(c))
	}
	for _, k := range []model.CohortKind{model.CohortSilence, model.CohortSilenceIn, model.CohortUnheard, model.CohortData, model.CohortAge,
		model.CohortMoment, model.CohortSuspects, model.CohortTrait} {
		names = append(names, string(k))
	}
	return names
}

func warningNames() []string {
	var names []string
	for _, k := range model.WarningKinds {
		names = append(names, string(k))
	}
	return names
}

func pathRows(m *moment) []row {
	rows := make([]row, len(m.Paths))
	for i := range m.Paths {
		p := &m.Paths[i]
		rows[i] = row{path: p, key: p.Upstream + " " + p.Template, labels: labels("path", p.Template, "upstream", p.Upstream), at: model.Place{Page: model.PathsPage, Query: p.Template}}
	}
	return rows
}

// cohortRows are the cohorts that grew lately: of one that is over, nothing is to be done but to know it.
func cohortRows(m *moment) []row {
	var rows []row
	for i := range m.Cohorts {
		c := &m.Cohorts[i]
		if m.Time.Sub(c.Newest) > cohortHolds {
			continue
		}
		r := row{cohort: c, key: strconv.Itoa(c.ID), labels: labels("cohort", string(c.Cause), "kind", string(c.Kind), "cohort_id", strconv.Itoa(c.ID)), detail: c.Detail}
		if c.Cause != "" {
			r.at = model.Place{Page: model.ConnectionsPage, Query: "cause=" + filter.Quote(string(c.Cause))}
		}
		for _, t := range c.Traits {
			if t.Kind == model.TraitPath {
				r.labels = append(r.labels, model.Label{Name: "path", Value: t.Value})
				break
			}
		}
		rows = append(rows, r)
	}
	return rows
}

func warningRows(m *moment) []row {
	var rows []row
	for i := range m.Warnings {
		w := &m.Warnings[i]
		if !w.Dismissed {
			rows = append(rows, row{warning: w, key: w.ID, at: w.At, detail: w.Detail,
				labels: labels("warning", string(w.Kind), "path", w.Path, "upstream", w.Upstream, "advice_id", w.ID)})
		}
	}
	return rows
}

func serviceRows(m *moment) []row {
	rows := make([]row, len(m.Services))
	for i := range m.Services {
		s := &m.Services[i]
		detail := "it is " + s.State.String()
		if s.Diagnosis.Cause != "" {
			detail += ", " + string(s.Diagnosis.Cause)
		}
		if s.Diagnosis.Detail != "" {
			detail += ": " + s.Diagnosis.Detail
		}
		rows[i] = row{service: s, key: s.ID, labels: labels("service", s.ID, "kind", string(s.Kind)), detail: detail,
			at: model.Place{Page: model.ServicesPage, Query: "service=" + filter.Quote(s.ID)}}
	}
	return rows
}

// labels makes labels of names and values in turn, and leaves out those without a value.
func labels(pairs ...string) []model.Label {
	var list []model.Label
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			list = append(list, model.Label{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return list
}
