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

// gaugeWidth is the least width of the silence column that has room for a gauge beside the figure.
const gaugeWidth = 14

// whyWidth has room for every cause with what it means, also about the upstream.
const whyWidth = 36

// causeHelp is what each of model.Causes means, for tables in which its sentence does not fit.
var causeHelp = map[model.Cause]string{
	model.CauseUnknown:       "nothing comes in",
	model.CauseHostBusy:      "holter itself was late",
	model.CauseNoPong:        "data comes, pongs do not",
	model.CauseJitter:        "an answer came late",
	model.CauseFramesLost:    "not WebSocket frames",
	model.CauseBackpressure:  "peer takes nothing",
	model.CauseAppNotReading: "bytes lie unread",
	model.CausePathDown:      "pings not acknowledged",
	model.CausePingHostile:   "hung up on a ping",
	model.CausePeerStalled:   "gets pings, no pong",
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
		{Title: "STATE", Sort: filter.SortState, Letter: "s", Inverse: true, Min: 9, Want: 9, Loud: true, Text: t.state},
		{Title: "CLIENT", Sort: filter.SortClient, Letter: "c", Min: 12, Want: 20, Text: t.client},
		{Title: "GEN", Sort: filter.SortGeneration, Letter: "g", Descending: true, Min: 4, Rank: widget.Third, Right: true,
			Text: func(c *row, _ int) string { return look.Count(c.Generation) }},
		{Title: "REMOTE", Sort: filter.SortRemote, Letter: "m", Min: 21, Rank: widget.Third, Text: t.remote},
		{Title: "AGE", Sort: filter.SortAge, Letter: "a", Descending: true, Min: 6, Rank: widget.Third, Right: true,
			Text: func(c *row, _ int) string { return look.Span(c.Age(t.now())) }},
		{Title: "RTT", Sort: filter.SortRTT, Letter: "r", Descending: true, Min: 7, Want: 7, Right: true,
			Text: func(c *row, _ int) string { return look.Brief(c.RTT) }},
		{Title: "BEATS", Min: 8, Want: 12, Rank: widget.Second, Text: t.beats, Vivid: t.vividBeats},
		{Title: "TIMEOUT", Sort: filter.SortTimeout, Letter: "t", Descending: true, Min: 8, Want: 8, Right: true,
			Text: func(c *row, _ int) string { return look.Seconds(c.Timeout) }},
		{Title: "SILENCE", Sort: filter.SortSilence, Letter: "i", Descending: true, Min: 8, Want: 16, Right: true, Loud: true,
			Text: t.silence},
		{Title: "IN/S", Sort: sortTrafficIn, Letter: "d", Descending: true, Min: 6, Rank: widget.Third, Right: true,
			Text: func(c *row, _ int) string { return look.Amount(t.traffic(c).In) }},
		{Title: "OUT/S", Sort: sortTrafficOut, Letter: "u", Descending: true, Min: 7, Rank: widget.Third, Right: true,
			Text: func(c *row, _ int) string { return look.Amount(t.traffic(c).Out) }},
		{Title: "WHY", Sort: filter.SortCause, Letter: "w", Min: 9, Want: 12, Ample: whyWidth, Loud: true, Text: t.why},
	}
}

func (t *rowText) state(c *model.Connection, _ int) string {
	state := min(c.State, model.Unknown)
	return t.page.styles.Glyphs.States[state] + " " + state.String()
}

func (t *rowText) client(c *model.Connection, w int) string {
	g := &t.page.styles.Glyphs
	return g.Cut(g.Plain(c.Client), w)
}

func (t *rowText) remote(c *model.Connection, w int) string {
	return t.page.styles.Glyphs.CutLeft(t.page.styles.Glyphs.Plain(model.Address(c.Remote)), w)
}

func (t *rowText) traffic(c *model.Connection) traffic.Flow {
	return traffic.Of(t.page.picture.readings, c.ID)
}

// silence is the silence of an open connection, and where there is room a gauge that is full
// when a beat must have gone unanswered for the timeout: the moment of suspicion.
func (t *rowText) silence(c *model.Connection, w int) string {
	if !c.Open() {
		return look.None
	}
	figure := look.Silence(c.Silence)
	limit := c.Interval + c.Timeout
	if w < gaugeWidth || limit <= 0 {
		return figure
	}
	const figureWidth = 7
	share := float64(c.Silence) / float64(limit)
	return chart.Gauge(share, w-figureWidth, &t.page.styles.Glyphs) + look.PadLeft(figure, figureWidth)
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
	if c.State == model.Closed && c.Close != nil {
		text += t.ending(c.Close, w-look.Width(text))
	} else {
		text += t.reason(&c.Diagnosis, w-look.Width(text))
	}
	return mark + g.Cut(text, w)
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

// reason is a cause and the longest explanation of it that fits whole: cut ones end before the point.
func (t *rowText) reason(d *model.Diagnosis, w int) string {
	g := &t.page.styles.Glyphs
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
