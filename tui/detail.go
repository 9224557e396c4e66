package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/describe"
	"holter/tui/look"
	"holter/tui/widget"
)

// maxGenerations bounds how many earlier connections of its client a detail remembers.
const maxGenerations = 8

// detail is the pane with all that is known of one connection.
type detail struct {
	drawing
	stage stage
	id    model.ID // 0 while it is shut
	data  model.Detail
	live  bool           // it was open when it was shown
	past  []model.Detail // earlier connections of the client, while it was shown
	note  string         // what has happened to what is shown
	route *model.Path    // of the connection, nil if it is not known
	view  viewport.Model
}

func newDetail() detail {
	return detail{view: viewport.New(0, 0)}
}

// layOut sets the room for the title and the text, and how they are drawn.
func (d *detail) layOut(room size, by drawing) {
	d.drawing = by
	d.view.Width, d.view.Height = max(0, room.w-widget.BarWidth), max(0, room.h-1)
}

// showRow opens the detail of a row, with what the row says until the rest has come.
func (d *detail) showRow(row *model.Connection, now time.Time) {
	if d.id != row.ID {
		d.id, d.data, d.note = row.ID, model.Detail{Connection: *row}, ""
		d.live, d.past = row.Open(), nil
		d.view.YOffset = 0
	}
	d.write(now)
}

// goOn shows the next connection of the same client, and remembers the one before for the timeline.
func (d *detail) goOn(next *model.Connection, now time.Time) {
	before := d.data
	past := append(d.past, before)
	d.showRow(next, now)
	d.past = newest(past, maxGenerations)
	d.note = fmt.Sprintf("back as generation %d, %s after %s had closed", next.Generation,
		look.Brief(next.Opened.Sub(before.Ended(now))), before.ID)
	if before.Close != nil {
		d.note += " with " + look.Ending(before.Close)
	}
	d.write(now)
}

func (d *detail) close() {
	d.stage, d.id = shut, 0
}

// connection is the one that is shown.
func (d *detail) connection() *model.Connection { return &d.data.Connection }

// set shows an answer of the source. If the source has forgotten the connection, the last known state stays.
func (d *detail) set(answer *inspected) {
	switch {
	case answer.err == nil:
		d.data = answer.detail
	case model.ErrorCode(answer.err) == model.NotFound:
		d.note = "holter has forgotten it; this is its last known state"
	default:
		d.note = answer.err.Error()
	}
}

// catchUp takes over a state that is newer than the one that is shown. What else there is to know comes with the next answer
// of the source.
func (d *detail) catchUp(row *model.Connection) {
	c := &d.data.Connection
	closed := row.Close != nil && c.Close == nil
	if !closed && !row.Since.After(c.Since) {
		return
	}
	if row.State != c.State && row.State != model.Closed {
		d.data.Transitions = append(slices.Clip(d.data.Transitions),
			model.Transition{At: row.Since, Side: row.Side, From: c.State, To: row.State, Diagnosis: row.Diagnosis})
	}
	*c = *row
	for i := range d.data.Legs {
		if leg := &d.data.Legs[i].Connection; leg.Side == row.Side {
			*leg = *row
		}
	}
}

// write renders the text into the viewport.
func (d *detail) write(now time.Time) {
	if d.id == 0 || d.view.Width <= 0 {
		return
	}
	t := describe.Text{Styles: d.styles, Width: d.view.Width, Height: d.view.Height, Now: now,
		Of: &d.data, Past: d.past, Beats: d.zoom.beats(), Note: d.note, Route: d.route}
	d.view.SetContent(strings.Join(t.Lines(), "\n"))
	d.view.SetYOffset(d.view.YOffset)
}

// scroll handles the keys that scroll. It reports whether msg was one.
func (d *detail) scroll(msg tea.KeyMsg, k *keyMap) bool { return widget.Scroll(&d.view, msg, &k.Keys) }

// lines are the title and the visible part of the text.
func (d *detail) lines() []string {
	if d.id == 0 {
		return look.Fill([]string{"", d.styles.Dim.String(" no connection is selected")}, d.view.Height+1)
	}
	w := d.view.Width + widget.BarWidth
	return append([]string{widget.Rule(d.styles, d.title(), w, &d.view)}, widget.Window(d.styles, &d.view)...)
}

// title names the connection.
func (d *detail) title() string {
	g := &d.styles.Glyphs
	return fmt.Sprintf("%s %s generation %d", g.Plain(look.Who(&d.data.Connection)), g.Dot, d.data.Generation)
}
