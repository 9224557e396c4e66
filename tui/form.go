package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/look"
)

// typedAbove is how many connections may be meant without their number being typed.
const typedAbove = 10

// formWidth is the cells of a form's text, and labelled where its fields begin.
const (
	formWidth = 52
	labelled  = 9
)

// dialogForm is fields and buttons of which one has the focus.
type dialogForm[F comparable] struct {
	styles *look.Styles
	keys   *widgetKeys
	fields []F // in the order of the focus
	at     F
	inputs map[F]*textinput.Model
	wrong  string // why it was not done
}

func newDialogForm[F comparable](s *look.Styles, k *widgetKeys) dialogForm[F] {
	return dialogForm[F]{styles: s, keys: k, inputs: map[F]*textinput.Model{}}
}

func (d *dialogForm[F]) addInput(f F, limit int) {
	in := newInput(d.styles, limit)
	in.Blur()
	d.inputs[f] = &in
}

// focusOn gives a field the focus.
func (d *dialogForm[F]) focusOn(f F) {
	if in := d.inputs[d.at]; in != nil {
		in.Blur()
	}
	d.at = f
	if in := d.inputs[f]; in != nil {
		in.Focus()
	}
}

// moveFocus goes to the next field or the one before, around the ends.
func (d *dialogForm[F]) moveFocus(step int) {
	n := len(d.fields)
	d.focusOn(d.fields[(slices.Index(d.fields, d.at)+step+n)%n])
}

// moved takes a key that moves the focus. It reports whether msg was one.
func (d *dialogForm[F]) moved(msg tea.KeyMsg) bool {
	switch {
	case key.Matches(msg, d.keys.NextField):
		d.moveFocus(1)
	case key.Matches(msg, d.keys.PrevField):
		d.moveFocus(-1)
	default:
		return false
	}
	return true
}

func (d *dialogForm[F]) input(f F, w int) string {
	in := d.inputs[f]
	in.Width = w
	return in.View()
}

// mark stands before a line: whether it has the focus.
func (d *dialogForm[F]) mark(f F) string {
	if d.at == f {
		return d.styles.Glyphs.Cursor
	}
	return " "
}

// field is a line with a name.
func (d *dialogForm[F]) field(f F, name, value string) string {
	paint := look.Paint{}
	if d.at == f && d.inputs[f] == nil {
		paint = d.styles.Strong
	}
	return d.mark(f) + " " + look.Pad(name, labelled-2) + paint.String(value)
}

// choice is a line whose value the arrows change.
func (d *dialogForm[F]) choice(f F, name, value string) string {
	if d.at == f {
		value += "  " + d.styles.Glyphs.Keys.Left + " " + d.styles.Glyphs.Keys.Right
	}
	return d.field(f, name, value)
}

// button is reversed when it has the focus, and marked for those who cannot see that.
func (d *dialogForm[F]) button(f F, label string) string {
	if d.at == f {
		return d.styles.Pressed.String(d.styles.Glyphs.Cursor + " " + label + " ")
	}
	return "  " + label + " "
}

// counted reports whether the number of those whom it is about was typed into f, where it has to be.
func (d *dialogForm[F]) counted(f F, what string, n int) bool {
	if n <= typedAbove || d.inputs[f].Value() == strconv.Itoa(n) {
		return true
	}
	d.wrong = fmt.Sprintf("to %s %d, type %d", what, n, n)
	return false
}

// digits reports whether text is nothing else.
func digits(text string) bool { return strings.Trim(text, "0123456789") == "" }
