package chart

import (
	"strings"

	"holter/model"
	"holter/tui/look"
)

// Strip draws the newest beats in w cells, the newest at the right, as an electrocardiogram one cell high. Three cells are a
// beat, two where there is little room, and one where per asks for more beats: from 3 on a cell is the worst of per-2
// beats. It moves on by a beat at a time, so it stands still while there is none.
func Strip(beats []model.Beat, per, w int, s *look.Styles) string {
	t := strip{trace: s.Glyphs.Trace, looks: &[...]look.Paint{
		toneCalm: s.States[model.Normal], toneTight: s.States[model.Suspect], toneBad: s.Chart.Miss, toneNone: s.Dim,
	}}
	return t.draw(beats, per, w)
}

// PlainStrip is the same without colours, for a row that has one of its own.
func PlainStrip(beats []model.Beat, per, w int, g *look.Glyphs) string {
	t := strip{trace: g.Trace, looks: new([toneNone + 1]look.Paint)}
	return t.draw(beats, per, w)
}

type strip struct {
	trace *look.Trace
	looks *[toneNone + 1]look.Paint
	text  strings.Builder
	tone  int // that is on
}

// roomy is the cells of a strip from which a beat has all its cells.
const roomy = 6 * look.TraceWidth

func (t *strip) draw(beats []model.Beat, per, w int) string {
	if w <= 0 {
		return ""
	}
	cells := look.TraceWidth
	if w < roomy {
		cells--
	}
	cells = max(min(cells, look.TraceWidth+1-per), 1)
	group := max(per+1-look.TraceWidth, 1)
	t.text.Grow(5*w + 48)
	t.tone = -1
	n := w / cells
	for range w % cells { // the end of a beat that has no room
		t.put(worst(beats, n, group), 0)
	}
	for i := n - 1; i >= 0; i-- {
		t.put(worst(beats, i, group), cells)
	}
	if t.tone >= 0 {
		t.text.WriteString(t.looks[t.tone].Off)
	}
	return t.text.String()
}

// put writes a beat in some cells, or in one of the line after it if cells is 0.
func (t *strip) put(b model.Beat, cells int) {
	if tone := int(tones[b.Kind()]); tone != t.tone {
		if t.tone >= 0 {
			t.text.WriteString(t.looks[t.tone].Off)
		}
		t.text.WriteString(t.looks[tone].On)
		t.tone = tone
	}
	switch {
	case cells > 0:
		t.text.WriteString(t.trace.Piece(b, cells))
	case b.Kind() == model.NoBeat:
		t.text.WriteByte(' ')
	default:
		t.text.WriteString(t.trace.Flat)
	}
}

// The looks of beats.
const (
	toneCalm  = iota // well within the timeout
	toneTight        // not far from it, or late
	toneBad          // unanswered
	toneNone         // no beat
)

// tones are the looks by the kind of beat.
var tones = [16]uint8{toneNone, toneCalm, toneCalm, toneCalm, toneCalm, toneCalm, toneTight, toneTight, toneTight,
	model.MissedBeat: toneBad, model.LateBeat: toneTight, model.ProbeBeat: toneBad, 12: toneNone, 13: toneNone, 14: toneNone, 15: toneNone}

// worst is the worst beat of a group, which are counted from the newest.
func worst(beats []model.Beat, at, group int) model.Beat {
	to := len(beats) - at*group
	if to <= 0 {
		return model.NoBeat
	}
	bad := model.NoBeat
	for _, beat := range beats[max(to-group, 0):to] {
		if badness(beat) > badness(bad) {
			bad = beat
		}
	}
	return bad
}

// badness orders beats from none to missed, those that were answered by the timeout and then by their height. A late
// answer is not as bad as a missing one, and a probe without one says less than the beat before it.
func badness(b model.Beat) int {
	const above = int(model.FullBeat+1) * (model.MostHeight + 1)
	switch b.Kind() {
	case model.LateBeat:
		return above
	case model.ProbeBeat:
		return above + 1
	case model.MissedBeat:
		return above + 2
	}
	if !b.Answered() {
		return 0
	}
	return int(b.Kind())*(model.MostHeight+1) + b.Height()
}
