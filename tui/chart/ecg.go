package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"holter/model"
	"holter/tui/look"
)

// ECG is the electrocardiogram of a connection. Each beat that was answered is a spike as high as its round trip, below the
// timeout that was in force. The line at the foot is flat, and has a sign, where there was no answer. Probes are dots above
// it, and late answers have a sign at their top.
//
// It scrolls with time: a beat stands where its ping was written. A young connection has the whole width for its life. Beats
// without times, such as a holter of an earlier version sends, stand side by side. Where the timeout is far above all round
// trips, the axis is broken between them, so that those have the room.
type ECG struct {
	Samples  []model.Sample // oldest first; more than there is room for, so that the line need not begin in the picture
	Beats    int            // that there is room for
	Interval time.Duration  // between two beats, 0 if that is not known
	Timeout  time.Duration  // in force at the end: samples have theirs too coarsely to be read beside it
	Begin    time.Time      // when there first was something to see: the left edge, unless Beats reach less far; may be zero
	End      time.Time      // at the right edge
	Over     bool           // no time goes on after End
}

// Inks of an ECG.
const (
	ecgFlat   = iota // the line
	ecgMissed        // where there was no answer
	ecgCalm
	ecgTight
	ecgLimit
	ecgLost
	ecgLate
	ecgProbe
)

// Lines draws the beats in h lines of w cells. The axis is logarithmic, and says so, where the largest figure would press the
// middle round trip flat.
func (e *ECG) Lines(w, h int, s *look.Styles) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	p := newPlan(w, h)
	t := plot{
		on:     newCanvas(s.Graph, p.plotW, p.plotH, ecgInks(s)...),
		beats:  e.shown(),
		spread: e.spread(),
	}
	f := frame{title: "round trips", labels: make([]string, p.plotH), times: e.times(p.plotW)}
	if t.measure(); t.y.log {
		f.corner = "log"
	}
	t.line()
	t.timeouts()
	t.beat()
	f.series = t.legend(s)
	for _, v := range t.y.ticks() {
		if text := axisTime(v); look.Width(text) <= axisWidth {
			setLabel(f.labels, p.plotH-1-t.y.dot(v)/t.on.dy, text)
		}
	}
	if t.broken {
		f.labels[0], f.axis = axisTime(e.Timeout.Seconds()), s.Glyphs.Break
	}
	return f.lines(p, t.on, s)
}

const (
	// pressed is how many times the middle round trip the largest figure has to be before a linear axis leaves no spike.
	pressed = 10
	// far is how many times the longest round trip the timeout has to be before it has a line of its own above the axis.
	far = 4
	// leastScale is the least end of the axis in seconds: microseconds on one machine make no mountains.
	leastScale = 0.0002
)

// measure finds the scale for the figures that are seen.
func (t *plot) measure() {
	var rtts []float64
	least, most := math.Inf(1), 0.0
	for i := range t.beats {
		b := &t.beats[i]
		if b.at < 0 && i < len(t.beats)-1 && t.beats[i+1].at < 0 {
			continue
		}
		if b.Timeout > 0 {
			least, most = min(least, b.Timeout.Seconds()), max(most, b.Timeout.Seconds())
		}
		if b.RTT > 0 && b.at >= 0 {
			rtts = append(rtts, b.RTT.Seconds())
		}
	}
	slices.Sort(rtts)
	dots := t.on.high()
	if n := len(rtts); n == 0 {
		t.y = newScale(0, most, false, dots)
	} else {
		low, middle, high := rtts[0], rtts[n/2], max(rtts[n-1], leastScale)
		if t.broken = least > far*high && t.on.h >= 3 && most > 0; t.broken {
			dots -= t.on.dy
		} else {
			high = max(high, most)
		}
		log := high > pressed*middle
		if log {
			low /= 2 // so that the shortest spike is one, too
		}
		t.y = newScale(low, high, log, dots)
	}
	t.limits = newScale(least, max(most, far*least), true, t.on.dy)
}

// limit is where a timeout stands: on the axis, or within the line above it.
func (t *plot) limit(v float64) int {
	if t.broken {
		return t.on.high() - t.on.dy + t.limits.dot(v)
	}
	return t.y.dot(v)
}

