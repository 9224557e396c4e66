package tui

import (
	"fmt"
	"strings"
	"time"

	"holter/model"
	"holter/model/reconnect"
	"holter/tui/chart"
	"holter/tui/look"
	"holter/tui/widget"
)

const (
	rangeWidth = 14 // cells of the ends of a histogram
	policyRows = 8  // of the policies that are shown at once, at most
)

// policyColumns are the columns of the table of how clients come back.
func policyColumns(t *policyText) []widget.Column[model.PoolPolicy] {
	type row = model.PoolPolicy
	return []widget.Column[row]{
		{Title: "CLIENTS", Min: 7, Want: 7, Right: true, Text: func(r *row, _ int) string { return look.Count(r.Clients) }},
		{Title: "LIKE", Min: 13, Want: 13, Ample: 32, Fits: true, Text: t.like},
		{Title: "DELAYS", Min: 18, Want: 26, Ample: 60, Fits: true, Text: t.delays},
		{Title: "JITTER", Min: 12, Want: 13, Rank: widget.Second, Loud: true, Text: t.jitter},
		{Title: "SURE", Min: 4, Rank: widget.Third, Right: true, Text: func(r *row, _ int) string { return look.Percent(100 * r.Confidence) }},
		{Title: "PATH", Min: 12, Want: 24, Rank: widget.Third, Text: t.path},
		{Title: "AGENT", Min: 24, Ample: longAgent, Fits: true, Rank: widget.Third, Text: t.agent},
		{Title: "FIRST ATTEMPT AFTER", Min: 22, Want: 38, Rank: widget.Second, Text: t.first},
	}
}

// policyLines is how many of the h lines of a page the table of n policies gets.
func policyLines(n, h int) int { return 1 + max(1, min(n, policyRows, h/4)) }

// policyText writes the cells.
type policyText struct{ page *storms }

// like is the known client that a policy resembles.
func (t *policyText) like(r *model.PoolPolicy, w int) string {
	if r.Like == "" {
		return look.None
	}
	return t.page.styles.Glyphs.Cut(r.Like, w)
}

// agent is the user agent of the clients.
func (t *policyText) agent(r *model.PoolPolicy, w int) string {
	g := &t.page.styles.Glyphs
	return g.Cut(g.Plain(r.UserAgent), w)
}

// path is the template of the clients' paths.
func (t *policyText) path(r *model.PoolPolicy, w int) string {
	g := &t.page.styles.Glyphs
	return g.Cut(g.Plain(r.Path), w)
}

// delays says how the delays between attempts grow.
func (t *policyText) delays(r *model.PoolPolicy, w int) string {
	g := &t.page.styles.Glyphs
	text := string(r.Kind)
	switch r.Kind {
	case model.PolicyUnknown:
		if why := "unknown: " + doubtShort(&r.Doubt); r.Doubt.Reason != "" && look.Width(why) <= w {
			text = why
		}
	case model.PolicyNone:
		text = "at once"
	case model.PolicyFixed:
		text = "fixed " + look.Interval(r.Base)
	case model.PolicyExponential:
		text = fmt.Sprintf("%s %s%.3g", look.Interval(r.Base), g.Lost, r.Factor)
		if r.Cap > 0 {
			text += " up to " + look.Interval(r.Cap)
		}
	case model.PolicyLinear:
		text = fmt.Sprintf("%s +%s", r.Base.Round(10*time.Millisecond), look.Interval(r.Step))
		if r.Cap > 0 {
			text += " up to " + look.Interval(r.Cap)
		}
	case model.PolicySteps:
		text = stepWords(r.Steps, r.Ends)
	}
	if r.Resets == model.ResetAtOpen {
		text += ", resets at open"
	}
	return g.Cut(text, w)
}

// stepWords is a table of delays, of which some may be ranges.
func stepWords(steps, ends []time.Duration) string {
	words := make([]string, len(steps))
	for i, step := range steps {
		words[i] = step.String()
		if i < len(ends) && ends[i] != step {
			words[i] += "-" + ends[i].String()
		}
	}
	return strings.Join(words, " ")
}

// doubtShort is why a policy is unknown, in a few cells.
func doubtShort(d *model.Doubt) string {
	switch d.Reason {
	case model.DoubtFewClients:
		return fmt.Sprintf("%d of %d clients", d.Have, d.Need)
	case model.DoubtFewAttempts:
		return fmt.Sprintf("%d of %d attempts", d.Have, d.Need)
	case model.DoubtWaiting:
		return look.Count(d.Have) + " yet to try"
	case model.DoubtGaveUp:
		return look.Count(d.Have) + " gave up"
	case model.DoubtHidden:
		return look.Count(d.Have) + " closed it themselves"
	case model.DoubtFlapping:
		return look.Count(d.Have) + " closed again"
	case model.DoubtFewPairs:
		return fmt.Sprintf("%d of %d pairs", d.Have, d.Need)
	case model.DoubtShared:
		return look.Count(d.Have) + " share a name"
	case model.DoubtAmbiguous:
		return "fits several"
	case model.DoubtAsked:
		return "one Retry-After"
	case model.DoubtNoFit:
		return "fits no kind"
	case model.DoubtKinds:
		return "several kinds?"
	}
	return string(d.Reason)
}

