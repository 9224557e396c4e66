// Package describe words all that is known of one connection: the text of the screen's detail.
//
// It owns the order of what is said, from the state and the chart of the beats to the request that opened the connection,
// and how the two sides of a proxied connection stand beside each other. It gets a model.Detail, a time and a width, and
// returns lines of at most that width; where they are scrolled to is the page's.
//
// It keeps nothing and asks for nothing, so a drawing of the same detail at the same time is the same. The pages that show a
// detail call it on the goroutine of the screen.
package describe

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holter/model"
	"holter/tui/chart"
	"holter/tui/look"
	"holter/tui/paths"
)

// labelWidth is the cells for the names of the figures.
const labelWidth = 13

// Text is what a detail says of one connection.
type Text struct {
	Styles *look.Styles
	Width  int
	Height int // that is seen at once
	Now    time.Time
	Of     *model.Detail
	Past   []model.Detail // earlier connections of the client
	Beats  int            // shown in the chart
	Note   string         // what has happened to what is shown
	Route  *model.Path    // of the connection, nil if it is not known

	ecg   *chart.ECG // nil for one on an axis of its own
	lines []string
}

// Lines is the whole text, what matters most first.
func (t *Text) Lines() []string {
	t.lines = nil
	if t.Note != "" {
		t.paragraph(t.Styles.Strong, t.Note)
	}
	t.state()
	t.watch()
	t.machine()
	t.timers()
	t.history()
	t.peer()
	t.header()
	return t.lines
}

// chart is the newest beats, in two fifths of what is seen at once.
func (t *Text) chart() {
	if len(t.Of.Samples) == 0 {
		return
	}
	if t.ecg == nil {
		t.ecg = t.electrocardiogram(t.Of)
	}
	h := min(max(t.Height*2/5, min(6, t.Height-4), 4), mostChart)
	t.lines = append(t.lines, t.ecg.Lines(t.Width, h, t.Styles)...)
}

// electrocardiogram is that of a connection or of one side of it.
func (t *Text) electrocardiogram(d *model.Detail) *chart.ECG {
	return &chart.ECG{Samples: d.Samples, Beats: t.Beats, Interval: d.Interval, Timeout: d.Timeout,
		Begin: begin(d), End: d.Ended(t.Now), Over: !d.Open()}
}

// begin is since when the beats of a connection are known: since it was opened, unless the first ones are forgotten.
func begin(d *model.Detail) time.Time {
	if len(d.Samples) == 0 || d.Samples[0].At.IsZero() {
		return d.Opened
	}
	if before := d.Samples[0].At.Add(-d.Interval); before.After(d.Opened) {
		return before
	}
	return d.Opened
}

// mostChart is the most lines of a chart: ten of its plot.
const mostChart = 12

