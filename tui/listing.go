package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/model/filter"
	"holter/tui/look"
	"holter/tui/widget"
)

// listing is what all lists have in common: rows that a filter chooses, with a cursor among them that may follow one. A
// page embeds it and says how rows are chosen.
type listing[R any, K comparable] struct {
	drawing
	keys   *keyMap
	status *status

	noun     string       // for a row
	gone     model.State  // of the rows that can be hidden
	spared   string       // which of them are not, "" for none
	fields   filter.Place // which its filter has
	room     size
	search   finder
	chosen   *arranged[R] // nil before the first picture
	list     widget.List[R, K]
	followed string         // what the cursor goes with, "" for nothing
	again    func() tea.Cmd // chooses rows by the filter as it is now
}

// set shows rows that were chosen.
func (l *listing[R, K]) set(rows *arranged[R]) {
	l.chosen = rows
	l.list.Set(rows.rows)
}

// seek goes to the next row in trouble in direction step. It reports whether there is one, and says so if not.
func (l *listing[R, K]) seek(step int) bool {
	found := l.list.Seek(step)
	if !found {
		l.status.say("no " + l.noun + " on the list is in trouble")
	}
	return found
}

// follow lets the cursor go with something, and says so by its name.
func (l *listing[R, K]) follow(what, name string) {
	l.followed = what
	l.status.say("following " + name + " until the cursor is moved")
}

func (l *listing[R, K]) unfollow() { l.followed = "" }

func (l *listing[R, K]) following() string { return l.followed }

func (l *listing[R, K]) finder() *finder     { return &l.search }
func (l *listing[R, K]) place() filter.Place { return l.fields }
func (l *listing[R, K]) refilter() tea.Cmd   { return l.again() }

// served reports whether the filter has chosen the rows, or may do so yet.
func (l *listing[R, K]) served() bool { return l.chosen == nil || l.chosen.by.text == l.search.text }

// back drops the filter.
func (l *listing[R, K]) back() (tea.Cmd, bool) {
	if l.search.text == "" {
		return nil, false
	}
	l.search = finder{}
	return l.again(), true
}

// tally is the row that the cursor is on of how many, how many there would be without filter, how many are hidden, and the
// filter: 9/407, or 9/13 of 407, 12 closed hidden state=failed.
func (l *listing[R, K]) tally() string {
	c := l.chosen
	if c == nil || c.total == 0 {
		return ""
	}
	text := fmt.Sprintf("%d/%d", min(l.list.At()+1, len(c.rows)), len(c.rows))
	if c.by.text != "" {
		text += fmt.Sprintf(" of %d", c.total)
	}
	if c.hidden > 0 {
		text += fmt.Sprintf(", %d %s hidden", c.hidden, l.gone)
	}
	if c.by.text != "" {
		text += " " + l.styles.Glyphs.Plain(c.by.text)
	}
	return text
}

// longFilter is the cells of a filter for which the names of the pages give way. The rest of a longer one is cut.
const longFilter = 30

// claims is the cells of the filter in the tally.
func (l *listing[R, K]) claims() int { return min(look.Width(l.search.text), longFilter) }

func (l *listing[R, K]) choices() widget.Choices { return &l.list.Table }

// lines draws the rows by an order, or why there are none.
func (l *listing[R, K]) lines(room size, o widget.Order, none func() []string) []string {
	if why := l.empty(room, none); why != nil {
		return why
	}
	return l.list.View(l.styles, o)
}

// empty says why there are no rows, nil if there are some.
func (l *listing[R, K]) empty(room size, none func() []string) []string {
	switch {
	case l.chosen == nil:
		return waiting(l.styles, room.h)
	case l.chosen.total == 0:
		return look.Fill(none(), room.h)
	case l.chosen.slow != nil:
		return l.tooSlow(room)
	case len(l.list.Rows) == 0 && l.chosen.hidden > 0:
		return l.allHidden(room)
	case len(l.list.Rows) == 0:
		return l.noMatch(room)
	}
	return nil
}

// waiting stands for what has not come yet.
func waiting(s *look.Styles, h int) []string {
	return look.Fill([]string{"", s.Dim.String(" waiting for the first picture")}, h)
}

// noMatch shows the filter that left nothing, and how to be rid of it.
func (l *listing[R, K]) noMatch(room size) []string {
	g := &l.styles.Glyphs
	lines := []string{"", l.styles.Strong.String(g.Cut(" No "+l.noun+" matches this filter:", room.w)), ""}
	for _, line := range look.Wrap(g.Plain(l.search.text), room.w-4) {
		lines = append(lines, "   "+l.styles.Accent.String(line))
	}
	lines = append(lines, "", l.styles.Dim.String(g.Cut(" esc drops it, / changes it.", room.w)))
	return look.Fill(lines, room.h)
}

