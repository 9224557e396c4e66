package widget

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/look"
)

// Line is a line of a form, with what of it can be clicked.
type Line[F comparable] struct {
	Text  string
	spots []spot[F]
}

// spot is a part of a line that stands for a field or a button.
type spot[F comparable] struct {
	field    F
	from, to int         // cells
	press    tea.KeyType // what a click is as good as, once the field has the focus; 0 for nothing more
}

// Words are a line that cannot be clicked.
func Words[F comparable](text string) Line[F] { return Line[F]{Text: text} }

// whole is a line that stands for a field from end to end.
func whole[F comparable](f F, text string, press tea.KeyType) Line[F] {
	return Line[F]{text, []spot[F]{{field: f, to: FormWidth, press: press}}}
}

// mark stands before a line: whether it has the focus.
func (d *Form[F]) mark(f F) string {
	if d.At == f {
		return d.Styles.Glyphs.Cursor
	}
	return " "
}

func (d *Form[F]) labelled(f F, name, value string) string {
	paint := look.Paint{}
	if d.At == f && d.Inputs[f] == nil {
		paint = d.Styles.Strong
	}
	return d.mark(f) + " " + look.Pad(name, Labelled-2) + paint.String(value)
}

// Field is a line with a name.
func (d *Form[F]) Field(f F, name, value string) Line[F] {
	return whole(f, d.labelled(f, name, value), 0)
}

// Switch is a line with a name that a click switches.
func (d *Form[F]) Switch(f F, name, value string) Line[F] {
	return whole(f, d.labelled(f, name, value), tea.KeySpace)
}

// Choice is a line whose value the arrows change. A click on an arrow is the arrow.
func (d *Form[F]) Choice(f F, name, value string) Line[F] {
	if d.At != f {
		return whole(f, d.labelled(f, name, value), 0)
	}
	g := &d.Styles.Glyphs.Keys
	before := value + "  "
	line := whole(f, d.labelled(f, name, before+g.Left+" "+g.Right), tea.KeyRight)
	from := Labelled + look.Width(before)
	line.spots = append([]spot[F]{{f, from, from + look.Width(g.Left), tea.KeyLeft}}, line.spots...)
	return line
}

// Dim is a line that does not matter now.
func (d *Form[F]) Dim(line Line[F]) Line[F] {
	line.Text = d.Styles.Dim.String(line.Text)
	return line
}

// Button is something that a form can do, by its name.
type Button[F comparable] struct {
	Field F
	Label string
}

// Buttons are a line of buttons with a note behind them. The one that has the focus is reversed, and has a mark for
// terminals that show no reverse.
func (d *Form[F]) Buttons(note string, buttons ...Button[F]) Line[F] {
	const gap = "    "
	var line Line[F]
	at := 0
	for _, b := range buttons {
		text, w := "  "+b.Label+" ", look.Width(b.Label)+3
		if d.At == b.Field {
			text = d.Styles.Pressed.String(d.Styles.Glyphs.Cursor + text[1:])
		}
		line.Text += text + gap
		line.spots = append(line.spots, spot[F]{b.Field, at, at + w, tea.KeyEnter})
		at += w + len(gap)
	}
	line.Text += d.Styles.Dim.String(note)
	line.Text = strings.TrimRight(line.Text, " ")
	return line
}

// Draw draws a form's lines over the page behind it.
func (d *Form[F]) Draw(lines []Line[F], page []string, w int) []string {
	return Over(page, d.box(fitting(lines, len(page))), w)
}

// fitting leaves out words where a form is too high for its page, the last ones first, so that all that can be used is seen.
// The first line names what the form is about, and stays.
func fitting[F comparable](lines []Line[F], h int) []Line[F] {
	const frame = 2
	for i := len(lines) - 1; i > 0 && len(lines)+frame > h; i-- {
		if len(lines[i].spots) == 0 {
			lines = slices.Delete(lines, i, i+1)
		}
	}
	return lines
}

func (d *Form[F]) box(lines []Line[F]) []string {
	texts := make([]string, len(lines))
	for i := range lines {
		texts[i] = lines[i].Text
	}
	return Box(d.Styles, texts, FormWidth)
}

// Click gives the focus to what is at a cell of the page behind the form, and returns the key that the click is as good as
// there. It reports false where there is nothing more to do.
func (d *Form[F]) Click(lines []Line[F], x, y, w, h int) (tea.KeyMsg, bool) {
	lines = fitting(lines, h)
	x, y = Inside(d.box(lines), x, y, w, h)
	if y < 0 || y >= len(lines) {
		return tea.KeyMsg{}, false
	}
	for _, s := range lines[y].spots {
		if s.from <= x && x < s.to {
			d.FocusOn(s.field)
			return tea.KeyMsg{Type: s.press}, s.press != 0
		}
	}
	return tea.KeyMsg{}, false
}
