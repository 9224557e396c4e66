package tui

import (
	"fmt"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
)

// connections is the page with the list of connections and the detail of one.
type connections struct {
	styles *styles
	keys   *keyMap
	fx     *effects
	status *status

	picture *picture // nil before the first
	order   arrangement
	filter  string  // the text of order's filter
	prompt  *prompt // while a filter is typed
	sorting bool    // after s, until the letter

	table  table
	cursor cursor
	detail detail
	layout layout
}

func newConnections(s *styles, k *keyMap, fx *effects, st *status) *connections {
	return &connections{
		styles: s, keys: k, fx: fx, status: st,
		order:  arrangement{key: model.SortState},
		table:  newTable(s),
		detail: newDetail(s),
	}
}

// setSize lays the page out for w by h cells.
func (p *connections) setSize(w, h int) {
	p.layout = layoutFor(w, h)
	p.arrange()
}

// arrange gives list and detail their share of the room.
func (p *connections) arrange() {
	list, pane := p.layout.split(p.detail.stage)
	p.table.setWidth(list.w)
	p.detail.setSize(pane.w, pane.h)
	p.scroll()
}

// setPicture takes a new picture, unless another one was asked for since.
func (p *connections) setPicture(pic *picture) tea.Cmd {
	switch {
	case pic.serial != p.order.serial:
		return p.fx.rearrange(pic.Snapshot, p.order)
	case p.picture != nil && p.picture.serial == pic.serial && pic.Time.Before(p.picture.Time):
		return nil
	case p.prompt != nil && pic.matched == 0 && p.picture != nil:
		pic = pic.keeping(p.picture.rows) // most words match nothing until they are finished
	}
	p.picture = pic
	p.table.now = pic.Time
	p.cursor.follow(pic.rows)
	p.scroll()
	return p.followCursor()
}

// setDetail takes an answer about the connection that is open.
func (p *connections) setDetail(d *inspected) {
	if d.id == p.detail.id {
		p.detail.set(d, p.now())
	}
}

func (p *connections) rows() []model.Connection {
	if p.picture == nil {
		return nil
	}
	return p.picture.rows
}

// typing reports whether all keys belong to the page, as text or as the letter after s.
func (p *connections) typing() bool { return p.prompt != nil || p.sorting }

// update takes a key.
func (p *connections) update(msg tea.KeyMsg) tea.Cmd {
	switch {
	case p.prompt != nil:
		return p.updatePrompt(msg)
	case p.sorting:
		return p.sortBy(msg.String())
	case p.detail.stage == whole && p.detail.scroll(msg, p.keys):
		return nil
	}
	if cmd, ok := p.look(msg); ok {
		return cmd
	}
	if !p.move(msg) {
		return nil
	}
	p.scroll()
	return p.followCursor()
}

// look handles the keys that change what is shown.
func (p *connections) look(msg tea.KeyMsg) (tea.Cmd, bool) {
	k := p.keys
	switch {
	case key.Matches(msg, k.Filter):
		p.prompt = newPrompt(p.styles, p.filter)
	case key.Matches(msg, k.Sort):
		p.sorting = true
	case key.Matches(msg, k.Invert):
		return p.setOrder(p.order.filter, p.order.key, !p.order.descending), true
	case key.Matches(msg, k.Open):
		return p.open(), true
	case key.Matches(msg, k.Back):
		return p.back(), true
	case key.Matches(msg, k.NextTrouble):
		return p.seek(1), true
	case key.Matches(msg, k.PreviousTrouble):
		return p.seek(-1), true
	default:
		return nil, false
	}
	return nil, true
}

// move handles the keys that move the cursor. It reports whether msg was one.
func (p *connections) move(msg tea.KeyMsg) bool {
	k, c, rows := p.keys, &p.cursor, p.rows()
	page := max(1, p.visibleRows())
	switch {
	case key.Matches(msg, k.Up):
		c.moveTo(c.index-1, rows)
	case key.Matches(msg, k.Down):
		c.moveTo(c.index+1, rows)
	case key.Matches(msg, k.HalfUp):
		c.moveTo(c.index-max(1, page/2), rows)
	case key.Matches(msg, k.HalfDown):
		c.moveTo(c.index+max(1, page/2), rows)
	case key.Matches(msg, k.PageUp):
		c.moveTo(c.index-page, rows)
	case key.Matches(msg, k.PageDown):
		c.moveTo(c.index+page, rows)
	case key.Matches(msg, k.Top):
		c.moveTo(0, rows)
	case key.Matches(msg, k.Bottom):
		c.moveTo(len(rows)-1, rows)
	default:
		return false
	}
	return true
}

