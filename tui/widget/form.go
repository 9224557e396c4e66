package widget

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

// TypedAbove is the largest number of connections that a form is about without their number being typed.
const TypedAbove = 10

// FormWidth is the cells of a form's text, and Labelled the cell at which the values of its fields begin.
const (
	FormWidth = 52
	Labelled  = 9
)

// Form is a dialog of fields and buttons, one of which has the focus. F tells the fields apart.
type Form[F comparable] struct {
	Styles *look.Styles
	Keys   *Keys
	Fields []F // in the order of the focus
	At     F
	Inputs map[F]*textinput.Model
	Wrong  string // why the form did not do what it was told, "" if it did
}

// NewForm is a form without fields.
func NewForm[F comparable](s *look.Styles, k *Keys) Form[F] {
	return Form[F]{Styles: s, Keys: k, Inputs: map[F]*textinput.Model{}}
}

// AddInput makes f a field to type in, of at most limit characters.
func (d *Form[F]) AddInput(f F, limit int) {
	in := NewInput(d.Styles, limit)
	in.Blur()
	d.Inputs[f] = &in
}

// FocusOn gives a field the focus.
func (d *Form[F]) FocusOn(f F) {
	if in := d.Inputs[d.At]; in != nil {
		in.Blur()
	}
	d.At = f
	if in := d.Inputs[f]; in != nil {
		in.Focus()
	}
}

// MoveFocus goes to the next field or the one before, around the ends.
func (d *Form[F]) MoveFocus(step int) {
	n := len(d.Fields)
	d.FocusOn(d.Fields[(slices.Index(d.Fields, d.At)+step+n)%n])
}

// Asks marks a dialog whose answer does something. What comes in one read with such an answer is for nothing else.
func (d *Form[F]) Asks() {}

// IsText reports whether a key is text, typed or pasted.
func IsText(msg tea.KeyMsg) bool { return msg.Type == tea.KeyRunes && !msg.Alt }

// Moved takes a key that moves the focus. It reports whether msg was one.
func (d *Form[F]) Moved(msg tea.KeyMsg) bool {
	switch {
	case key.Matches(msg, d.Keys.NextField):
		d.MoveFocus(1)
	case key.Matches(msg, d.Keys.PrevField):
		d.MoveFocus(-1)
	default:
		return false
	}
	return true
}

// Input draws what is typed into f, w cells wide.
func (d *Form[F]) Input(f F, w int) string {
	in := d.Inputs[f]
	in.Width = w
	return in.View()
}

// Fault says what is wrong with the field f, and gives it the focus: what is typed next mends it.
func (d *Form[F]) Fault(f F, wrong string) {
	d.Wrong = wrong
	d.FocusOn(f)
}

// Counted reports whether n was typed into f, where n is so large that it has to be typed. If not, that is what is wrong.
func (d *Form[F]) Counted(f F, what string, n int) bool {
	if n <= TypedAbove || d.Inputs[f].Value() == strconv.Itoa(n) {
		return true
	}
	d.Fault(f, fmt.Sprintf("to %s %d, type %d", what, n, n))
	return false
}

// Digits reports whether text has nothing but digits.
func Digits(text string) bool { return strings.Trim(text, "0123456789") == "" }
