package tui

import (
	"fmt"
	"math"
	"strings"
	"time"

	"holter/model"
	"holter/tui/chart"
	"holter/tui/look"
	"holter/tui/widget"
)

const (
	leastBins = 40 // that the chart has room for from the start
	// rateOver is how many bins a rate is counted over: a second of them, as for a storm's Peak.
	rateOver = int(time.Second / model.ActivityBin)
)

func (p *storms) view() []string {
	s := p.shown()
	switch {
	case p.picture == nil:
		return waiting(p.styles, p.size.h)
	case s == nil:
		return look.Fill(p.calm(), p.size.h)
	}
	lines, below, room := p.prose(s)
	lines = append(lines, p.chart(s, room)...)
	if len(s.Policies) == 0 && s.Restart {
		return look.Fill(append(lines, p.styles.Dim.String(" Nobody saw their first attempts, so there is no policy to show.")), p.size.h)
	}
	if len(s.Policies) == 0 {
		return look.Fill(append(lines, p.styles.Dim.String(" How clients come back is shown once they have tried.")), p.size.h)
	}
	lines = append(lines, p.list.View(p.styles, widget.Order{})...)
	return look.Fill(append(lines, below...), p.size.h)
}

// leastChart is the lines of a chart that still shows a course.
const leastChart = 8

// prose is what stands above the chart and below the table, and how many lines are left for the chart. A sentence has
// a second line where the chart can do without it.
func (p *storms) prose(s *model.Storm) (above, below []string, room int) {
	for p.sentenceLines = 2; ; p.sentenceLines-- {
		above, below = p.words(s), p.belowList(s)
		room = p.size.h - len(above) - p.list.Height - len(below)
		if room >= leastChart || p.sentenceLines == 1 {
			return above, below, room
		}
	}
}

// sentence is a text in sentenceLines at most, and nothing if there is no text.
func (p *storms) sentence(paint look.Paint, text string) []string {
	if text == "" {
		return nil
	}
	lines := p.styles.Glyphs.WrapCut(text, p.size.w-1, max(1, p.sentenceLines))
	for i := range lines {
		lines[i] = " " + paint.String(lines[i])
	}
	return lines
}

// calm is the page before the first storm.
func (p *storms) calm() []string {
	lines := []string{"", p.styles.Strong.String(" There has been no storm."), ""}
	for _, line := range look.Wrap("This page shows many clients coming back at once: how fast they come, how many can be accepted, "+
		"and by which policy they try again. X kicks them all, R refuses them for a while.", p.size.w-2) {
		lines = append(lines, " "+p.styles.Dim.String(line))
	}
	return lines
}

// words are what is known of a storm.
func (p *storms) words(s *model.Storm) []string {
	st, w := p.styles, p.size.w
	name, paint := fmt.Sprintf("STORM %d", s.ID), st.Alarm
	course := fmt.Sprintf("on for %s, since %s", look.Span(p.picture.Time.Sub(s.Started)), look.Clock(s.Started))
	if !s.On() {
		paint = st.Title
		course = fmt.Sprintf("over, from %s for %s", look.Clock(s.Started), look.Silence(s.Ended.Sub(s.Started)))
	}
	out, others := p.whoIsOut(s)
	settling := part{}
	if s.Settling > 0 {
		settling = part{fmt.Sprintf("%d just in", s.Settling), st.Dim}
	}
	refused := part{fmt.Sprintf("refused %d", s.Refused), st.Dim}
	if s.Refused > 0 {
		refused.look = st.Chart.Refused
	}
	lines := []string{
		spread(st, []part{{name, paint}, {course, st.Dim}}, []part{out, {"back " + backShare(s), st.Strong}, others, settling}, w),
		spread(st, backTimes(s), []part{
			{fmt.Sprintf("peak %s/s, %.1f%s an even spread", look.Rate(s.Peak), s.Crowding, st.Glyphs.Lost), st.Strong}, refused,
		}, w),
	}
	lines = append(lines, p.sentence(look.Paint{}, causeWords(s, st.Glyphs.Lost))...)
	troubles := p.troubles(s)
	if lines = append(lines, troubles...); len(troubles) > 0 && p.size.h < roomy {
		return lines
	}
	return append(lines, p.sentence(st.Dim, p.supposition())...)
}

// whoIsOut says how many clients are away, and how many others flap. If all of those that are out flap, they come first.
func (p *storms) whoIsOut(s *model.Storm) (out, others part) {
	st := p.styles
	out = part{fmt.Sprintf("%d of %d clients away", s.Gone(), s.Clients), st.States[model.Normal]}
	switch {
	case s.Gone() == 0 && s.Flapping > 0:
		out = part{fmt.Sprintf("%d of %d clients flapping", s.Flapping, s.Clients), st.States[model.Flapping]}
	case s.Flapping > 0:
		others = part{fmt.Sprintf("%d flapping", s.Flapping), st.States[model.Flapping]}
	}
	if s.Gone() > 0 {
		out.look = st.States[model.Suspect]
	}
	return out, others
}