// doubtLines say why the policy under the cursor is unknown and what was seen instead.
func (p *storms) doubtLines() []string {
	row := p.list.Selected()
	if row == nil || row.Doubt.Reason == "" {
		return p.resetLines()
	}
	g, w := &p.styles.Glyphs, p.size.w-2
	lines := p.sentence(p.styles.Strong, "unknown: "+g.Plain(row.Doubt.String()))
	if seen := seenWords(row.Doubt.Seen, w); seen != "" {
		lines = append(lines, " "+p.styles.Dim.String(g.Cut(seen, w)))
	}
	return lines
}

// belowList are the lines below the list of policies, at the bottom of the page.
func (p *storms) belowList(s *model.Storm) []string { return append(p.moreLines(s), p.doubtLines()...) }

// moreLines say how many pools are not in the table.
func (p *storms) moreLines(s *model.Storm) []string {
	if s.More.Pools == 0 {
		return nil
	}
	text := fmt.Sprintf(" and %d more pools, of %s clients, that are smaller", s.More.Pools, look.Count(s.More.Clients))
	return []string{p.styles.Dim.String(p.styles.Glyphs.Cut(text, p.size.w-1))}
}

// resetLines name the clients that start over at each open.
func (p *storms) resetLines() []string {
	s, n := p.shown(), 0
	for i := range s.Policies {
		if s.Policies[i].Resets == model.ResetAtOpen {
			n += s.Policies[i].Clients
		}
	}
	if n == 0 {
		return p.noResetLines()
	}
	text := fmt.Sprintf("resets at open: %d clients wait as at first after each connection, however short; let them start over only after one that stayed", n)
	return p.sentence(p.styles.Strong, text)
}

// noResetLines say why it is not known whether the clients under the cursor start over at each open, if there is room.
func (p *storms) noResetLines() []string {
	row := p.list.Selected()
	if row == nil || p.size.h < roomy {
		return nil
	}
	why := reconnect.NoReset(row)
	if why == "" {
		return nil
	}
	return p.sentence(p.styles.Dim, "resets at open: unknown, "+why)
}

// seenWords are the medians and the spreads of the delays before each attempt, as many as fit into w cells.
func seenWords(seen []model.AttemptDelays, w int) (text string) {
	for i, s := range seen {
		words := fmt.Sprintf("attempt %d of %d", s.Attempt, s.Clients)
		if s.Attempt == 0 {
			words = fmt.Sprintf("after short connections %d again", s.Clients)
		}
		words += fmt.Sprintf(" after %s (%s to %s)", delay(s.Median), delay(s.Low), delay(s.High))
		if i > 0 {
			words = text + ", " + words
		}
		if i > 0 && look.Width(words) > w {
			break
		}
		text = words
	}
	return text
}

// delay is a delay that may be none at all.
func delay(d time.Duration) string { return look.Brief(max(d, time.Microsecond)) }

// jitter says how random the delays are.
func (t *policyText) jitter(r *model.PoolPolicy, w int) string {
	text := string(r.Jitter)
	switch r.Jitter {
	case model.JitterNone:
		text = "no jitter"
	case model.JitterPartial:
		text = t.page.styles.Glyphs.PlusMinus + look.Percent(100*r.Share)
	case model.JitterOnce:
		text = t.page.styles.Glyphs.PlusMinus + look.Percent(100*r.Share) + " once"
	case model.JitterNormal:
		text = t.page.styles.Glyphs.PlusMinus + look.Percent(100*r.Share) + " normal"
	case model.JitterAdded:
		text = fmt.Sprintf("+%s-%s", r.AddedFrom.Round(10*time.Millisecond), r.AddedTo.Round(10*time.Millisecond))
	case model.JitterRanges:
		text = "in ranges"
	case model.JitterUnknown:
		text = look.None
	}
	return t.page.styles.Glyphs.Cut(text, w)
}

// first is the histogram of the first delays, with its ends.
func (t *policyText) first(r *model.PoolPolicy, w int) string {
	h := &r.First
	if len(h.Counts) == 0 {
		return look.None
	}
	cells := max(min(w-rangeWidth-1, len(h.Counts)), 0)
	bars := make([]float64, cells)
	for i, n := range h.Counts {
		if cells > 0 {
			bars[i*cells/len(h.Counts)] += float64(n)
		}
	}
	ends := look.Brief(max(h.From, 0)) + t.page.styles.Glyphs.Ellipsis + look.Brief(h.To)
	return chart.Sparkline(bars, 0, cells, &t.page.styles.Glyphs) + " " + t.page.styles.Glyphs.Cut(ends, w-cells-1)
}
