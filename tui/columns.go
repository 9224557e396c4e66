package tui

import (
	"time"

	"holter/model"
)

// gaugeWidth is the least width of the silence column that has room for a gauge beside the figure.
const gaugeWidth = 14

// sentenceWidth is the least width of the last column in which a sentence is worth beginning.
const sentenceWidth = 40

// rowText writes the cells of the table of connections.
type rowText struct {
	styles *styles
	page   *connections
}

func (t *rowText) now() time.Time { return t.page.now() }

// connectionColumns are the columns of the table of connections, from left to right.
func connectionColumns(t *rowText) []column[model.Connection] {
	type row = model.Connection
	return []column[row]{
		{title: "STATE", sort: model.SortState, letter: "s", inverse: true, min: 9, want: 9, loud: true, text: t.state},
		{title: "CLIENT", sort: model.SortClient, letter: "c", min: 12, want: 20, text: t.client},
		{title: "GEN", sort: model.SortGeneration, letter: "g", descending: true, min: 4, rank: rankThird, right: true,
			text: func(c *row, _ int) string { return count(c.Generation) }},
		{title: "REMOTE", sort: model.SortRemote, letter: "m", min: 21, rank: rankThird, text: t.remote},
		{title: "AGE", sort: model.SortAge, letter: "a", descending: true, min: 6, rank: rankThird, right: true,
			text: func(c *row, _ int) string { return span(c.Age(t.now())) }},
		{title: "RTT", sort: model.SortRTT, letter: "r", descending: true, min: 7, want: 7, right: true,
			text: func(c *row, _ int) string { return brief(c.RTT) }},
		{title: "BEATS", min: 8, want: 12, rank: rankSecond, text: t.beats, vivid: t.vividBeats},
		{title: "TIMEOUT", sort: model.SortTimeout, letter: "t", descending: true, min: 8, want: 8, right: true,
			text: func(c *row, _ int) string { return seconds(c.Timeout) }},
		{title: "SILENCE", sort: model.SortSilence, letter: "i", descending: true, min: 8, want: 16, right: true, loud: true,
			text: t.silence},
		{title: "IN/S", sort: sortTrafficIn, letter: "d", descending: true, min: 6, rank: rankThird, right: true,
			text: func(c *row, _ int) string { return amount(t.traffic(c).in) }},
		{title: "OUT/S", sort: sortTrafficOut, letter: "u", descending: true, min: 7, rank: rankThird, right: true,
			text: func(c *row, _ int) string { return amount(t.traffic(c).out) }},
		{title: "WHY", sort: model.SortCause, letter: "w", min: 10, want: 12, loud: true, text: t.why},
	}
}

func (t *rowText) state(c *model.Connection, _ int) string {
	state := min(c.State, model.Away)
	return t.styles.glyphs.states[state] + " " + state.String()
}

func (t *rowText) client(c *model.Connection, w int) string {
	g := &t.styles.glyphs
	return g.cut(g.plain(c.Client), w)
}

func (t *rowText) remote(c *model.Connection, w int) string {
	return t.styles.glyphs.cutLeft(t.styles.glyphs.plain(model.Address(c.Remote)), w)
}

func (t *rowText) traffic(c *model.Connection) traffic {
	return trafficOf(t.page.picture.readings, c.ID)
}

// silence is the silence of an open connection, and where there is room a gauge that is full
// when a beat must have gone unanswered for the timeout: the moment of suspicion.
func (t *rowText) silence(c *model.Connection, w int) string {
	if !c.Open() {
		return none
	}
	figure := silence(c.Silence)
	limit := c.Interval + c.Timeout
	if w < gaugeWidth || limit <= 0 {
		return figure
	}
	const figureWidth = 7
	share := float64(c.Silence) / float64(limit)
	return t.styles.glyphs.gauge(share, w-figureWidth) + padLeft(figure, figureWidth)
}

// why is the cause, with the sentence behind it where there is room, or who ended the connection
// and how, behind the faults that are on it. It has a mark where that is about the upstream's side of the proxy.
func (t *rowText) why(c *model.Connection, w int) string {
	text := string(c.Diagnosis.Cause)
	if c.State == model.Closed && c.Close != nil {
		text = c.Close.By.String() + " " + closeCode(c.Close.Code, c.Close.Reason)
	} else if detail := c.Diagnosis.Detail; detail != "" && w >= sentenceWidth {
		text += "  " + detail
	}
	g := &t.styles.glyphs
	text = t.styles.badge(c) + text
	if c.Side == model.UpstreamSide {
		return g.upstream + g.cut(" "+g.plain(text), w-width(g.upstream))
	}
	return g.cut(g.plain(text), w)
}

// beats are the newest beats.
func (t *rowText) beats(c *model.Connection, w int) string {
	return t.styles.glyphs.strip(c.Beats[:], t.page.zoom.per(), w)
}

func (t *rowText) vividBeats(c *model.Connection, w int) string {
	return t.styles.strip(c.Beats[:], t.page.zoom.per(), w)
}
