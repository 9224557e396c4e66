package tui

import (
	"strings"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/tui/chart"
	"holter/tui/look"
	"holter/tui/traffic"
	"holter/tui/widget"
)

// The silence column has a gauge left of the figure where there is room for one.
const (
	silenceWidth = 8 // of the figure
	gaugeWidth   = 7
)

// whyWidth has room for every cause with what it means, also about the upstream.
const whyWidth = 36

// causeHelp is what each of model.Causes and model.CohortCauses means, for tables in which its sentence does not fit.
var causeHelp = map[model.Cause]string{
	model.CauseUnknown:        "nothing comes in",
	model.CauseHostBusy:       "holter itself was late",
	model.CauseNoPong:         "data comes, pongs do not",
	model.CauseStreamStalled:  "data stopped",
	model.CausePageThrottled:  "tab is hidden",
	model.CauseJitter:         "an answer came late",
	model.CauseFramesLost:     "not WebSocket frames",
	model.CauseBackpressure:   "peer takes nothing",
	model.CauseAppNotReading:  "bytes lie unread",
	model.CausePingBehindData: "waits behind data",
	model.CausePathDown:       "pings not acknowledged",
	model.CausePingHostile:    "hung up on a ping",
	model.CausePeerStalled:    "gets pings, no pong",
	model.CauseIdleCut:        "cut after a silence",
	model.CauseAgeCut:         "cut at an age",
	model.CauseProxyReload:    "all of one address",
}

// rowText writes the cells of the table of connections.
type rowText struct {
	page *connections
}

func (t *rowText) now() time.Time { return t.page.now() }

// connectionColumns are the columns of the table of connections, from left to right.
func connectionColumns(t *rowText) []widget.Column[model.Connection] {
	type row = model.Connection
	return []widget.Column[row]{
		{Title: "STATE", Sort: filter.SortState, Letter: "s", Inverse: true, Min: 9, Want: 9, Text: t.state, Vivid: t.vividState},
		{Title: "CLIENT", Sort: filter.SortClient, Letter: "c", Min: 12, Want: 32, Ample: 64, Fits: true, Text: t.client},
		{Title: "GEN", Sort: filter.SortGeneration, Letter: "g", Descending: true, Min: 4, Rank: widget.Third, Right: true,
			Text: func(c *row, _ int) string { return look.Count(c.Generation) }},
		{Title: "REMOTE", Sort: filter.SortRemote, Letter: "m", Min: 21, Rank: widget.Third, Text: t.remote},
		{Title: "AGE", Sort: filter.SortAge, Letter: "a", Descending: true, Min: 6, Rank: widget.Third, Right: true,
			Text: func(c *row, _ int) string { return look.Span(c.Age(t.now())) }},
		{Title: "RTT", Sort: filter.SortRTT, Letter: "r", Descending: true, Min: 7, Want: 7, Right: true,
			Text: func(c *row, _ int) string { return look.Brief(c.RTT) }},
		{Title: "BEATS", Min: 8, Want: 12, Ample: 24, Rank: widget.Second, Text: t.beats, Vivid: t.vividBeats},
		{Title: "TIMEOUT", Sort: filter.SortTimeout, Letter: "t", Descending: true, Min: 8, Want: 8, Right: true,
			Text: func(c *row, _ int) string { return look.Seconds(c.Timeout) }},
		{Title: "SILENCE", Sort: filter.SortSilence, Letter: "i", Descending: true, Min: silenceWidth,
			Ample: gaugeWidth + silenceWidth, Right: true, Text: t.silence, Vivid: t.vividSilence},
		{Title: "IN/S", Sort: sortTrafficIn, Letter: "d", Descending: true, Min: 6, Rank: widget.Third, Right: true,
			Text: func(c *row, _ int) string { return look.Amount(t.traffic(c).In) }},
		{Title: "OUT/S", Sort: sortTrafficOut, Letter: "u", Descending: true, Min: 7, Rank: widget.Third, Right: true,
			Text: func(c *row, _ int) string { return look.Amount(t.traffic(c).Out) }},
		{Title: "WHY", Sort: filter.SortCause, Letter: "w", Min: 9, Want: 12, Ample: whyWidth, Text: t.why, Vivid: t.vividWhy},
	}
}

func (t *rowText) state(c *model.Connection, w int) string {
	g, state := &t.page.styles.Glyphs, min(c.State, model.Unknown)
	return g.Cut(g.States[state]+" "+state.String(), w)
}

func (t *rowText) vividState(c *model.Connection, w int) string {
	return vividState(t.page.styles, c.State, look.Tone(c), w)
}

// vividState is a state with its mark, as a row has it: the word is coloured only where it is news.
func vividState(s *look.Styles, state, tone model.State, w int) string {
	state = min(state, model.Unknown)
	mark, word := s.Glyphs.States[state], " "+state.String()
	word = look.Pad(s.Glyphs.Cut(word, w-look.Width(mark)), w-look.Width(mark))
	if tone == model.Normal {
		return s.States[tone].String(mark) + s.Dim.String(word)
	}
	return s.States[tone].String(mark + word)
}

func (t *rowText) client(c *model.Connection, w int) string {
	g := &t.page.styles.Glyphs
	return g.CutMiddle(g.Plain(c.Client), w)
}

func (t *rowText) remote(c *model.Connection, w int) string {
	return t.page.styles.Glyphs.CutLeft(t.page.styles.Glyphs.Plain(model.Address(c.Remote)), w)
}

