package widget

import (
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"holter/model"
	"holter/tui/look"
)

var styles = look.New(look.Themes[0], look.Braille, func(name string) string { return map[string]string{"LANG": "C.UTF-8"}[name] })

// numbers is a list of rows that are numbers, each of which is its own key. Every seventh is in trouble.
func numbers(rows ...int) *List[int, int] {
	columns := []Column[int]{
		{Title: "NUMBER", Sort: "number", Letter: "n", Descending: true, Min: 6, Want: 8, Right: true,
			Text: func(r *int, _ int) string { return strconv.Itoa(*r) }},
		{Title: "SQUARE", Min: 8, Rank: Second, Text: func(r *int, _ int) string { return strconv.Itoa(*r * *r) }},
		{Title: "WORDS", Min: 10, Rank: Third, Text: func(*int, int) string { return "words" }},
	}
	l := NewList(NewTable(columns, func(r *int) model.State {
		if *r%7 == 0 {
			return model.Failed
		}
		return model.Normal
	}), func(r *int) int { return *r })
	l.SetSize(30, 5)
	l.Set(pointers(rows))
	return &l
}

func pointers(rows []int) []*int {
	var list []*int
	for _, r := range rows {
		list = append(list, &r)
	}
	return list
}

func TestCursorGoesWithItsRow(t *testing.T) {
	l := numbers(1, 2, 3, 4)
	l.Set(pointers([]int{9, 1, 2, 3}))
	if l.Keyed() != 9 {
		t.Errorf("the cursor on top left it for %d", l.Keyed())
	}
	l.GoTo(2)
	l.Set(pointers([]int{2, 1, 9}))
	if l.At() != 0 || l.Keyed() != 2 {
		t.Errorf("at %d on %d, want the row 2 on top", l.At(), l.Keyed())
	}
	l.Pin(true)
	l.Set(pointers([]int{1, 9, 2}))
	if l.At() != 2 {
		t.Errorf("pinned, and at %d", l.At())
	}
	l.Set(nil)
	if l.Selected() != nil || l.Keyed() != 0 {
		t.Errorf("on %d of no rows", l.Keyed())
	}
}

func TestKeysMoveTheCursor(t *testing.T) {
	k := &Keys{Down: key.NewBinding(key.WithKeys("j")), Bottom: key.NewBinding(key.WithKeys("G")), PageUp: key.NewBinding(key.WithKeys("u"))}
	l := numbers(1, 2, 3, 4, 5, 6, 7, 8, 9)
	for _, step := range []struct {
		key  string
		want int
	}{{"j", 2}, {"G", 9}, {"j", 9}, {"u", 5}} {
		if !l.Move(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(step.key)}, k) || l.Keyed() != step.want {
			t.Errorf("after %s on %d, want %d", step.key, l.Keyed(), step.want)
		}
	}
	if l.Move(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("x")}, k) {
		t.Error("x moves")
	}
	if !l.Seek(1) || l.Keyed() != 7 {
		t.Errorf("the next in trouble is %d", l.Keyed())
	}
	if !l.Click(3, 1) || l.Click(3, 4+1) || l.Click(3, 0) {
		t.Error("clicks go elsewhere")
	}
	for y, want := range map[int]int{1: 1, 4: 9} {
		if !l.Click(29, y) || l.Keyed() != want {
			t.Errorf("a click on line %d of the scroll bar goes to %d, want %d", y, l.Keyed(), want)
		}
	}
}

// TestColumnsGiveWay narrows a table: columns of lower rank go first, and none is cut.
func TestColumnsGiveWay(t *testing.T) {
	l := numbers(12)
	for w, want := range map[int]string{30: "NUMBER SQUARE WORDS", 20: "NUMBER SQUARE", 14: "NUMBER"} {
		l.SetSize(w, 2)
		lines := l.View(styles, Order{})
		if got := strings.Join(strings.Fields(ansi.Strip(lines[0])), " "); got != want {
			t.Errorf("%d cells: %q, want %q", w, got, want)
		}
	}
	l.SetSize(20, 2)
	l.Table.toggle(1)
	if l.Table.shown(1) {
		t.Error("a hidden column is shown")
	}
}

func TestSortingShowsItsColumn(t *testing.T) {
	l := numbers(1)
	l.Table.toggle(0)
	var asked Order
	sort := func(o Order) tea.Cmd { asked = o; return nil }
	items := l.Table.SortItems(sort)
	if len(items) != 1 || items[0].Letter != "n" {
		t.Fatalf("items %+v", items)
	}
	items[0].Do()
	if want := (Order{By: "number", Descending: true}); asked != want || !l.Table.shown(0) {
		t.Errorf("sorted by %+v, column shown: %t", asked, l.Table.shown(0))
	}
	l.Table.SortAt(2, asked, sort)
	if asked.Descending {
		t.Error("a click on the sorted column does not invert")
	}
	if header := ansi.Strip(l.View(styles, asked)[0]); !strings.Contains(header, "NUMBER▲") {
		t.Errorf("header %q", header)
	}
}

// TestGridMovesInTwoDimensions walks through ten rows, four side by side in two lines:
//
//	0 1 2 3
//	4 5 6 7
//	8 9
func TestGridMovesInTwoDimensions(t *testing.T) {
	bind := func(name string) key.Binding { return key.NewBinding(key.WithKeys(name)) }
	keys := &Keys{
		Up: bind("k"), Down: bind("j"), Left: bind("h"), Right: bind("l"), PageUp: bind("b"), PageDown: bind("f"),
		HalfUp: bind("u"), HalfDown: bind("d"), Top: bind("g"), Bottom: bind("G"),
	}
	for _, test := range []struct {
		keys     string
		at, seen int // the cursor, and the first row that is seen
	}{
		{"", 0, 0}, {"l", 1, 0}, {"j", 4, 0}, {"lj", 5, 0}, {"k", 0, 0}, {"lk", 1, 0}, {"h", 0, 0},
		{"ljj", 9, 4}, {"llljj", 9, 4}, {"llljjj", 9, 4}, {"llljjjk", 5, 4}, {"G", 9, 4}, {"Gl", 9, 4}, {"Gh", 8, 4}, {"Gg", 0, 0},
		{"lf", 9, 4}, {"lfb", 1, 0}, {"d", 4, 0}, {"du", 0, 0}, {"llll", 4, 0}, {"llllh", 3, 0},
	} {
		l := numbers(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
		l.SetGrid(4, 2)
		for _, r := range test.keys {
			if !l.Move(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}}, keys) {
				t.Fatalf("%c does not move", r)
			}
		}
		if l.At() != test.at || l.Above() != test.seen || *l.Seen()[0] != test.seen {
			t.Errorf("%q: at %d, seen from %d (%d above); want %d from %d", test.keys, l.At(), *l.Seen()[0], l.Above(), test.at, test.seen)
		}
		if want := 10 - min(10, test.seen+8); l.Below() != want {
			t.Errorf("%q: %d below, want %d", test.keys, l.Below(), want)
		}
	}
	l := numbers(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	l.SetGrid(4, 2)
	l.MoveTo(9)
	if l.ClickAt(6) || !l.ClickAt(1) || l.At() != 5 {
		t.Errorf("after a click at %d", l.At())
	}
	l.SetSize(30, 4) // a table again
	if got := len(l.Seen()); got != 3 || l.Move(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{'l'}}, keys) {
		t.Errorf("a table with %d rows seen takes the keys of a grid", got)
	}
}
