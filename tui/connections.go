package tui

import (
	"slices"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/model/filter"
	"holter/tui/look"
	"holter/tui/widget"
)

// connections is the page with the list of connections and the detail of one. The ward is the same page in another layout.
type connections struct {
	sorted[model.Connection, model.ID]
	marks    marks
	detail   detail
	layout   layout
	standing bool // the detail is beside the list because there is room, and not because it was opened
	closed   bool // and the user does not want it there
	picked   bool // the row under the cursor is the user's choice
	asked    bool // the rows are others than before because the user asked for that
	spread   bool // as monitors side by side: the ward is shown
	wall     wall // of the monitors
	aside    pane // the detail of the list while the ward is shown
}

func newConnections(k *keyMap, fx *effects, st *status) *connections {
	p := &connections{sorted: newSorted[model.Connection, model.ID]("connection", filter.ConnectionRows, k, fx, st), detail: newDetail()}
	p.arranges, p.again, p.gone, p.spared = arrangeConnections, p.rechoose, model.Closed, "failures of the last minute"
	p.rowsOf = func(pic *picture) *arranged[model.Connection] { return pic.connections }
	t := widget.NewTable(connectionColumns(&rowText{page: p}), func(c *model.Connection) model.State { return c.State })
	t.Tone = look.Tone
	t.Marked = func(c *model.Connection) bool { return p.marks.has(c.ID) }
	p.list = widget.NewList(t, func(c *model.Connection) model.ID { return c.ID })
	return p
}

func (p *connections) layOut(room size, d drawing) {
	p.enter(false)
	p.drawing, p.layout = d, layoutFor(room)
	p.arrangeRoom()
}

// stand puts the detail beside the list of a wide screen by itself, and takes it away again where there is no room for that.
// One that was opened takes the whole page instead.
func (p *connections) stand() {
	switch {
	case p.detail.stage == beside && p.standing && !p.layout.right:
		p.detail.close()
	case p.detail.stage == beside && !p.layout.roomy():
		p.detail.stage = whole
	case p.detail.stage == shut && p.layout.right && !p.closed:
		p.detail.stage, p.standing = beside, true
	}
}

// arrangeRoom gives list and detail their share of the room. As long as a detail is open the cursor
// stays with its row, also on top, so that the detail does not change to another connection under the reader's eyes.
func (p *connections) arrangeRoom() {
	p.stand()
	p.list.Pin(p.followed != "" || p.detail.stage != shut)
	list, pane := p.layout.split(p.detail.stage)
	if p.spread {
		p.hang()
	} else {
		p.list.SetSize(list.w, list.h)
	}
	p.detail.layOut(pane, p.drawing)
	p.detail.write(p.now())
}

// setPicture takes a new picture, unless another one was asked for since.
func (p *connections) setPicture(pic *picture) tea.Cmd {
	before := p.chosen
	if cmd, ok := p.accept(pic); !ok {
		return cmd
	}
	p.asked = before == nil || before.serial != p.chosen.serial
	p.list.Table.Fit("CLIENT", p.chosen.longest)
	p.vacate(pic)
	if p.spread {
		p.hang()
	}
	p.marks.recount(pic)
	p.catchUp()
	p.detail.write(p.now()) // the times in it go on, also those of a connection that is closed or forgotten
	return tea.Batch(p.attend(), p.keepDetail(), p.followClient(), p.followGeneration())
}

// vacate hides the columns about beats where holter sends none and waits for none. There are round trips all the same if an
// application pings.
func (p *connections) vacate(pic *picture) {
	none := pic.Monitor.Scheme == model.SchemeNone
	p.list.Table.Vacate("BEATS", none)
	p.list.Table.Vacate("TIMEOUT", none)
	p.list.Table.Vacate("RTT", none && !slices.ContainsFunc(p.list.Rows, func(c *model.Connection) bool { return c.RTT > 0 }))
}