// backTimes says when a half, 90 % and 99 % of the clients were back, up to the first share that was not reached.
func backTimes(s *model.Storm) (parts []part) {
	for i, b := range []struct {
		share string
		in    time.Duration
	}{{"50%", s.Back50}, {"90%", s.Back90}, {"99%", s.Back99}} {
		back := ""
		if i == 0 {
			back = " back"
		}
		switch {
		case b.in > 0:
			parts = append(parts, part{b.share + back + " in " + look.Brief(b.in), look.Paint{}})
			continue
		case s.On():
			return append(parts, part{b.share + " not" + back + " yet", look.Paint{}})
		}
		return append(parts, part{b.share + " never" + back, look.Paint{}})
	}
	return parts
}

// roomy is the lines of a page that has room for everything.
const roomy = 20

// troubles are who is not back and why: a sentence each for clients that flap, for those that are refused or silent, and for what
// there was no room for.
func (p *storms) troubles(s *model.Storm) (lines []string) {
	st := p.styles
	if s.Flapping > 0 {
		lines = p.sentence(st.Alarm, flapWords(s, st.Glyphs.Lost))
	}
	lines = append(lines, p.sentence(st.States[model.Suspect], outWords(s, st.Glyphs.Lost))...)
	return append(lines, p.sentence(st.Dim, droppedWords(s))...)
}

// flapWords say how many clients flap, how fast, and by which codes.
func flapWords(s *model.Storm, times string) string {
	text := fmt.Sprintf("%d of %d clients flapping, %s/s: closed again within %s", s.Flapping, s.Clients, look.Rate(s.FlapRate), look.Interval(model.Stay))
	for i, c := range s.Flaps {
		sep := " with "
		if i > 0 {
			sep = ", "
		}
		text += fmt.Sprintf("%s%s by %s", sep, look.CloseCode(c.Code, ""), c.By)
		if len(s.Flaps) > 1 {
			text += fmt.Sprintf(" %s%d", times, c.Count)
		}
	}
	return text
}

// outWords say how many clients never got in or gave up, and how upgrades were refused.
func outWords(s *model.Storm, times string) string {
	var words []string
	if s.NeverIn > 0 {
		words = append(words, fmt.Sprintf("%d never got in", s.NeverIn))
	}
	if s.GaveUp > 0 {
		words = append(words, fmt.Sprintf("%d gave up", s.GaveUp))
	}
	for i, r := range s.Refusals {
		by := model.RefusedWith(r.Status, r.By)
		if i == 0 {
			by = "refused: " + by
		}
		words = append(words, fmt.Sprintf("%s %s%d", by, times, r.Count))
	}
	return strings.Join(words, ", ")
}

// droppedWords say what there was no room for.
func droppedWords(s *model.Storm) string {
	var words []string
	if s.DroppedClients > 0 {
		words = append(words, fmt.Sprintf("%d clients more", s.DroppedClients))
	}
	if s.DroppedAttempts > 0 {
		words = append(words, fmt.Sprintf("%d attempts after the end of the chart", s.DroppedAttempts))
	}
	if len(words) == 0 {
		return ""
	}
	return "only counted: " + strings.Join(words, ", ")
}

// keptOut is how many clients are not back at the end of a storm, and will not be soon.
func keptOut(s *model.Storm) (text string) {
	for _, w := range []struct {
		n    int
		what string
	}{{s.Flapping, "flapping"}, {s.NeverIn, "never got in"}, {s.GaveUp, "gave up"}} {
		if w.n > 0 {
			text += fmt.Sprintf(", %d %s", w.n, w.what)
		}
	}
	return text
}

// beginning says of whom a storm consists.
func beginning(s *model.Storm) string {
	switch lost := s.Clients - s.NeverIn; {
	case lost == 0:
		return fmt.Sprintf("%d clients never got in and try again", s.NeverIn)
	case s.NeverIn > 0:
		return fmt.Sprintf("%d clients lost their connection and come back, %d more never got in", lost, s.NeverIn)
	}
	return fmt.Sprintf("%d clients lost their connection and come back", s.Clients)
}

// outcome says how many clients were back at the end of a storm, how soon, and what became of the others.
func outcome(s *model.Storm) string {
	text := fmt.Sprintf("%s back%s, peak %s/s", backShare(s), keptOut(s), look.Rate(s.Peak))
	if s.Back99 > 0 {
		text += ", 99% back in " + look.Brief(s.Back99)
	}
	return text
}

// backShare is the share of the clients that have come back and stayed.
func backShare(s *model.Storm) string {
	if s.Clients == 0 {
		return look.None
	}
	return look.Percent(math.Floor(100 * float64(s.Back()) / float64(s.Clients)))
}

// causeWords are the ways in which connections ended.
func causeWords(s *model.Storm, times string) string {
	var words []string
	if s.Restart {
		words = append(words, "a restart: the server that listened here before was gone at once")
	}
	for _, c := range s.Causes {
		words = append(words, fmt.Sprintf("%s by %s %s%d", look.CloseCode(c.Code, ""), c.By, times, c.Count))
	}
	if len(words) == 0 {
		return ""
	}
	return "after " + strings.Join(words, ",  ")
}

