// Package paths draws and words what is known of the paths of connections: the columns of their list, the timer map of one, on
// which all its clocks and limits lie on one axis, and the cohorts on it.
//
// It gets a model.Path, a room in cells and the styles, and returns lines of at most that width. It keeps nothing and asks
// for nothing: which path is shown, and where, is the page's, or the detail's.
package paths

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"holter/model"
	"holter/tui/chart"
	"holter/tui/look"
)

const (
	labelWidth = 10
	leastAxis  = 20
	mostAxis   = 96
)

// Lines are the timer map of a path and, below it, what is wrong there: at most h lines of the map, and all words.
func Lines(p *model.Path, w, h int, s *look.Styles) []string {
	lines := Map(p, w, h, s)
	sentence := func(paint look.Paint, text string) {
		for _, line := range look.Wrap(s.Glyphs.Plain(text), w-2) {
			lines = append(lines, " "+paint.String(line))
		}
	}
	for i := range p.Warnings {
		sentence(s.States[model.Suspect], string(p.Warnings[i].Kind)+": "+p.Warnings[i].Detail)
	}
	for _, note := range p.Notes {
		sentence(s.Strong, note)
	}
	return lines
}

// Map is the timer map alone.
func Map(p *model.Path, w, h int, s *look.Styles) []string {
	m := timerMap{path: p, styles: s, w: w}
	m.axis = min(max((w-labelWidth-2)*9/20, leastAxis), mostAxis)
	m.span()
	m.clocks()
	m.data()
	m.survived()
	m.cuts()
	m.usual()
	rows := m.rows
	for len(rows) > max(h-1, 1) && slices.ContainsFunc(rows, func(r row) bool { return r.rank > 0 }) {
		rows = without(rows)
	}
	lines := []string{m.ticks()}
	for _, r := range rows {
		lines = append(lines, m.line(&r))
	}
	return lines
}

// row is one line of the map.
type row struct {
	label string
	cells []cell
	text  string
	paint look.Paint // of the text
	rank  int        // rows of a higher rank give way first
}

type cell struct {
	glyph string
	paint look.Paint
}

// without is rows without the last one of the highest rank.
func without(rows []row) []row {
	at := 0
	for i := range rows {
		if rows[i].rank >= rows[at].rank {
			at = i
		}
	}
	return slices.Delete(slices.Clone(rows), at, at+1)
}

// marks are the characters of the map.
type marks struct{ from, line, period, late, to, cut, spread, usual string }

func (m *timerMap) marks() marks {
	if m.styles.Glyphs.Unicode {
		return marks{"├", "─", "▮", "▒", "┤", "┃", "░", "╵"}
	}
	return marks{"|", "-", "#", "=", "|", "!", ":", "'"}
}

// timerMap is a map that is being drawn.
type timerMap struct {
	path      *model.Path
	styles    *look.Styles
	w         int
	axis      int
	low, high time.Duration
	rows      []row
}

// span sets the ends of the axis, so that all that matters lies on it.
func (m *timerMap) span() {
	p := m.path
	m.low, m.high = time.Second, 2*time.Minute
	reach := func(d time.Duration) {
		if d > 0 {
			m.low, m.high = min(m.low, d), max(m.high, d+d/4)
		}
	}
	for i := range p.Clocks {
		reach(p.Clocks[i].Period)
		reach(p.Clocks[i].Within())
	}
	for i := range p.Limits {
		if p.Limits[i].Holds() {
			reach(p.Limits[i].After)
		}
	}
	all := uint32(0)
	for _, n := range p.Data.Bins {
		all += n
	}
	for i, n := range p.Data.Bins {
		if 50*n >= all && n > 0 {
			reach(binEnd(i))
			break
		}
	}
	for _, d := range []time.Duration{p.Data.Median, p.Data.P99, p.Survived, p.KeptAlive} {
		reach(d)
	}
	m.low = max(time.Duration(math.Pow(10, math.Floor(math.Log10(float64(m.low))))), time.Millisecond)
}

// at is the cell of a length.
func (m *timerMap) at(d time.Duration) int {
	share := math.Log(float64(max(d, m.low))/float64(m.low)) / math.Log(float64(m.high)/float64(m.low))
	return min(max(int(share*float64(m.axis-1)+0.5), 0), m.axis-1)
}

func (m *timerMap) blank() []cell {
	cells := make([]cell, m.axis)
	for i := range cells {
		cells[i].glyph = " "
	}
	return cells
}

// bar is a line from the left end of the axis to a length.
func (m *timerMap) bar(to time.Duration, paint look.Paint) []cell {
	cells, g := m.blank(), m.marks()
	end := m.at(to)
	for i := range end {
		cells[i] = cell{g.line, m.styles.Dim}
	}
	cells[0] = cell{g.from, m.styles.Dim}
	cells[end] = cell{g.to, paint}
	return cells
}