// attend shows the first connection in trouble in a detail that stands there by itself and shows one that is well. It says
// so, and does it only until the user picks a row.
func (p *connections) attend() tea.Cmd {
	row := p.list.Selected()
	if p.picked || !p.standing || p.detail.stage != beside || row == nil || row.ID != p.detail.id {
		return nil
	}
	first := p.list.Rows[0]
	if look.Tone(row) != model.Normal || !first.State.Trouble() {
		return nil
	}
	p.list.MoveTo(0)
	p.status.tell(func() string { return p.attending(first.ID) })
	return p.show(first)
}

// attending says why a connection is shown that the user has not picked, as long as that is so.
func (p *connections) attending(id model.ID) string {
	row := p.list.Selected()
	if p.picked || p.detail.stage != beside || row == nil || row.ID != id || !row.State.Trouble() {
		return ""
	}
	return look.Who(row) + " is " + row.State.String() + ": shown until you move the cursor"
}

// setDetail takes an answer about the connection that is open.
func (p *connections) setDetail(d *inspected) {
	if d.id == p.detail.id {
		p.detail.set(d)
		p.catchUp()
		p.detail.write(p.now())
	}
}

// catchUp takes the detail on to what the picture has of its connection, where that is newer.
func (p *connections) catchUp() {
	if p.picture == nil {
		return
	}
	if row := p.picture.find(p.detail.id); row != nil {
		p.detail.catchUp(row)
		p.detail.route = p.picture.pathOf(row)
	}
}

// update takes a key.
func (p *connections) update(msg tea.KeyMsg) tea.Cmd {
	if p.detail.stage == whole && p.detail.scroll(msg, p.keys) {
		return nil
	}
	if cmd, ok := p.viewKey(msg); ok {
		p.picked = true
		return cmd
	}
	switch at := p.list.At(); {
	case p.mark(msg):
		p.picked = true
		if p.list.At() == at {
			return p.triage()
		}
		return tea.Batch(p.triage(), p.followCursor())
	case p.list.Move(msg, &p.keys.Keys):
		p.unfollow()
		p.picked = true
	default:
		return nil
	}
	return p.followCursor()
}

// viewKey handles the keys that change what is shown.
func (p *connections) viewKey(msg tea.KeyMsg) (tea.Cmd, bool) {
	k := p.keys
	switch {
	case key.Matches(msg, k.Invert):
		return p.invert(), true
	case key.Matches(msg, k.Open):
		return p.open(), true
	case key.Matches(msg, k.NextTrouble):
		return p.seek(1), true
	case key.Matches(msg, k.PreviousTrouble):
		return p.seek(-1), true
	case key.Matches(msg, k.Follow):
		p.toggleFollow()
		return nil, true
	}
	return nil, false
}

// seek goes to the next connection in trouble. A detail that stands alone goes there too.
func (p *connections) seek(step int) tea.Cmd {
	if !p.sorted.seek(step) {
		return nil
	}
	p.unfollow()
	if p.detail.stage == whole {
		return p.show(p.list.Selected())
	}
	return p.followCursor()
}

// selected is the connection that an action is about: the one whose detail stands alone, or whose row has left the list
// while its detail stands beside that, or else the one under the cursor. It is nil for none, also where the filter does not
// choose the row and the list only does not show that yet.
func (p *connections) selected() *model.Connection {
	row := p.list.Selected()
	switch {
	case p.detail.stage == whole, row != nil && p.adrift():
		return p.detail.connection()
	case row == nil || p.stale() && !choosesConnection(p.search.filter, p.picture, row):
		return nil
	}
	return row
}

// adrift reports whether the detail beside the list is that of a connection which has left the list. The cursor is then on
// another row, where the user did not put it.
func (p *connections) adrift() bool {
	return p.detail.stage == beside && p.detail.id != 0 && p.detail.id != p.list.Keyed()
}

// open goes one step into the row under the cursor: its detail beside the list where there is room,
// then the detail alone.
func (p *connections) open() tea.Cmd {
	row := p.selected()
	if row == nil || p.detail.stage == whole {
		return nil
	}
	if p.detail.stage == shut && p.layout.roomy() {
		p.detail.stage, p.standing, p.closed = beside, false, false
	} else {
		p.detail.stage = whole
	}
	p.arrangeRoom()
	return p.show(row)
}

