package chart

import (
	"math"
	"strings"
	"time"

	"holter/model"
	"holter/tui/look"
)

// Stay is the time that a connection was in a state.
type Stay struct {
	State    model.State
	From, To time.Time
	First    bool // of a connection: a new generation begins
}

// Stays are the states of a connection up to its end or now. What came before the oldest change that
// it remembers is left out if it has forgotten some.
func Stays(d *model.Detail, now time.Time) []Stay {
	end := d.Ended(now)
	stays := make([]Stay, 0, len(d.Transitions)+1)
	from, state := d.Opened, d.State
	if len(d.Transitions) > 0 {
		state = d.Transitions[0].From
	}
	if len(d.Transitions) == model.MaxTransitions {
		from = d.Transitions[0].At
	}
	for _, t := range d.Transitions {
		if t.At.After(from) {
			stays = append(stays, Stay{State: state, From: from, To: t.At})
		}
		from, state = t.At, t.To
	}
	if end.After(from) && state != model.Closed {
		stays = append(stays, Stay{State: state, From: from, To: end})
	}
	if len(stays) > 0 {
		stays[0].First = true
	}
	return stays
}

// Timeline draws stays between two times in w cells, each cell the worst state in it. It is blank where
// there was no connection, and has a notch where a new generation began right after the one before.
func Timeline(stays []Stay, from, to time.Time, w int, s *look.Styles) string {
	cells := make([]uint8, max(w, 0))
	for i := range stays {
		enter(cells, &stays[i], from, to)
	}
	g := &s.Glyphs
	signs := [...]string{cellEmpty: " ", cellNormal: g.Flow, cellNotch: g.Notch,
		cellSuspect: g.States[model.Suspect], cellFailed: g.States[model.Failed]}
	looks := [...]look.Paint{cellNormal: s.States[model.Normal], cellNotch: s.Dim,
		cellSuspect: s.States[model.Suspect], cellFailed: s.States[model.Failed]}
	var b strings.Builder
	b.Grow(3*len(cells) + 64)
	for i := 0; i < len(cells); {
		run := i
		for run < len(cells) && cells[run] == cells[i] {
			run++
		}
		looks[cells[i]].Write(&b, strings.Repeat(signs[cells[i]], run-i))
		i = run
	}
	return b.String()
}

// What a cell of a timeline shows, the worst last.
const (
	cellEmpty = iota
	cellNormal
	cellNotch
	cellSuspect
	cellFailed
)

// enter puts a stay into the cells that it touches.
func enter(cells []uint8, st *Stay, from, to time.Time) {
	if !st.To.After(from) || !st.From.Before(to) || len(cells) == 0 {
		return
	}
	place := func(t time.Time) float64 {
		return unit(float64(t.Sub(from))/float64(to.Sub(from))) * float64(len(cells))
	}
	shown := uint8(cellNormal)
	switch st.State {
	case model.Suspect:
		shown = cellSuspect
	case model.Failed:
		shown = cellFailed
	case model.Closed, model.Away, model.Flapping, model.Unknown:
		return
	}
	first := min(int(place(st.From)), len(cells)-1)
	last := max(first, int(math.Ceil(place(st.To)))-1)
	if st.First && st.From.After(from) && (cells[first] != cellEmpty || first > 0 && cells[first-1] != cellEmpty) {
		cells[first] = max(cells[first], cellNotch)
	}
	for i := first; i <= last; i++ {
		cells[i] = max(cells[i], shown)
	}
}