func (t *rowText) traffic(c *model.Connection) traffic.Flow {
	return traffic.Of(t.page.picture.readings, c.ID)
}

// silence is the silence of an open connection. When a beat has waited for most of its timeout it is exact, and where there is
// room a gauge fills up to the moment of suspicion.
func (t *rowText) silence(c *model.Connection, w int) string {
	share := t.waited(c)
	switch {
	case !c.Open():
		return look.None
	case share < nearly:
		return t.calm(c)
	case w < gaugeWidth+silenceWidth:
		return look.Silence(c.Silence)
	}
	return chart.Gauge(share, gaugeWidth, &t.page.styles.Glyphs) + look.PadLeft(look.Silence(c.Silence), silenceWidth)
}

// vividSilence is quiet until it is near the limit, then amber, and red beyond it.
func (t *rowText) vividSilence(c *model.Connection, w int) string {
	s, paint := t.page.styles, look.Paint{}
	switch share := t.waited(c); {
	case share < nearly:
		paint = s.Dim
	case share < 1:
		paint = s.States[model.Suspect]
	default:
		paint = s.States[model.Failed]
	}
	return paint.String(look.PadLeft(t.silence(c, w), w))
}

// calm is a silence that is no news. It is the least time that would be some or, where that is long or nobody waits, the
// silence in coarse steps: rows that are well stand still.
func (t *rowText) calm(c *model.Connection) string {
	const step = 5 * time.Second
	limit := time.Duration(nearly * float64(c.Timeout))
	if t.page.picture.Monitor.Scheme.ServerBeats() {
		limit += c.Interval
	}
	if 0 < limit && limit <= 2*step {
		return "<" + look.Span(limit+time.Second-1)
	}
	if c.Silence < step {
		return "<" + look.Span(step)
	}
	return look.Span(c.Silence.Truncate(step))
}

// nearly is the share of its timeout from which a beat without an answer is worth a look.
const nearly = 2. / 3

// waited is how much of its timeout a beat has used up without an answer, from 1 on when it must have gone unanswered. Where
// holter sends no beats it is the share of the time that the peer may be silent.
func (t *rowText) waited(c *model.Connection) float64 {
	if c.Timeout <= 0 || !c.Open() {
		return 0
	}
	wait := c.Silence
	if t.page.picture.Monitor.Scheme.ServerBeats() {
		wait -= c.Interval
	}
	share := float64(wait) / float64(c.Timeout)
	if c.State.Trouble() && c.Silence >= c.Timeout {
		share = max(share, 1)
	}
	return share
}

// why is the cause with its sentence, or with a short meaning where the sentence does not fit. For a closed connection it
// is which end closed it and how. Faults come first, and a mark before all if it is about the upstream's side of a proxy.
func (t *rowText) why(c *model.Connection, w int) string {
	g := &t.page.styles.Glyphs
	mark := ""
	if c.Side == model.UpstreamSide {
		mark = g.Upstream + " "
	}
	w -= look.Width(mark)
	text := g.Plain(g.Badge(c.Faults))
	if c.State == model.Closed && c.Close != nil && !c.Diagnosis.Cause.ByCohort() {
		text += t.ending(c.Close, w-look.Width(text))
	} else {
		text += t.reason(c, w-look.Width(text))
	}
	return mark + g.Cut(text, w)
}

// vividWhy is in the colour of the state where something is wrong, and quiet about what is over.
func (t *rowText) vividWhy(c *model.Connection, w int) string {
	text := look.Pad(t.why(c, w), w)
	if tone := look.Tone(c); tone != model.Normal {
		return t.page.styles.States[tone].String(text)
	}
	if strings.TrimSpace(text) == "" {
		return text
	}
	return t.page.styles.Dim.String(text)
}

// ending says which end closed a connection and how. Where that does not fit, a code that was never sent and the beginning
// of its reason give way to what happened.
func (t *rowText) ending(c *model.Close, w int) string {
	g, by := &t.page.styles.Glyphs, c.By.String()+" "
	text := g.Plain(by + look.CloseCode(c.Code, c.Reason))
	if look.Width(text) <= w || c.By != model.ByNetwork || c.Reason == "" {
		return text
	}
	return g.Plain(by + strings.TrimSpace(c.Reason[strings.LastIndex(c.Reason, ": ")+1:]))
}

// reason is a cause and the longest explanation of it that fits whole: cut ones end before the point. Without a cause it is
// why a connection has not the colour of its state.
func (t *rowText) reason(c *model.Connection, w int) string {
	g, d := &t.page.styles.Glyphs, &c.Diagnosis
	if d.Cause == "" && look.Tone(c) != c.State {
		return "unanswered, but bytes come in"
	}
	cause := g.Plain(string(d.Cause))
	for _, words := range []string{d.Detail, causeHelp[d.Cause]} {
		if text := cause + "  " + g.Plain(words); words != "" && look.Width(text) <= w {
			return text
		}
	}
	return cause
}

// beats are the newest beats.
func (t *rowText) beats(c *model.Connection, w int) string {
	return chart.PlainStrip(c.Beats[:], t.page.zoom.per(), w, &t.page.styles.Glyphs)
}

func (t *rowText) vividBeats(c *model.Connection, w int) string {
	return chart.Strip(c.Beats[:], t.page.zoom.per(), w, t.page.styles)
}
