package tui

import "holter/model"

// arrangement is which connections are shown and in which order. Whatever was arranged by another
// serial is out of date.
type arrangement struct {
	serial     int
	filter     model.Filter
	key        model.SortKey
	descending bool
}

// picture is one snapshot as the screen draws it. Nothing in it changes once it is made, so that
// commands may read it beside the screen.
type picture struct {
	*model.Snapshot
	counts  model.Counts
	rows    []model.Connection // filtered and sorted copies
	matched int                // how many the filter chose: all rows, but while a filter is typed
	serial  int                // of the arrangement
}

// arrange filters and sorts a snapshot. It is meant for a command: with ten thousand connections it
// takes milliseconds.
func arrange(s *model.Snapshot, a arrangement) *picture {
	rows := make([]model.Connection, 0, len(s.Connections))
	for i := range s.Connections {
		if c := &s.Connections[i]; a.filter.Match(c, s.Time) {
			rows = append(rows, *c)
		}
	}
	model.Sort(rows, a.key, a.descending, s.Time)
	return &picture{Snapshot: s, counts: s.Count(), rows: rows, matched: len(rows), serial: a.serial}
}

// keeping is p with the rows of another picture.
func (p *picture) keeping(rows []model.Connection) *picture {
	kept := *p
	kept.rows = rows
	return &kept
}
