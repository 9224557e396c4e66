package tui

import (
	"fmt"
	"strings"
	"time"

	"holter/model"
)

// labelWidth is the column that the names of the figures stand in.
const labelWidth = 13

// lastSamples is how many of the newest beats are told one by one.
const lastSamples = 16

// detailText renders a connection's detail, a line or a paragraph at a time.
type detailText struct {
	styles *styles
	width  int
	now    time.Time
	d      *model.Detail
	lines  []string
}

// render is the whole text, what matters most first.
func (t *detailText) render() []string {
	t.state()
	t.peer()
	t.heartbeat()
	t.traffic()
	t.beats()
	t.history()
	return t.lines
}

func (t *detailText) state() {
	c := &t.d.Connection
	look := t.styles.states[min(c.State, model.Away)]
	since := fmt.Sprintf("%s %s for %s, since %s", t.styles.glyphs.states[min(c.State, model.Away)], c.State,
		silence(t.now.Sub(c.Since)), clock(c.Since))
	t.paragraph(look, since)
	if cause := c.Diagnosis.Cause; cause != "" {
		t.paragraph(t.styles.strong, strings.TrimSpace(string(cause)+": "+c.Diagnosis.Detail))
	}
	if c.Close != nil {
		t.paragraph(paint{}, "closed at "+clock(c.Close.At)+" with "+ending(c.Close))
	}
	t.gap()
}

func (t *detailText) peer() {
	c := &t.d.Connection
	t.field("remote", c.Remote.String())
	t.field("path", c.Path)
	t.field("user agent", c.UserAgent)
	t.field("subprotocol", c.Subprotocol)
	t.field("opened", fmt.Sprintf("%s, %s old", clock(c.Opened), span(c.Age(t.now))))
	t.gap()
}

func (t *detailText) heartbeat() {
	c := &t.d.Connection
	rtt := brief(c.RTT)
	if c.RTTMean > 0 {
		rtt += fmt.Sprintf("   mean %s %s %s", brief(c.RTTMean), t.styles.glyphs.plusMinus, brief(c.RTTDev))
	}
	t.field("rtt", rtt)
	t.field("timeout", fmt.Sprintf("%s   interval %s", seconds(c.Timeout), interval(c.Interval)))
	if c.Open() {
		t.field("silence", fmt.Sprintf("%s   without data %s   beats missed %d", silence(c.Silence), silence(c.DataSilence), c.Missed))
	}
	t.field("beats", fmt.Sprintf("%d sent   %d answered   %d from the peer", c.PingsSent, c.PongsReceived, c.PingsReceived))
}

func (t *detailText) traffic() {
	c := &t.d.Connection
	t.field("in", fmt.Sprintf("%d frames   %sB", c.FramesIn, amount(float64(c.BytesIn))))
	t.field("out", fmt.Sprintf("%d frames   %sB", c.FramesOut, amount(float64(c.BytesOut))))
}

// beats are the newest samples, the newest one last, as far as there are any.
func (t *detailText) beats() {
	samples := t.d.Samples
	if len(samples) == 0 {
		return
	}
	samples = samples[max(0, len(samples)-lastSamples):]
	words := make([]string, len(samples))
	for i, s := range samples {
		words[i] = brief(s.RTT)
		if s.Missed {
			words[i] = t.styles.glyphs.lost
		}
	}
	t.field("last beats", strings.Join(words, " "))
}

// history is the changes of state, the newest first.
func (t *detailText) history() {
	if len(t.d.Transitions) == 0 {
		return
	}
	t.gap()
	for i := len(t.d.Transitions) - 1; i >= 0; i-- {
		tr := &t.d.Transitions[i]
		text := fmt.Sprintf("%s %s %s", tr.From, t.styles.glyphs.arrow, tr.To)
		if tr.Diagnosis.Cause != "" {
			text += "   " + string(tr.Diagnosis.Cause)
		}
		if tr.Diagnosis.Detail != "" {
			text += ": " + tr.Diagnosis.Detail
		}
		t.field(clock(tr.At), text)
	}
}

// field is a name and what belongs to it, which may take several lines. One without text is left
// out.
func (t *detailText) field(name, text string) {
	if text == "" {
		return
	}
	for i, line := range wrap(t.styles.glyphs.plain(text), t.width-labelWidth-1) {
		label := pad("", labelWidth)
		if i == 0 {
			label = pad(" "+name, labelWidth)
		}
		t.lines = append(t.lines, t.styles.dim.String(label)+" "+line)
	}
}

// paragraph is prose over the whole width.
func (t *detailText) paragraph(look paint, text string) {
	for _, line := range wrap(t.styles.glyphs.plain(text), t.width-1) {
		t.lines = append(t.lines, " "+look.String(line))
	}
}

func (t *detailText) gap() { t.lines = append(t.lines, "") }

// clock is a time of day on the reader's clock.
func clock(t time.Time) string { return t.Local().Format("15:04:05") }
