package tui

import "holter/model"

// gaugeWidth is the least width of the silence column that has room for a gauge beside the figure.
const gaugeWidth = 14

// sentenceWidth is the least width of the last column in which a sentence is worth beginning.
const sentenceWidth = 40

// connectionColumns are the columns of the table of connections, from left to right.
func connectionColumns() []column {
	return []column{
		{title: "STATE", sort: model.SortState, letter: "s", inverse: true, min: 9, want: 9, loud: true,
			text: func(t *table, c *model.Connection, _ int) string {
				state := min(c.State, model.Away)
				return t.styles.glyphs.states[state] + " " + state.String()
			}},
		{title: "CLIENT", sort: model.SortClient, letter: "c", min: 12, want: 24,
			text: func(t *table, c *model.Connection, w int) string {
				return t.styles.glyphs.cut(t.styles.glyphs.plain(c.Client), w)
			}},
		{title: "GEN", sort: model.SortGeneration, letter: "g", descending: true, min: 4, extra: true, right: true,
			text: func(_ *table, c *model.Connection, _ int) string {
				return count(c.Generation)
			}},
		{title: "REMOTE", sort: model.SortRemote, letter: "m", min: 21, extra: true,
			text: func(t *table, c *model.Connection, w int) string {
				return t.styles.glyphs.cutLeft(c.Remote.String(), w)
			}},
		{title: "AGE", sort: model.SortAge, letter: "a", descending: true, min: 6, extra: true, right: true,
			text: func(t *table, c *model.Connection, _ int) string {
				return span(c.Age(t.now))
			}},
		{title: "RTT", sort: model.SortRTT, letter: "r", descending: true, min: 7, want: 7, right: true,
			text: func(_ *table, c *model.Connection, _ int) string { return brief(c.RTT) }},
		{title: "TIMEOUT", sort: model.SortTimeout, letter: "t", descending: true, min: 8, want: 8, right: true,
			text: func(_ *table, c *model.Connection, _ int) string { return seconds(c.Timeout) }},
		{title: "SILENCE", sort: model.SortSilence, letter: "i", descending: true, min: 8, want: 17, right: true, loud: true,
			text: silenceText},
		{title: "WHY", sort: model.SortCause, letter: "w", min: 10, want: 15, loud: true, text: whyText},
	}
}

// silenceText is the silence of an open connection, and where there is room a gauge that is full
// when a beat must have gone unanswered for the timeout: the moment of suspicion.
func silenceText(t *table, c *model.Connection, w int) string {
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

// whyText is the cause, with the sentence behind it where there is room, or who ended the connection
// and how.
func whyText(t *table, c *model.Connection, w int) string {
	text := string(c.Diagnosis.Cause)
	if c.State == model.Closed && c.Close != nil {
		text = c.Close.By.String() + " " + closeCode(c.Close.Code, c.Close.Reason)
	} else if detail := c.Diagnosis.Detail; detail != "" && w >= sentenceWidth {
		text += "  " + detail
	}
	g := &t.styles.glyphs
	return g.cut(g.plain(text), w)
}