// timeline is the states of the client's connections, from the first one that this detail has shown.
func (t *Text) timeline() {
	var stays []chart.Stay
	from := t.Of.Opened
	for i := range t.Past {
		stays = append(stays, chart.Stays(&t.Past[i], t.Now)...)
		from = minTime(from, t.Past[i].Opened)
	}
	stays = append(stays, chart.Stays(t.Of, t.Now)...)
	end := t.Of.Ended(t.Now)
	label := " " + look.Span(end.Sub(from)) + " "
	line := chart.Timeline(stays, from, end, t.Width-labelWidth-1-look.Width(label), t.Styles)
	t.lines = append(t.lines, t.Styles.Dim.String(look.Pad(" state", labelWidth))+" "+line+t.Styles.Dim.String(label))
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// machine is the state machine with the way to the present state.
func (t *Text) machine() {
	t.lines = append(t.lines, chart.Machine(t.Of, t.Now, t.Width, t.Styles)...)
	t.gap()
}

// timers is the timer map of the path, once something is known of it.
func (t *Text) timers() {
	p := t.Route
	known := func(l model.Limit) bool { return l.From != model.LimitUsual }
	if p == nil || len(p.Clocks)+len(p.Warnings) == 0 && !slices.ContainsFunc(p.Limits, known) {
		return
	}
	t.lines = append(t.lines, " "+t.Styles.Title.String(t.Styles.Glyphs.Cut("Timers of "+t.Styles.Glyphs.Plain(paths.Name(p)), t.Width-2)))
	t.lines = append(t.lines, paths.Lines(p, t.Width, mostTimers, t.Styles)...)
	t.gap()
}

// mostTimers is the most lines of the timer map.
const mostTimers = 12

func (t *Text) state() {
	c := &t.Of.Connection
	t.paragraph(t.Styles.States[look.Tone(c)], t.stood(c))
	if !c.Faults.None() {
		t.paragraph(t.Styles.Alarm, t.Styles.Glyphs.Badge(c.Faults)+"on purpose")
	}
	if cause := c.Diagnosis.Cause; cause != "" {
		t.paragraph(t.Styles.Strong, strings.TrimSpace(string(cause)+": "+c.Diagnosis.Detail))
	}
	if c.Late > 0 {
		t.paragraph(t.Styles.Strong, strings.TrimSpace(touched(c.Late)))
	}
	if c.Close != nil {
		t.paragraph(look.Paint{}, "closed at "+look.Clock(c.Close.At)+" with "+look.Ending(c.Close))
		if len(t.Of.Legs) != 2 { // each leg says so for itself
			t.parted(c, "the client", "the application")
		}
	}
}

// touched marks a judgement for which holter gathered the evidence while it was late itself.
func touched(late time.Duration) string {
	if late == 0 {
		return ""
	}
	return fmt.Sprintf(" (holter was late by %s itself)", look.Silence(late))
}

// parted says which end closed first, and what the other did then.
func (t *Text) parted(c *model.Connection, peer, app string) {
	if c.Close == nil {
		return
	}
	if words := c.Close.Parting.Words(peer, app); words != "" {
		t.paragraph(look.Paint{}, words)
	}
}

func (t *Text) peer() {
	c := &t.Of.Connection
	t.field("client", c.Client)
	t.field("remote", model.Address(c.Remote))
	t.field("path", c.Path)
	t.field("user agent", c.UserAgent)
	t.field("subprotocol", c.Subprotocol)
	if !c.Expires.IsZero() {
		t.field("token", t.token())
	}
	t.field("opened", fmt.Sprintf("%s, %s old", look.Clock(c.Opened), look.Span(c.Age(t.Now))))
}

// token says when the client's token expires.
func (t *Text) token() string {
	c := &t.Of.Connection
	switch left := c.Expires.Sub(t.Now); {
	case !c.Open():
		return "expires at " + look.Clock(c.Expires)
	case left <= 0:
		return "expired at " + look.Clock(c.Expires)
	default:
		return fmt.Sprintf("expires at %s, in %s", look.Clock(c.Expires), look.Span(left))
	}
}

func (t *Text) heartbeat() {
	c := &t.Of.Connection
	t.field("rtt", t.roundTrips())
	t.field("timeout", fmt.Sprintf("%s   interval %s", look.Seconds(c.Timeout), look.Interval(c.Interval)))
	if c.Open() {
		t.field("silence", fmt.Sprintf("%s   without data %s", look.Silence(c.Silence), look.Silence(c.DataSilence)))
	}
	t.field("beats", fmt.Sprintf("%d sent   %d answered   %d from the peer", c.PingsSent, c.PongsReceived, c.PingsReceived))
	t.field("unanswered", t.unanswered())
}

// roundTrips are the newest one, their mean, and the longest of those that are kept. The deviation in the model is no spread,
// but what the timeout is made of, and how is the detector's.
func (t *Text) roundTrips() string {
	c := &t.Of.Connection
	text := look.Brief(c.RTT)
	if c.RTTMean > 0 {
		text += "   mean " + look.Brief(c.RTTMean)
	}
	longest, n := time.Duration(0), 0
	for i := range t.Of.Samples {
		if rtt := t.Of.Samples[i].RTT; rtt > 0 {
			longest, n = max(longest, rtt), n+1
		}
	}
	if n > 1 {
		text += fmt.Sprintf("   longest of the last %d: %s", n, look.Brief(longest))
	}
	return text
}

// unanswered is how many of holter's pings had no answer, in all and in a row now. A newest ping that may still be answered
// in time does not count.
func (t *Text) unanswered() string {
	c, e := &t.Of.Connection, &t.Of.Evidence
	all, row := int64(c.PingsSent-c.PongsReceived), e.Unanswered
	if row == 1 && e.PingAge < c.Timeout {
		all, row = all-1, 0
	}
	if all <= 0 {
		return ""
	}
	text := fmt.Sprintf("%d in all", all)
	if row == 0 {
		return text
	}
	text += fmt.Sprintf("   %d in a row now", row)
	if e.Probes > 0 {
		text += fmt.Sprintf(", %d of them probes", e.Probes)
	}
	return text + ", the oldest for " + look.Silence(e.PingAge)
}

// evidence is the rest of what the diagnosis rests on. Evidence that says nothing is left out.
func (t *Text) evidence() {
	e := &t.Of.Evidence
	var words []string
	say := func(worth bool, format string, args ...any) {
		if worth {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	say(e.Unread, "bytes wait unread in our socket")
	say(e.PeerInterval > 0, "the peer beats every %s", look.Seconds(e.PeerInterval))
	say(e.LateAnswer > 0, "an answer came after %s", look.Seconds(e.LateAnswer))
	say(e.Late > 0, "holter was late by %s", look.Brief(e.Late))
	say(e.Kernel.Missing != model.MissingNothing, "%s", e.Kernel.Missing.Words())
	say(e.Kernel.Lacks != 0, "this kernel does not tell %s", strings.ReplaceAll(strings.Join(e.Kernel.Lacks.Names(), ", "), "_", " "))
	s, b := &e.Stream, &e.Backlog
	say(s.Usual > 0, "data usually pauses for %s, for %s at most", look.Brief(s.Usual), look.Brief(s.Longest))
	say(s.Quiet > 0, "no data for %s", look.Silence(s.Quiet))
	say(s.Others > 0, "%d of %d other streams on the path flow", s.Flowing, s.Others)
	say(b.Incoming > 0, "a message of %sB comes in", look.Amount(float64(b.Incoming)))
	say(b.Taking, "the peer takes %sB that wait for it", look.Amount(float64(b.Queued)))
	t.field("evidence", strings.Join(words, ", "))
}

func (t *Text) traffic() {
	c := &t.Of.Connection
	t.field("in", fmt.Sprintf("%d frames   %sB", c.FramesIn, look.Amount(float64(c.BytesIn))))
	t.field("out", fmt.Sprintf("%d frames   %sB", c.FramesOut, look.Amount(float64(c.BytesOut))))
}

// history is the changes of state, the newest first.
func (t *Text) history() {
	for i := len(t.Of.Transitions) - 1; i >= 0; i-- {
		tr := &t.Of.Transitions[i]
		text := fmt.Sprintf("%s %s %s", tr.From, t.Styles.Glyphs.Arrow, tr.To)
		if len(t.Of.Legs) == 2 {
			text = look.Pad(tr.Side.String(), 10) + text
		}
		if tr.Diagnosis.Cause != "" {
			text += "   " + string(tr.Diagnosis.Cause)
		}
		if tr.Diagnosis.Detail != "" {
			text += ": " + tr.Diagnosis.Detail
		}
		text += touched(tr.Late)
		t.field(look.Clock(tr.At), text)
	}
	if len(t.Of.Transitions) > 0 {
		t.gap()
	}
}

// header is the request that opened the connection.
func (t *Text) header() {
	if len(t.Of.Header) == 0 {
		return
	}
	t.gap()
	t.lines = append(t.lines, " "+t.Styles.Title.String("Handshake"))
	for _, f := range t.Of.Header {
		t.paragraph(look.Paint{}, f.Name+": "+f.Value)
	}
}

// field is a name and what belongs to it, which may take several lines. One without text is left
// out.
func (t *Text) field(name, text string) {
	if text == "" {
		return
	}
	for i, line := range look.Wrap(t.Styles.Glyphs.Plain(text), t.Width-labelWidth-1) {
		label := look.Pad("", labelWidth)
		if i == 0 {
			label = look.Pad(" "+name, labelWidth)
		}
		t.lines = append(t.lines, t.Styles.Dim.String(label)+" "+line)
	}
}

// paragraph is prose over the whole width.
func (t *Text) paragraph(paint look.Paint, text string) {
	for _, line := range look.Wrap(t.Styles.Glyphs.Plain(text), t.Width-1) {
		t.lines = append(t.lines, " "+paint.String(line))
	}
}

func (t *Text) gap() { t.lines = append(t.lines, "") }
