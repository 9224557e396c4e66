package services

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holter/model"
	"holter/tui/chart"
	"holter/tui/look"
)

// widestStrip is the cells in which each beat of a strip has all its room.
const widestStrip = len(model.Strip{}) * look.TraceWidth

// Lines say all that is known of a service: what is wrong, its figures, its beats, and the changes of its state with the
// newest first. They are at most w cells wide.
func Lines(r *model.Service, m Moment, w int) []string {
	s := m.Styles
	lines := wrap(head(r, m), s, w)
	if w > 2 {
		lines = append(lines, "", " "+chart.Strip(r.Strip[:], m.Per, min(w-2, widestStrip), s), "")
	}
	return append(lines, wrap(changes(r, m), s, w)...)
}

// sentence is a text and how it is painted.
type sentence struct {
	paint look.Paint
	text  string
}

func wrap(all []sentence, s *look.Styles, w int) []string {
	var lines []string
	for _, o := range all {
		for _, line := range look.Wrap(s.Glyphs.Plain(o.text), w-2) {
			lines = append(lines, " "+o.paint.String(line))
		}
	}
	return lines
}

// head is what is wrong with a service, and its figures.
func head(r *model.Service, m Moment) []sentence {
	s := m.Styles
	all := []sentence{{s.States[min(r.State, model.Unknown)], verdict(r, m)}, {s.Dim, strings.Join(figures(r, m.Now), "  ")}}
	if note := clockNote(r); note != "" {
		all = append(all, sentence{s.Strong, note})
	}
	return all
}

// changes are those of its state, the newest first.
func changes(r *model.Service, m Moment) []sentence {
	var all []sentence
	for i, c := range slices.Backward(r.Changes) {
		paint := m.Styles.Dim
		if i == len(r.Changes)-1 {
			paint = m.Styles.States[min(c.To, model.Unknown)]
		}
		all = append(all, sentence{paint, change(&c, &m.Styles.Glyphs)})
	}
	return all
}

// verdict is the sentence about the state of a service.
func verdict(r *model.Service, m Moment) string {
	text := fmt.Sprintf("%s for %s.", r.State, look.Span(m.Now.Sub(r.Since)))
	switch {
	case r.Diagnosis.Cause != "":
		text += " " + string(r.Diagnosis.Cause) + ": " + r.Diagnosis.Detail
	case r.State == model.Closed:
		text += " It has said goodbye."
	case r.State == model.Unknown:
		text += " It has not answered yet."
	}
	if r.Late > 0 {
		text += fmt.Sprintf(" holter itself was late by %s meanwhile.", look.Silence(r.Late))
	}
	return text
}

// figures are those of a service, in short.
func figures(r *model.Service, now time.Time) []string {
	var words []string
	if r.Target != "" {
		words = append(words, r.Target)
	}
	if r.Status != "" {
		words = append(words, fmt.Sprintf("says %q", r.Status))
	}
	what, lost := "answers", "not answered"
	if r.Kind == model.Reported {
		what, lost = "reports", "missing"
		words = append(words, "every "+look.Interval(r.Interval), "failed after "+look.Interval(r.TTL))
	} else {
		words = append(words, "asked every "+look.Interval(r.Interval))
	}
	if r.LatencyMean > 0 {
		word := "latency "
		if r.Kind == model.Reported {
			word = "late by "
		}
		words = append(words, fmt.Sprintf("%s%s, mean %s, farthest off %s", word, look.Brief(r.Latency), look.Brief(r.LatencyMean), look.Brief(r.LatencyDev)))
	}
	words = append(words, "timeout "+look.Seconds(r.Timeout))
	if r.State != model.Unknown {
		words = append(words, Uptime(r)+" of the last "+uptimeSpan(r, now))
	}
	return append(words, fmt.Sprintf("%d %s, %d %s", r.Received, what, r.Lost, lost))
}

// uptimeSpan is the time of which the uptime is a share: holter knows no more than it has seen.
func uptimeSpan(r *model.Service, now time.Time) string {
	if seen := now.Sub(r.Known); seen < time.Hour {
		return look.Span(seen)
	}
	return "hour"
}

// clockNote says that the clock behind reports is off.
func clockNote(r *model.Service) string {
	if r.Clock == 0 {
		return ""
	}
	return fmt.Sprintf("Its clock is %s, or its reports take that long. That counts for nothing: holter goes by its own.", offBy(r.Clock))
}

// change is one change of state.
func change(c *model.ServiceChange, g *look.Glyphs) string {
	text := fmt.Sprintf("%s  %s %s %s", look.Clock(c.At), c.From, g.Arrow, c.To)
	if c.From == model.Closed {
		text = fmt.Sprintf("%s  %s", look.Clock(c.At), "it is there")
	}
	if c.Diagnosis.Cause != "" {
		text += "  " + string(c.Diagnosis.Cause) + ": " + c.Diagnosis.Detail
	}
	if c.Late > 0 {
		text += fmt.Sprintf(" (holter was late by %s itself)", look.Silence(c.Late))
	}
	return text
}