// seek goes to the next connection in trouble. A detail that stands alone goes there too.
func (p *connections) seek(step int) tea.Cmd {
	if !p.cursor.seek(step, p.rows()) {
		p.status.say("nobody on the list is in trouble")
		return nil
	}
	p.scroll()
	if p.detail.stage == whole {
		return p.show(p.cursor.row(p.rows()))
	}
	return p.followCursor()
}

// selected is the connection that an action is about, nil if there is none: the one that is open, or
// the one under the cursor.
func (p *connections) selected() *model.Connection {
	if p.detail.stage == whole {
		return p.detail.connection()
	}
	return p.cursor.row(p.rows())
}

// open goes one step into the row under the cursor: its detail beside the list where there is room,
// then the detail alone.
func (p *connections) open() tea.Cmd {
	row := p.cursor.row(p.rows())
	if row == nil || p.detail.stage == whole {
		return nil
	}
	if p.detail.stage == shut && p.layout.roomy() {
		p.detail.stage = beside
	} else {
		p.detail.stage = whole
	}
	p.arrange()
	return p.show(row)
}

// back goes one step back: from the detail to the list, then from the filter to all rows.
func (p *connections) back() tea.Cmd {
	switch {
	case p.detail.stage == whole && p.layout.roomy():
		p.detail.stage = beside
	case p.detail.stage != shut:
		p.detail.close()
	case p.filter != "":
		return p.dropFilter()
	}
	p.arrange()
	return p.followCursor()
}

// followCursor keeps the detail beside the list with the row under the cursor. A detail that stands
// alone stays with its connection.
func (p *connections) followCursor() tea.Cmd {
	row := p.cursor.row(p.rows())
	if row == nil || p.detail.stage != beside || row.ID == p.detail.id {
		return nil
	}
	return p.show(row)
}

func (p *connections) show(row *model.Connection) tea.Cmd {
	p.detail.show(row, p.now())
	return p.fx.inspect(row.ID)
}

// sortBy takes the letter after s.
func (p *connections) sortBy(letter string) tea.Cmd {
	p.sorting = false
	for _, c := range p.table.columns {
		if c.letter == letter {
			return p.setOrder(p.order.filter, c.sort, c.descending)
		}
	}
	return nil
}

func (p *connections) updatePrompt(msg tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(msg, p.keys.Drop):
		p.prompt = nil
		return p.dropFilter()
	case key.Matches(msg, p.keys.Keep):
		p.keepFilter()
		return nil
	}
	filter, ok := p.prompt.update(msg)
	if !ok {
		return nil
	}
	p.filter = p.prompt.value()
	return p.setOrder(filter, p.order.key, p.order.descending)
}

// keepFilter ends the prompt, unless the text is still half a filter. From now on a filter that
// matches nothing leaves nothing.
func (p *connections) keepFilter() {
	if p.prompt.err != nil {
		return
	}
	p.prompt = nil
	if p.picture != nil && p.picture.matched == 0 {
		p.picture = p.picture.keeping(nil)
		p.cursor.follow(nil)
		p.scroll()
	}
}

func (p *connections) dropFilter() tea.Cmd {
	p.filter = ""
	return p.setOrder(model.Filter{}, p.order.key, p.order.descending)
}

// setOrder has the last snapshot arranged anew, so that the rows need not wait for the next refresh.
func (p *connections) setOrder(f model.Filter, by model.SortKey, descending bool) tea.Cmd {
	p.order = arrangement{serial: p.order.serial + 1, filter: f, key: by, descending: descending}
	if p.picture == nil {
		return nil
	}
	return p.fx.rearrange(p.picture.Snapshot, p.order)
}

func (p *connections) scroll() { p.cursor.scroll(len(p.rows()), p.visibleRows()) }

// visibleRows is how many rows fit below the titles.
func (p *connections) visibleRows() int {
	list, _ := p.layout.split(p.detail.stage)
	return max(0, list.h-1)
}

// now is the time of the picture: by the clock of where it comes from, which may be another machine.
func (p *connections) now() time.Time {
	if p.picture == nil {
		return time.Time{}
	}
	return p.picture.Time
}

// tally is how many rows there are of how many, and the filter that made the difference.
func (p *connections) tally() string {
	if p.picture == nil || p.filter == "" {
		return ""
	}
	return fmt.Sprintf("%d/%d %s", p.picture.matched, len(p.picture.Connections), p.styles.glyphs.plain(p.filter))
}

// hints are the keys for the last line.
func (p *connections) hints() []key.Binding {
	k := p.keys
	switch {
	case p.detail.stage == whole:
		return []key.Binding{k.Back, k.Up, k.Down, k.NextTrouble, k.Kick}
	case p.detail.stage == beside, p.filter != "":
		return []key.Binding{k.Open, k.Back, k.Filter, k.NextTrouble, k.Kick, k.Sort}
	}
	return []key.Binding{k.Open, k.Filter, k.NextTrouble, k.Kick, k.Sort}
}