func ecgInks(s *look.Styles) []Ink {
	line := func(p look.Paint) Ink {
		if s.Graph == look.Braille {
			return Ink{Paint: p}
		}
		return Ink{Paint: p, Stencil: s.Glyphs.Trace.Flat}
	}
	probe := s.Glyphs.Trace.Piece(model.ProbeBeat, 1)
	return []Ink{
		ecgFlat:   line(s.States[model.Normal]),
		ecgMissed: line(s.Chart.Miss),
		ecgCalm:   {Paint: s.States[model.Normal]},
		ecgTight:  {Paint: s.States[model.Suspect]},
		ecgLimit:  limitInk(s),
		ecgLost:   {Paint: s.Chart.Miss, Stencil: s.Glyphs.Lost},
		ecgLate:   {Paint: s.States[model.Suspect], Stencil: s.Glyphs.Trace.Piece(model.LateBeat, 1)},
		ecgProbe:  {Paint: s.Chart.Miss, Stencil: probe},
	}
}

// placed is a beat and where it stands, at 0…1 of the width.
type placed struct {
	model.Sample
	at float64
}

// shown places the beats. Those before the left edge are below 0.
func (e *ECG) shown() []placed {
	list := make([]placed, 0, len(e.Samples))
	timed := e.timed()
	for i, sample := range e.Samples {
		at := 1 - (float64(len(e.Samples)-i)-0.5)/float64(max(e.Beats, 1))
		if timed {
			at = 1 - float64(e.End.Sub(sample.At))/float64(e.span())
		}
		if timed && sample.At.IsZero() || at > 1 {
			continue
		}
		list = append(list, placed{sample, max(at, -1)})
	}
	return list
}

// timed reports whether the beats have times.
func (e *ECG) timed() bool {
	return len(e.Samples) == 0 || !e.Samples[len(e.Samples)-1].At.IsZero()
}

// leastSpan keeps the first beats of a connection from racing across the picture.
const leastSpan = 10 * time.Second

// span is the time from edge to edge.
func (e *ECG) span() time.Duration {
	span := e.interval() * time.Duration(max(e.Beats, 1))
	if e.Begin.IsZero() {
		return span
	}
	return min(span, max(e.End.Sub(e.Begin), leastSpan))
}

func (e *ECG) interval() time.Duration {
	if e.Interval <= 0 {
		return 5 * time.Second
	}
	return min(e.Interval, longestInterval)
}

// spread is the share of the width from one beat to the next.
func (e *ECG) spread() float64 {
	if e.timed() {
		return float64(e.interval()) / float64(e.span())
	}
	return 1 / float64(max(e.Beats, 1))
}

// longestInterval bounds what another holter says.
const longestInterval = 24 * time.Hour

func (e *ECG) times(w int) []Tick {
	if !e.timed() {
		return []Tick{{0, fmt.Sprintf("%d beats", e.Beats)}, {0.5, strconv.Itoa(e.Beats / 2)}, {1, "now"}}
	}
	ticks := timeTicks(e.span(), w)
	if e.Over {
		ticks[len(ticks)-1].Text = look.Clock(e.End)
	}
	return ticks
}

// plot draws placed beats.
type plot struct {
	on     *canvas
	y      scale
	broken bool  // between the round trips and the timeouts
	limits scale // of the timeouts, if so
	beats  []placed
	spread float64 // from one beat to the next
}

// x is the column of a place.
func (t *plot) x(at float64) int { return int(math.Floor(at * float64(t.on.wide()-1))) }

// line is the foot of all, from the first beat that is known on. From a beat without an answer to the next beat it is not calm.
func (t *plot) line() {
	for i := range t.beats {
		ink, end := ecgFlat, t.on.wide()
		if i+1 < len(t.beats) {
			end = t.x(t.beats[i+1].at)
		}
		if b := &t.beats[i]; b.Missed && b.RTT == 0 {
			ink = ecgMissed
		}
		for x := max(t.x(t.beats[i].at), 0); x < end; x++ {
			t.on.dot(x, 0, ink)
		}
	}
}