// tooSlow says that the filter takes too long, and what to write.
func (l *listing[R, K]) tooSlow(room size) []string {
	g := &l.styles.Glyphs
	lines := []string{"", l.styles.Strong.String(g.Cut(" This filter takes too long:", room.w)), ""}
	for _, line := range look.Wrap(g.Plain(l.chosen.slow.Error()), room.w-4) {
		lines = append(lines, "   "+line)
	}
	lines = append(lines, "", l.styles.Dim.String(g.Cut(" esc drops it, / changes it.", room.w)))
	return look.Fill(lines, room.h)
}

// allHidden says that there is nothing but hidden rows, and how to see them.
func (l *listing[R, K]) allHidden(room size) []string {
	lines := []string{"", l.styles.Strong.String(l.styles.Glyphs.Cut(
		fmt.Sprintf(" Each %s on the list, %d in all, is %s and hidden.", l.noun, l.chosen.hidden, l.gone), room.w)), ""}
	return look.Fill(append(lines, l.styles.Dim.String(" "+l.keys.Hide.Help().Key+" shows them.")), room.h)
}

// sorted is a listing of what a picture has, in an order that can be changed. Commands choose and sort its rows: with ten
// thousand of them that takes milliseconds.
type sorted[R any, K comparable] struct {
	listing[R, K]
	fx       *effects
	arranges func(*picture, arrangement) *picture // adds the page's rows to a picture
	rowsOf   func(*picture) *arranged[R]          // nil for a picture without them

	picture *picture // nil before the first
	order   arrangement
}

func newSorted[R any, K comparable](noun string, fields filter.Place, k *keyMap, fx *effects, st *status) sorted[R, K] {
	return sorted[R, K]{
		listing: listing[R, K]{noun: noun, fields: fields, keys: k, status: st},
		fx:      fx,
		order:   arrangement{Order: widget.Order{By: filter.SortState}},
	}
}

// arrange is what makes a picture one of this page's.
func (l *sorted[R, K]) arrange() func(*picture) *picture {
	order, arranges := l.order, l.arranges
	return func(pic *picture) *picture { return arranges(pic, order) }
}

// stale reports whether rows were asked for that have not come yet.
func (l *sorted[R, K]) stale() bool { return l.chosen == nil || l.chosen.serial != l.order.serial }

// hide hides the rows of what is gone, or shows them again.
func (l *sorted[R, K]) hide() tea.Cmd {
	l.order.hides = !l.order.hides
	done, key := l.gone.String()+" rows are shown", l.keys.Hide.Help().Key
	switch {
	case l.order.hides && l.spared != "":
		done = fmt.Sprintf("%s rows are hidden, %s are not: %s shows all", l.gone, l.spared, key)
	case l.order.hides:
		done = fmt.Sprintf("%s rows are hidden: %s shows them", l.gone, key)
	}
	l.status.say(done)
	return l.rechoose()
}

// claims is the cells in the tally of the filter, and of how many rows are hidden.
func (l *sorted[R, K]) claims() int {
	if !l.order.hides {
		return l.listing.claims()
	}
	return l.listing.claims() + len(", 9999 closed hidden")
}

// accept shows the rows of a picture. If other rows were asked for since it reports false, and its command arranges the
// picture anew.
func (l *sorted[R, K]) accept(pic *picture) (tea.Cmd, bool) {
	rows := l.rowsOf(pic)
	if rows == nil || rows.serial != l.order.serial {
		return l.fx.rearrange(pic, l.arrange()), false
	}
	l.picture = pic
	l.set(rows)
	return nil, true
}

// setOrder arranges the last picture anew, so that the rows need not wait for the next refresh.
func (l *sorted[R, K]) setOrder(o widget.Order) tea.Cmd {
	l.order = l.order.with(l.search, l.lastChosen(), o)
	if l.picture == nil {
		return nil
	}
	return l.fx.rearrange(l.picture, l.arrange())
}

// lastChosen is the filter that chose the rows that are shown.
func (l *sorted[R, K]) lastChosen() finder {
	if l.chosen == nil {
		return finder{}
	}
	return l.chosen.by
}

// rechoose arranges by the filter as it is now.
func (l *sorted[R, K]) rechoose() tea.Cmd { return l.setOrder(l.order.Order) }

// served reports true while rows are being chosen as well.
func (l *sorted[R, K]) served() bool {
	return l.chosen == nil || l.chosen.serial != l.order.serial || l.listing.served()
}

// sort arranges the rows in an order that the user asks for, and goes to the top, which is what the order is for. A cursor
// that follows something stays with that.
func (l *sorted[R, K]) sort(o widget.Order) tea.Cmd {
	if l.followed == "" {
		l.list.Restart()
	}
	return l.setOrder(o)
}

func (l *sorted[R, K]) invert() tea.Cmd { return l.sort(l.order.Inverted()) }

// sorts are the letters that sort.
func (l *sorted[R, K]) sorts() []widget.Item { return l.list.Table.SortItems(l.sort) }

// sortAt sorts by the column over cell x.
func (l *sorted[R, K]) sortAt(x int) tea.Cmd {
	return l.list.Table.SortAt(x, l.order.Order, l.sort)
}
