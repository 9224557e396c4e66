package look

import "holter/model"

// Trace is how the beats of a connection are drawn in a line, one after another, as an electrocardiogram: a spike for a
// beat, with its height above the line; a flat line where a beat had no answer; a dot above it for a probe.
type Trace struct {
	Flat string // the line in one cell
	thin pieces // of one cell
	mid  pieces // of two
	wide pieces // of three, the last of which is flat
}

// pieces are the beats of a trace in so many cells each.
type pieces struct {
	spikes [model.MostHeight + 1]string // by height; 0 is no beat yet
	missed string
	late   string
	probe  string
}

// TraceWidth is the most cells of one beat in a trace.
const TraceWidth = 3

// Piece is a beat in one to TraceWidth cells.
func (t *Trace) Piece(b model.Beat, cells int) string {
	p := &t.wide
	switch cells {
	case 1:
		p = &t.thin
	case 2:
		p = &t.mid
	}
	switch b.Kind() {
	case model.MissedBeat:
		return p.missed
	case model.LateBeat:
		return p.late
	case model.ProbeBeat:
		return p.probe
	}
	return p.spikes[b.Height()]
}

func newTrace(flat string, thin, mid pieces) *Trace {
	wide := pieces{missed: mid.missed + flat, late: mid.late + flat, probe: mid.probe + flat}
	wide.spikes[0] = mid.spikes[0] + " "
	for i, spike := range mid.spikes[1:] {
		wide.spikes[i+1] = spike + flat
	}
	return &Trace{flat, thin, mid, wide}
}

// The line is the lowest row of dots. The two sides of a spike may differ by a dot, which makes six heights of three rows;
// the highest two have more ink instead.
var brailleTrace = newTrace("⣀",
	pieces{[...]string{" ", "⣠", "⣠", "⣰", "⣰", "⣰", "⣸", "⣸", "⣼"}, "⣀", "!", "⣂"},
	pieces{[...]string{"  ", "⡠⣀", "⡠⢄", "⡔⢄", "⡔⢢", "⡜⢢", "⡜⢣", "⡼⢧", "⣼⣧"}, "⣀⣀", "⣀!", "⣀⣂"})

var blockTrace = newTrace("▁",
	pieces{[...]string{" ", "▂", "▂", "▃", "▄", "▅", "▆", "▇", "█"}, "▁", "!", "·"},
	pieces{[...]string{"  ", "▂▁", "▂▁", "▃▁", "▄▁", "▅▁", "▆▁", "▇▁", "█▁"}, "▁▁", "▁!", "▁·"})

var asciiTrace = newTrace("_",
	pieces{[...]string{" ", "-", "-", "^", "^", "^", "|", "|", "#"}, "_", "!", "."},
	pieces{[...]string{"  ", "-_", "-_", "/\\", "/\\", "/\\", "/|", "/|", "/#"}, "__", "_!", "_."})