var clockNames = map[model.ClockOf]string{
	model.ServerClock: "server", model.ClientClock: "client", model.HolterClock: "holter", model.MessageClock: "messages",
}

func (m *timerMap) clocks() {
	limit := time.Duration(math.MaxInt64)
	if cut := m.path.Cut(); cut != nil {
		limit = cut.After
	}
	for i := range m.path.Clocks {
		c := &m.path.Clocks[i]
		paint := m.styles.States[model.Normal]
		if c.Within() >= limit/6*5 {
			paint = m.styles.States[model.Suspect]
		}
		cells, g := m.bar(c.Within(), paint), m.marks()
		for at := m.at(c.Period); at <= m.at(c.Within()); at++ {
			cells[at] = cell{g.late, paint}
		}
		cells[m.at(c.Period)] = cell{g.period, paint}
		text := "every " + look.Brief(c.Period)
		if c.Late > c.Period/50 {
			text += ", 99% within " + look.Brief(c.Within())
		}
		if c.Share > 0 && c.Share < 0.995 {
			text += fmt.Sprintf(" (%s)", look.Percent(100*c.Share))
		}
		name, known := clockNames[c.Of]
		if !known {
			name = m.styles.Glyphs.Plain(string(c.Of))
		}
		m.rows = append(m.rows, row{label: name, cells: cells, text: text, paint: paint})
	}
	if len(m.path.Clocks) == 0 {
		m.rows = append(m.rows, row{label: "beats", cells: m.blank(), text: "none so far", paint: m.styles.Dim})
	}
}

// data is the gaps between data frames, a bar for each cell.
func (m *timerMap) data() {
	d := &m.path.Data
	if d.Median == 0 {
		return
	}
	counts := make([]float64, m.axis)
	for i, n := range d.Bins {
		from, to := m.at(binEnd(i-1)), m.at(binEnd(i))
		for at := min(from+1, to); at <= to; at++ {
			counts[at] += float64(n)
		}
	}
	cells := m.blank()
	for i, glyph := range strings.Split(chart.Sparkline(counts, 0, m.axis, &m.styles.Glyphs), "") {
		if counts[i] > 0 {
			cells[i] = cell{glyph, m.styles.Accent}
		}
	}
	text := "median " + look.Brief(d.Median) + ", 99% within " + look.Brief(d.P99)
	if m.path.DataSurvived > d.P99 {
		text += ", up to " + look.Brief(m.path.DataSurvived)
	}
	m.rows = append(m.rows, row{label: "data", cells: cells, text: text, rank: 2})
}

// binEnd is the upper end of a bin.
func binEnd(i int) time.Duration {
	return time.Duration(float64(model.LeastGap) * math.Pow(2, float64(i)/2))
}

// survived are the longest silences after which there was life.
func (m *timerMap) survived() {
	p := m.path
	if p.Survived > 0 {
		m.rows = append(m.rows, row{label: "survived", cells: m.bar(p.Survived, look.Paint{}), text: "silence of " + look.Brief(p.Survived), rank: 1})
	}
	if p.KeptAlive > 0 {
		paint := m.styles.States[model.Suspect]
		m.rows = append(m.rows, row{
			label: "kept alive", cells: m.bar(p.KeptAlive, paint), paint: paint,
			text: "by holter's beats alone, for up to " + look.Brief(p.KeptAlive),
		})
	}
}

var limitNames = map[model.LimitKind]string{model.SilenceLimit: "cut", model.DataLimit: "data cut", model.AgeLimit: "age cut"}

// cuts are the limits that hold here, and those that have been outlived although they were set or shown.
func (m *timerMap) cuts() {
	g := m.marks()
	for i := range m.path.Limits {
		l := &m.path.Limits[i]
		if l.From == model.LimitUsual {
			continue
		}
		paint, rank := m.styles.Alarm, 0
		text := length(l) + spread(l, &m.styles.Glyphs)
		name := m.styles.Glyphs.Plain(l.Name)
		switch {
		case l.Refuted:
			paint, rank, text = m.styles.Dim, 3, text+" outlived here: "+outlived(l, name, &m.styles.Glyphs)
		case l.From == model.LimitSeen:
			text += fmt.Sprintf(": %d of %d ends", l.Ends, l.Of)
			if l.Either {
				text += ", or a lifetime"
			}
			if name != "" {
				text += ", " + name
			}
		case l.From == model.LimitElsewhere:
			text += fmt.Sprintf(": %d of %d ends on %s", l.Ends, l.Of, cmp.Or(m.styles.Glyphs.Plain(l.Where), "another path"))
		case l.From == model.LimitSet:
			text += ": set by hand"
		default:
			text += ": " + name + " unless set"
		}
		cells := m.blank()
		for at := m.at(l.After - l.Spread); at <= m.at(l.After+l.Spread) && l.Spread > 0; at++ {
			cells[at] = cell{g.spread, paint}
		}
		cells[m.at(l.After)] = cell{g.cut, paint}
		label, known := limitNames[l.Kind]
		if !known {
			label = m.styles.Glyphs.Plain(string(l.Kind))
		}
		m.rows = append(m.rows, row{label: label, cells: cells, text: text, paint: paint, rank: rank})
	}
}

