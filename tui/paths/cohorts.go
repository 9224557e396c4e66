package paths

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"holter/model"
	"holter/model/path"
	"holter/tui/look"
)

// mostCohorts is the number of cohorts of a path that are told. The API has them all.
const mostCohorts = 6

// Cohorts are those of a path as of now, with the ones first that say what to do, and then the largest: a line each with how
// many, how sure and since when, and below it the sentence, which has the evidence and what to do.
func Cohorts(p *model.Path, all []model.Cohort, now time.Time, w int, s *look.Styles) []string {
	of := cohortsOf(p, all)
	if len(of) == 0 {
		return nil
	}
	g := &s.Glyphs
	lines := []string{"", " " + s.Title.String("Cohorts")}
	for _, c := range of[:min(len(of), mostCohorts)] {
		lines = append(lines, " "+s.Strong.String(g.Cut(g.Plain(headline(c, now)), w-2)))
		for _, line := range look.Wrap(g.Plain(c.Detail), w-4) {
			lines = append(lines, "   "+line)
		}
	}
	if more := len(of) - mostCohorts; more > 0 {
		lines = append(lines, " "+s.Dim.String(fmt.Sprintf("and %d more", more)))
	}
	return lines
}

// cohortsOf are the cohorts on a path, in the order of what matters. One that shares no path may be on each on which something
// ended.
func cohortsOf(p *model.Path, all []model.Cohort) []*model.Cohort {
	var of []*model.Cohort
	for i := range all {
		c := &all[i]
		if on, one := pathOf(c); one && path.Match(p.Template, on) || !one && p.Ended > 0 {
			of = append(of, c)
		}
	}
	slices.SortStableFunc(of, func(a, b *model.Cohort) int {
		return cmp.Or(vague(a)-vague(b), b.Count-a.Count, b.ID-a.ID)
	})
	return of
}

// pathOf is the template that all members share, if they share one.
func pathOf(c *model.Cohort) (template string, one bool) {
	i := slices.IndexFunc(c.Traits, func(t model.Trait) bool { return t.Kind == model.TraitPath })
	if i < 0 {
		return "", false
	}
	return c.Traits[i].Value, true
}

// vague is 0 for a cohort whose cause is known.
func vague(c *model.Cohort) int {
	moment := c.Kind == model.CohortMoment || c.Kind == model.CohortSuspects || c.Kind == model.CohortTrait
	switch {
	case c.Cause != "" && c.Cause != model.CauseUnknown:
		return 0
	case moment:
		return 2
	case c.Cause == model.CauseUnknown:
		return 1
	}
	return 0 // a limit that the application has set itself
}

// headline is what its sentence does not say of a cohort, and its name and size.
func headline(c *model.Cohort, now time.Time) string {
	name := string(c.Cause)
	switch vague(c) {
	case 0:
		name = cmp.Or(name, string(c.Kind)+" by the application")
	case 1:
		name += " " + string(c.Kind)
	default:
		name = string(c.Kind)
	}
	parts := []string{fmt.Sprintf("%s: %s of %s", name, look.Count(c.Count), look.Count(max(c.Of, c.Count))), chance(c.Chance),
		"began " + ago(now.Sub(c.Started)), "newest " + ago(now.Sub(c.Newest))}
	if _, one := pathOf(c); !one {
		parts = append(parts, "on several paths")
	}
	for _, t := range c.Traits {
		if t.Kind == model.TraitAgent && !strings.Contains(c.Detail, t.Value) {
			parts = append(parts, "all are "+t.Value)
		}
	}
	return strings.Join(parts, ", ")
}

// chance bounds the probability that there is nothing to it by the next power of ten.
func chance(p float64) string {
	return fmt.Sprintf("chance below 1e%d", int(math.Ceil(math.Log10(min(max(p, 1e-300), 1)))))
}

func ago(d time.Duration) string {
	if d < 10*time.Second {
		return "just now"
	}
	return look.Span(d) + " ago"
}