// openConnection opens the detail of a connection alone, whether it is on the list or not.
func (p *connections) openConnection(c *model.Connection) tea.Cmd {
	p.list.GoTo(c.ID)
	p.detail.stage = whole
	p.arrangeRoom()
	return p.show(c)
}

// closeConnection leaves the detail, as if it had never been open.
func (p *connections) closeConnection() {
	p.detail.close()
	p.arrangeRoom()
}

// opened is the connection whose detail is open, 0 for none, and entered whether the user has opened it.
func (p *connections) opened() model.ID { return p.detail.id }
func (p *connections) entered() bool {
	return p.detail.stage == whole || p.detail.stage == beside && !p.standing
}

func (p *connections) overviews() {}

// listBy lists the connections that a filter chooses.
func (p *connections) listBy(by finder) tea.Cmd {
	p.search = by
	p.closeConnection()
	return p.refilter()
}

// back goes one step back, from a range to the detail, the list, the marks and all rows, and last from a detail that stands
// there by itself. It reports false where there was no step to go.
func (p *connections) back() (tea.Cmd, bool) {
	switch {
	case p.marks.ranging():
		p.marks.endRange()
	case p.detail.stage == whole && p.layout.roomy():
		p.detail.stage = beside
		p.list.GoTo(p.detail.id)
	case p.detail.stage == whole: // there is no room beside the list, which says nothing of what is wanted where there is
		p.detail.close()
	case p.detail.stage != shut && !p.standing:
		p.shut()
	case p.marks.any():
		p.marks.clear()
		return p.triage(), true
	case p.search.text != "":
		return p.sorted.back()
	case p.detail.stage != shut:
		p.shut()
	default:
		return nil, false
	}
	p.arrangeRoom()
	return nil, true
}

// shut closes the detail until it is opened again.
func (p *connections) shut() {
	p.detail.close()
	p.standing, p.closed = false, true
}

// keepDetail keeps the detail beside the list with its connection, whatever becomes of that. It goes to the row under the
// cursor when the user has asked for other rows, and where there was none.
func (p *connections) keepDetail() tea.Cmd {
	if p.asked || p.detail.id == 0 {
		return p.followCursor()
	}
	if p.adrift() {
		p.list.GoTo(p.detail.id) // if it is back
	}
	return nil
}

// followCursor takes the detail beside the list to the row under the cursor, which the user has moved. A detail that stands
// alone stays with its connection.
func (p *connections) followCursor() tea.Cmd {
	row := p.list.Selected()
	if row == nil || p.detail.stage != beside || row.ID == p.detail.id {
		return nil
	}
	return p.show(row)
}

func (p *connections) show(row *model.Connection) tea.Cmd {
	p.detail.route = p.picture.pathOf(row)
	p.detail.showRow(row, p.now())
	return p.fx.inspect(row.ID)
}

// now is the time of the picture: by the clock of where it comes from, which may be another machine.
func (p *connections) now() time.Time {
	if p.picture == nil {
		return time.Time{}
	}
	return p.picture.Time
}

// tally is that of the listing, behind how many are marked.
func (p *connections) tally() string {
	text := p.sorted.tally()
	if marked := p.marks.tally(); marked != "" {
		text = marked + "  " + text
	}
	return text
}

// hints are the keys for the last line.
func (p *connections) hints() []key.Binding {
	k := p.keys
	switch {
	case p.picture != nil && len(p.picture.Connections) == 0:
		return []key.Binding{k.Demo, k.Host}
	case p.detail.stage == whole:
		return []key.Binding{k.Back, k.Up, k.Down, k.NextTrouble, k.Kick, k.Faults}
	case p.marks.any():
		return []key.Binding{k.KickAll, k.Faults, k.Range, k.Unmark, k.Open, k.Filter}
	case p.detail.stage == beside && !p.standing, p.search.text != "":
		return []key.Binding{k.Open, k.Back, k.Filter, k.NextTrouble, k.Kick, k.Faults, k.Freeze, k.Sort}
	}
	return []key.Binding{k.Open, k.Filter, k.NextTrouble, k.Kick, k.Faults, k.Freeze, k.Sort}
}
