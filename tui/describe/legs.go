package describe

import (
	"fmt"

	"holter/model"
	"holter/tui/chart"
	"holter/tui/look"
)

// legsBeside is the cells of a detail in which the two sides of a proxied connection stand beside each
// other.
const legsBeside = 110

// betweenLegs is the cells between them.
const betweenLegs = 2

// watch is what the heartbeat tells. For a proxied connection it tells that of both sides of the proxy.
func (t *Text) watch() {
	if len(t.Of.Legs) != 2 {
		t.figures()
		return
	}
	w := t.Width
	if w >= legsBeside {
		w = (w - betweenLegs) / 2
	}
	near, far := t.electrocardiogram(&t.Of.Legs[0]), t.electrocardiogram(&t.Of.Legs[1])
	share(near, far)
	client, upstream := t.leg(&t.Of.Legs[0], near, w), t.leg(&t.Of.Legs[1], far, w)
	if w == t.Width {
		t.lines = append(append(t.lines, client...), upstream...)
		return
	}
	h := max(len(client), len(upstream))
	t.lines = append(t.lines, look.SideBySide(look.Fill(client, h), look.Fill(upstream, h), w, " "+t.Styles.Dim.String(t.Styles.Glyphs.Bar))...)
}

// share gives two electrocardiograms one axis of time.
func share(a, b *chart.ECG) {
	a.Begin = minTime(a.Begin, b.Begin)
	a.Interval = max(a.Interval, b.Interval)
	if b.End.After(a.End) {
		a.End = b.End
	}
	b.Begin, b.Interval, b.End = a.Begin, a.Interval, a.End
}

// figures are the chart and what else there is to say of one side.
func (t *Text) figures() {
	t.chart()
	t.timeline()
	t.heartbeat()
	t.traffic()
	t.evidence()
	t.gap()
}

// leg is one side of a proxied connection, w cells wide.
func (t *Text) leg(d *model.Detail, ecg *chart.ECG, w int) []string {
	own := *d
	own.Transitions = nil
	for _, tr := range t.Of.Transitions {
		if tr.Side == d.Side {
			own.Transitions = append(own.Transitions, tr)
		}
	}
	side := Text{Styles: t.Styles, Width: w, Height: t.Height, Now: t.Now, Of: &own, Beats: t.Beats, ecg: ecg}
	side.lines = []string{t.Styles.Rule(d.Side.String()+" side", w)}
	side.paragraph(t.Styles.States[min(d.State, model.Unknown)], side.stood(&d.Connection))
	if cause := d.Diagnosis; cause != t.Of.Diagnosis && cause.Cause != "" {
		side.paragraph(look.Paint{}, string(cause.Cause)+": "+cause.Detail)
	}
	if d.Side == model.UpstreamSide {
		side.parted(&d.Connection, "the upstream", "the client")
	} else {
		side.parted(&d.Connection, "the client", "the upstream")
	}
	side.figures()
	return side.lines
}

// stood says which state a connection is in and since when.
func (t *Text) stood(c *model.Connection) string {
	until := ""
	if !c.Open() && c.State != model.Closed {
		until = " until it closed"
	}
	return fmt.Sprintf("%s %s for %s%s, since %s", t.Styles.Glyphs.States[min(c.State, model.Unknown)], c.State,
		look.Silence(c.Stayed(t.Now)), until, look.Clock(c.Since))
}