// supposition says what would happen if the server were away for supposedAway.
func (p *storms) supposition() string {
	f := &p.picture.outlook.supposed
	if f.Clients == 0 {
		return "no forecast: no policy is known yet"
	}
	return fmt.Sprintf("if the server were away for %s: peak %s/s, 99%% back after %s; with full jitter %s/s and %s",
		look.Interval(supposedAway), look.Rate(f.Measured.Peak), backAfter(f.Measured.Back99), look.Rate(f.Spread.Peak), backAfter(f.Spread.Back99))
}

// backAfter is a time of a forecast, which looks no further than a curve has room for.
func backAfter(d time.Duration) string {
	if d == 0 {
		return "more than " + look.Interval(model.MaxActivity*model.ActivityBin)
	}
	return look.Brief(d)
}

// chart draws the arrivals over time: accepted, refused, and those of a forecast in which all clients have full jitter.
// Its highest point is the peak that the words name, and the axis names it too.
func (p *storms) chart(s *model.Storm, h int) []string {
	st := p.styles
	from, n := p.window(s)
	back, tried := rates(s.Curve, from, n)
	refused := chart.RefusedInk(st)
	c := chart.Chart{
		Title: "arrivals per second, counted over a second",
		Label: look.Rate,
		Named: s.Peak,
		Times: stormTicks(from, n, p.size.w),
		Series: []chart.Series{
			{Name: "refused", Key: chart.RoughKey(refused), Ink: refused, Form: chart.Area, Values: tried},
			{Name: "back", Key: st.Glyphs.Up, Ink: chart.Ink{Paint: st.Chart.Connects}, Form: chart.Area, Values: back},
		},
	}
	if limit := p.picture.Monitor.AcceptRate; limit > 0 {
		c.Series = append(c.Series, chart.Series{Name: "accepted at most", Key: st.Glyphs.Dash, Ink: chart.Ink{Paint: st.Chart.Limit}, Form: chart.Dashes, Values: level(limit, n)})
	}
	if spread := p.picture.outlook.same.Spread.Curve; len(spread) > 0 {
		c.Series = append(c.Series, chart.Series{Name: "with full jitter (forecast)", Key: st.Glyphs.Line,
			Ink: chart.Ink{Paint: st.Chart.Line}, Values: expected(spread, from, n)})
	}
	return c.Lines(p.size.w, h, st)
}

// zoomed says how much of a storm is shown at most.
func (p *storms) zoomed(bool) string { return p.zoom.words() }

// window is the bins that the chart shows: all of a storm and room for what is to come, or as many as the zoom allows. For
// a storm that is on these are the newest ones.
func (p *storms) window(s *model.Storm) (from, n int) {
	n = max(len(s.Curve), leastBins)
	n = max(n, min(len(p.picture.outlook.same.Spread.Curve), 2*n))
	limit := max(leastBins, int(p.zoom.over()/model.ActivityBin))
	if n > limit && s.On() {
		from = max(0, min(n, len(s.Curve)+limit/8)-limit)
	}
	return from, min(n, limit)
}

// rates are the arrivals within the second up to each of n bins from one on, those that were accepted and all. Bins of
// the future are NaN.
func rates(curve []model.Activity, from, n int) (back, tried []float64) {
	back, tried = make([]float64, n), make([]float64, n)
	for i := range n {
		back[i], tried[i] = math.NaN(), math.NaN()
		if from+i < len(curve) {
			reconnects, refused := within(curve, from+i)
			back[i], tried[i] = reconnects, reconnects+refused
		}
	}
	return back, tried
}

// within is what happened in the second that ends with bin at. Bins beyond the ends are empty.
func within(curve []model.Activity, at int) (reconnects, refused float64) {
	for i := max(at-rateOver+1, 0); i <= min(at, len(curve)-1); i++ {
		reconnects += float64(curve[i].Reconnects)
		refused += float64(curve[i].Refused)
	}
	return reconnects, refused
}

// level is n times the same figure.
func level(v float64, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = v
	}
	return values
}

// expected is the same for a forecast, with a gap where nobody is expected.
func expected(curve []model.Activity, from, n int) []float64 {
	values := make([]float64, n)
	for i := range n {
		values[i] = math.NaN()
		if reconnects, _ := within(curve, from+i); reconnects > 0 {
			values[i] = reconnects
		}
	}
	return values
}

// sinceStart is a round time, or the beginning.
func sinceStart(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	return look.Ago(d)
}

// stormTicks are times since the beginning.
func stormTicks(from, n, w int) []chart.Tick {
	const cells = 12
	begin, over := time.Duration(from)*model.ActivityBin, time.Duration(n)*model.ActivityBin
	for _, step := range []time.Duration{1, 2, 5, 10, 15, 30, 60, 120, 300} {
		step *= time.Second
		if int(over/step) > max(w/cells, 1) {
			continue
		}
		var ticks []chart.Tick
		for t := (begin + step - 1) / step * step; t <= begin+over; t += step {
			ticks = append(ticks, chart.Tick{At: float64(t-begin) / float64(over), Text: sinceStart(t)})
		}
		return ticks
	}
	return nil
}