// outlived says where a limit comes from that does not hold here.
func outlived(l *model.Limit, name string, g *look.Glyphs) string {
	flag := "--idle-cut"
	if l.Kind == model.AgeLimit {
		flag = "--age-cut"
	}
	switch l.From {
	case model.LimitSet:
		return flag + " is wrong"
	case model.LimitElsewhere:
		return "seen on " + cmp.Or(g.Plain(l.Where), "another path")
	}
	return name
}

// usual are the limits of what is often on the way, as marks on one line.
func (m *timerMap) usual() {
	cells, g := m.blank(), m.marks()
	var words []string
	var last time.Duration
	for i := range m.path.Limits {
		l := &m.path.Limits[i]
		if l.From != model.LimitUsual || l.Kind != model.SilenceLimit || l.Refuted || l.After > m.high {
			continue
		}
		cells[m.at(l.After)] = cell{g.usual, m.styles.Dim}
		name := short(m.styles.Glyphs.Plain(l.Name))
		if l.After == last {
			words[len(words)-1] += ", " + name
		} else {
			words = append(words, limitWord(l.After)+" "+name)
		}
		last = l.After
	}
	if len(words) > 0 {
		m.rows = append(m.rows, row{label: "usual", cells: cells, text: strings.Join(words, "; "), paint: m.styles.Dim, rank: 4})
	}
}

func limitWord(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return look.Ago(d)
}

// length is how long a limit is: 60.0s.
func length(l *model.Limit) string {
	if l.After < 2*time.Minute {
		return fmt.Sprintf("%.1fs", l.After.Seconds())
	}
	return look.Span(l.After)
}

// spread is how far the ends strayed from a limit, behind its length.
func spread(l *model.Limit, g *look.Glyphs) string {
	if !l.Stray() {
		return ""
	}
	return " " + g.PlusMinus + look.Brief(l.Spread)
}

// short is a name without its setting: its words in capitals, or else its first.
func short(name string) string {
	words := strings.Fields(name)
	n := 1
	for n < len(words) && words[n][0] >= 'A' && words[n][0] <= 'Z' {
		n++
	}
	return strings.Join(words[:min(n, len(words))], " ")
}

// ticksAt are lengths that people know, those that help most first.
var ticksAt = []struct {
	at   time.Duration
	text string
}{
	{time.Second, "1s"}, {time.Minute, "60s"}, {10 * time.Second, "10s"}, {time.Hour, "1h"}, {5 * time.Minute, "5m"}, {100 * time.Millisecond, "0.1s"},
	{30 * time.Second, "30s"}, {time.Millisecond, "1ms"}, {10 * time.Millisecond, "10ms"}, {24 * time.Hour, "1d"}, {20 * time.Minute, "20m"}, {5 * time.Hour, "5h"},
	{3 * time.Second, "3s"}, {300 * time.Millisecond, "0.3s"},
}

// ticks is the line above the map.
func (m *timerMap) ticks() string {
	line := []byte(strings.Repeat(" ", m.axis))
	for _, t := range ticksAt {
		if t.at < m.low || t.at > m.high {
			continue
		}
		from := min(max(m.at(t.at)-len(t.text)/2, 0), m.axis-len(t.text))
		if blank(line, from-1, from+len(t.text)+1) {
			copy(line[from:], t.text)
		}
	}
	return look.Pad(" ", labelWidth+1) + m.styles.Dim.String(string(line))
}

func blank(line []byte, from, to int) bool {
	for i := max(from, 0); i < min(to, len(line)); i++ {
		if line[i] != ' ' {
			return false
		}
	}
	return true
}

func (m *timerMap) line(r *row) string {
	var b strings.Builder
	b.WriteString(" " + m.styles.Dim.String(look.Pad(m.styles.Glyphs.Cut(r.label, labelWidth), labelWidth)))
	for i := 0; i < len(r.cells); {
		to := i
		var run strings.Builder
		for to < len(r.cells) && r.cells[to].paint == r.cells[i].paint {
			run.WriteString(r.cells[to].glyph)
			to++
		}
		b.WriteString(r.cells[i].paint.String(run.String()))
		i = to
	}
	b.WriteString("  ")
	b.WriteString(r.paint.String(m.styles.Glyphs.Cut(r.text, m.w-labelWidth-m.axis-3)))
	return b.String()
}
