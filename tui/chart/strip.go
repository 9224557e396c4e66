package chart

import (
	"strings"

	"holter/model"
	"holter/tui/look"
)

// Strip draws the newest beats in w cells, the newest at the right, each cell the worst of per
// beats. The height is the round trip against the timeout, in eighths.
func Strip(beats []model.Beat, per, w int, s *look.Styles) string {
	var b strings.Builder
	b.Grow(5*max(w, 0) + 32)
	looks := [...]look.Paint{toneCalm: s.States[model.Normal], toneTight: s.States[model.Suspect], toneBad: s.Chart.Miss, toneNone: s.Dim}
	last := -1
	for i := range w {
		beat := worst(beats, w-1-i, per)
		if tone := int(tones[beat]); tone != last {
			if last >= 0 {
				b.WriteString(looks[last].Off)
			}
			b.WriteString(looks[tone].On)
			last = tone
		}
		b.WriteString(s.Glyphs.Beats[beat])
	}
	if last >= 0 {
		b.WriteString(looks[last].Off)
	}
	return b.String()
}

// PlainStrip is the same without colours, for a row that has one of its own.
func PlainStrip(beats []model.Beat, per, w int, g *look.Glyphs) string {
	var b strings.Builder
	b.Grow(3 * max(w, 0))
	for i := range w {
		b.WriteString(g.Beats[worst(beats, w-1-i, per)])
	}
	return b.String()
}

// The looks of beats.
const (
	toneCalm  = iota // well within the timeout
	toneTight        // not far from it, or late
	toneBad          // unanswered
	toneNone         // no beat
)

// tones are the looks by beat.
var tones = [...]uint8{toneNone, toneCalm, toneCalm, toneCalm, toneCalm, toneCalm, toneTight, toneTight, toneTight,
	model.MissedBeat: toneBad, model.LateBeat: toneTight}

// worst is the worst beat of a cell, which are counted from the newest.
func worst(beats []model.Beat, cell, per int) model.Beat {
	per = max(per, 1)
	to := len(beats) - cell*per
	if to <= 0 {
		return model.NoBeat
	}
	bad := model.NoBeat
	for _, beat := range beats[max(to-per, 0):to] {
		if badness(beat) > badness(bad) {
			bad = beat
		}
	}
	return bad
}

// badness orders beats from none to missed. A late answer is not as bad as a missing one.
func badness(b model.Beat) int {
	switch {
	case b == model.MissedBeat:
		return int(model.LateBeat)
	case b == model.LateBeat:
		return int(model.MissedBeat)
	case b > model.LateBeat:
		return 0
	}
	return int(b)
}
