package tui

import (
	"fmt"

	"holter/model"
	"holter/tui/look"
)

// legsBeside is the cells of a detail in which the two sides of a proxied connection stand beside each
// other.
const legsBeside = 110

// watch is what the heartbeat tells. For a proxied connection it tells that of both sides of the proxy.
func (t *detailText) watch() {
	if len(t.d.Legs) != 2 {
		t.figures()
		return
	}
	w := t.width
	if w >= legsBeside {
		w = (w - barWidth) / 2
	}
	client, upstream := t.leg(&t.d.Legs[0], w), t.leg(&t.d.Legs[1], w)
	if w == t.width {
		t.lines = append(append(t.lines, client...), upstream...)
		return
	}
	h := max(len(client), len(upstream))
	t.lines = append(t.lines, look.SideBySide(look.Fill(client, h), look.Fill(upstream, h), w, " "+t.styles.Dim.String(t.styles.Glyphs.Bar))...)
}

// figures are the chart and what else there is to say of one side.
func (t *detailText) figures() {
	t.chart()
	t.timeline()
	t.heartbeat()
	t.traffic()
	t.evidence()
	t.gap()
}

// leg is one side of a proxied connection, w cells wide.
func (t *detailText) leg(d *model.Detail, w int) []string {
	own := *d
	own.Transitions = nil
	for _, tr := range t.d.Transitions {
		if tr.Side == d.Side {
			own.Transitions = append(own.Transitions, tr)
		}
	}
	side := detailText{styles: t.styles, width: w, height: t.height, now: t.now, d: &own, beats: t.beats}
	side.lines = []string{t.styles.Rule(d.Side.String()+" side", w)}
	side.paragraph(t.styles.States[min(d.State, model.Unknown)], side.stood(&d.Connection))
	if cause := d.Diagnosis; cause != t.d.Diagnosis && cause.Cause != "" {
		side.paragraph(look.Paint{}, string(cause.Cause)+": "+cause.Detail)
	}
	side.figures()
	return side.lines
}

// stood says which state a connection is in and since when.
func (t *detailText) stood(c *model.Connection) string {
	return fmt.Sprintf("%s %s for %s, since %s", t.styles.Glyphs.States[min(c.State, model.Unknown)], c.State,
		look.Silence(t.now.Sub(c.Since)), look.Clock(c.Since))
}