// timeouts are dashes at the timeout that was in force.
func (t *plot) timeouts() {
	for i := range t.beats {
		end := t.on.wide()
		if i+1 < len(t.beats) {
			end = t.x(t.beats[i+1].at)
		}
		limit := t.beats[i].Timeout.Seconds()
		for x := max(t.x(t.beats[i].at), 0); x < end && limit > 0; x++ {
			if t.on.dx == 1 || x%4 < 2 {
				t.on.dot(x, t.limit(limit), ecgLimit)
			}
		}
	}
}

// beat draws all beats. The signs come last, as one takes its whole cell.
func (t *plot) beat() {
	for i := range t.beats {
		b := &t.beats[i]
		switch x := t.x(b.at); {
		case b.Probe && t.on.graph == look.Braille:
			t.on.dot(x, 2, ecgMissed)
		case b.Probe:
			t.on.mark(x, 0, ecgProbe)
		case b.RTT == 0 && b.Missed:
		case b.Missed || b.RTT > b.Timeout/8*5:
			t.spike(x, b.RTT, ecgTight)
		default:
			t.spike(x, b.RTT, ecgCalm)
		}
	}
	for i := range t.beats {
		b := &t.beats[i]
		switch x := t.x(b.at); {
		case b.Probe || !b.Missed:
		case b.RTT == 0:
			t.on.mark(x, 0, ecgLost)
		default:
			t.on.mark(x, t.y.dot(b.RTT.Seconds()), ecgLate)
		}
	}
}

// flanks are the heights beside the top of a spike, as shares of it, where there is room for them.
var flanks = [...]float64{0.2, 0.07}

// spike is a needle from the line up to a round trip, at least a dot.
func (t *plot) spike(x int, rtt time.Duration, ink int) {
	top := max(t.y.dot(rtt.Seconds()), 1)
	t.on.column(x, 0, top, ink)
	apart := t.spread * float64(t.on.wide())
	for i, share := range flanks {
		if side := i + 1; apart >= float64(3*side+1) {
			t.on.column(x-side, 0, int(share*float64(top)), ink)
			t.on.column(x+side, 0, int(share*float64(top)), ink)
		}
	}
}

// legend names what is to be seen.
func (t *plot) legend(s *look.Styles) []Series {
	inks := t.on.inks
	keys := []Series{
		{Name: "rtt", Key: s.Glyphs.Trace.Piece(model.Beat(1).Raised(model.UsualHeight), 1), Ink: inks[ecgCalm]},
		{Name: "timeout", Key: s.Glyphs.Dash, Ink: inks[ecgLimit]},
	}
	var lost, late, probe bool
	for i := range t.beats {
		b := &t.beats[i]
		lost = lost || b.Missed && b.RTT == 0 && !b.Probe
		late = late || b.Missed && b.RTT > 0
		probe = probe || b.Probe
	}
	if lost {
		keys = append(keys, Series{Name: "no answer", Key: inks[ecgLost].Stencil, Ink: inks[ecgLost]})
	}
	if probe {
		keys = append(keys, Series{Name: "probe", Key: inks[ecgProbe].Stencil, Ink: inks[ecgProbe]})
	}
	if late {
		keys = append(keys, Series{Name: "late", Key: inks[ecgLate].Stencil, Ink: inks[ecgLate]})
	}
	return keys
}

// limitInk draws a limit. The limit gives way to other series. Without braille it is a dash, as the other dots are
// too coarse for a thin line.
func limitInk(s *look.Styles) Ink {
	in := Ink{Paint: s.Chart.Limit, Shy: true}
	if s.Graph != look.Braille {
		in.Stencil = s.Glyphs.Dash
	}
	return in
}

// axisTime is a time in seconds as a label: 0, 0.5ms, 20ms, 1.5s, 2m00s.
func axisTime(v float64) string {
	switch {
	case v <= 0:
		return "0"
	case v < 0.9999:
		return strconv.FormatFloat(v*1000, 'g', 3, 64) + "ms"
	case v < 60:
		return strconv.FormatFloat(v, 'g', 3, 64) + "s"
	}
	return look.Span(time.Duration(math.Min(v, 1e9) * float64(time.Second)))
}
