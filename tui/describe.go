package tui

import (
	"fmt"
	"strings"
	"time"

	"holter/model"
	"holter/tui/chart"
	"holter/tui/look"
)

// labelWidth is the cells for the names of the figures.
const labelWidth = 13

// detailText renders a connection's detail, a line or a paragraph at a time.
type detailText struct {
	styles *look.Styles
	width  int
	height int // that is seen at once
	now    time.Time
	d      *model.Detail
	past   []model.Detail // earlier connections of the client
	beats  int            // shown in the chart
	lines  []string
}

// render is the whole text, what matters most first.
func (t *detailText) render() []string {
	t.state()
	t.watch()
	t.machine()
	t.history()
	t.peer()
	t.header()
	return t.lines
}

// chart is the round trips of the newest beats.
func (t *detailText) chart() {
	samples := t.d.Samples
	if len(samples) == 0 {
		return
	}
	samples = samples[max(0, len(samples)-t.beats):]
	h := min(max(t.height/3, 4), 14)
	t.lines = append(t.lines, chart.RTT(samples, t.width, h, t.styles)...)
}

// timeline is the states of the client's connections, from the first one that this detail has shown.
func (t *detailText) timeline() {
	var stays []chart.Stay
	from := t.d.Opened
	for i := range t.past {
		stays = append(stays, chart.Stays(&t.past[i], t.now)...)
		from = minTime(from, t.past[i].Opened)
	}
	stays = append(stays, chart.Stays(t.d, t.now)...)
	end := t.d.Ended(t.now)
	label := " " + look.Span(end.Sub(from)) + " "
	line := chart.Timeline(stays, from, end, t.width-labelWidth-1-look.Width(label), t.styles)
	t.lines = append(t.lines, t.styles.Dim.String(look.Pad(" state", labelWidth))+" "+line+t.styles.Dim.String(label))
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// machine is the state machine with the way to the present state.
func (t *detailText) machine() {
	t.lines = append(t.lines, chart.Machine(t.d, t.now, t.width, t.styles)...)
	t.gap()
}

func (t *detailText) state() {
	c := &t.d.Connection
	paint := t.styles.States[min(c.State, model.Unknown)]
	t.paragraph(paint, t.stood(c))
	if !c.Faults.None() {
		t.paragraph(t.styles.Alarm, badge(t.styles, c)+"on purpose")
	}
	if cause := c.Diagnosis.Cause; cause != "" {
		t.paragraph(t.styles.Strong, strings.TrimSpace(string(cause)+": "+c.Diagnosis.Detail))
	}
	if c.Close != nil {
		t.paragraph(look.Paint{}, "closed at "+look.Clock(c.Close.At)+" with "+look.Ending(c.Close))
	}
}

func (t *detailText) peer() {
	c := &t.d.Connection
	t.field("remote", model.Address(c.Remote))
	t.field("path", c.Path)
	t.field("user agent", c.UserAgent)
	t.field("subprotocol", c.Subprotocol)
	t.field("opened", fmt.Sprintf("%s, %s old", look.Clock(c.Opened), look.Span(c.Age(t.now))))
}

func (t *detailText) heartbeat() {
	c := &t.d.Connection
	rtt := look.Brief(c.RTT)
	if c.RTTMean > 0 {
		rtt += "   mean " + look.Brief(c.RTTMean)
	}
	if c.RTTMean > 0 && c.RTTDev > 0 {
		rtt += fmt.Sprintf(" %s %s", t.styles.Glyphs.PlusMinus, look.Brief(c.RTTDev))
	}
	t.field("rtt", rtt)
	t.field("timeout", fmt.Sprintf("%s   interval %s", look.Seconds(c.Timeout), look.Interval(c.Interval)))
	if c.Open() {
		t.field("silence", fmt.Sprintf("%s   without data %s", look.Silence(c.Silence), look.Silence(c.DataSilence)))
	}
	t.field("beats", fmt.Sprintf("%d sent   %d answered   %d from the peer", c.PingsSent, c.PongsReceived, c.PingsReceived))
	t.field("unanswered", t.unanswered())
}

// unanswered is how many of holter's pings had no answer, in all and in a row now. A newest ping that may still be answered
// in time does not count.
func (t *detailText) unanswered() string {
	c, e := &t.d.Connection, &t.d.Evidence
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
func (t *detailText) evidence() {
	e := &t.d.Evidence
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
	t.field("evidence", strings.Join(words, ", "))
}

func (t *detailText) traffic() {
	c := &t.d.Connection
	t.field("in", fmt.Sprintf("%d frames   %sB", c.FramesIn, look.Amount(float64(c.BytesIn))))
	t.field("out", fmt.Sprintf("%d frames   %sB", c.FramesOut, look.Amount(float64(c.BytesOut))))
}

// history is the changes of state, the newest first.
func (t *detailText) history() {
	for i := len(t.d.Transitions) - 1; i >= 0; i-- {
		tr := &t.d.Transitions[i]
		text := fmt.Sprintf("%s %s %s", tr.From, t.styles.Glyphs.Arrow, tr.To)
		if len(t.d.Legs) == 2 {
			text = look.Pad(tr.Side.String(), 10) + text
		}
		if tr.Diagnosis.Cause != "" {
			text += "   " + string(tr.Diagnosis.Cause)
		}
		if tr.Diagnosis.Detail != "" {
			text += ": " + tr.Diagnosis.Detail
		}
		t.field(look.Clock(tr.At), text)
	}
	if len(t.d.Transitions) > 0 {
		t.gap()
	}
}

// header is the request that opened the connection.
func (t *detailText) header() {
	if len(t.d.Header) == 0 {
		return
	}
	t.gap()
	t.lines = append(t.lines, " "+t.styles.Title.String("Handshake"))
	for _, f := range t.d.Header {
		t.paragraph(look.Paint{}, f.Name+": "+f.Value)
	}
}

// field is a name and what belongs to it, which may take several lines. One without text is left
// out.
func (t *detailText) field(name, text string) {
	if text == "" {
		return
	}
	for i, line := range look.Wrap(t.styles.Glyphs.Plain(text), t.width-labelWidth-1) {
		label := look.Pad("", labelWidth)
		if i == 0 {
			label = look.Pad(" "+name, labelWidth)
		}
		t.lines = append(t.lines, t.styles.Dim.String(label)+" "+line)
	}
}

// paragraph is prose over the whole width.
func (t *detailText) paragraph(paint look.Paint, text string) {
	for _, line := range look.Wrap(t.styles.Glyphs.Plain(text), t.width-1) {
		t.lines = append(t.lines, " "+paint.String(line))
	}
}

func (t *detailText) gap() { t.lines = append(t.lines, "") }
