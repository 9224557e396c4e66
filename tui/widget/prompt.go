package widget

import (
	"errors"
	"strings"

	caret "github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model/filter"
	"holter/tui/look"
)

// MaxFilter bounds what can be typed, in characters.
const MaxFilter = 500

// Prompt is the line in which a filter is typed.
type Prompt struct {
	Styles *look.Styles
	place  filter.Place
	input  textinput.Model
	Err    error // what is wrong with the text as it stands
}

// NewPrompt is a prompt for a filter of that place, with a text in it and the caret behind.
func NewPrompt(s *look.Styles, place filter.Place, text string) *Prompt {
	p := &Prompt{Styles: s, place: place, input: NewInput(s, MaxFilter)}
	p.input.Prompt = " /"
	p.input.SetValue(text)
	p.input.CursorEnd()
	return p
}

// NewInput is an input in the screen's style. Its cursor does not blink, which would need a message
// twice a second, and it leaves pasting to the terminal instead of starting a clipboard program.
func NewInput(s *look.Styles, limit int) textinput.Model {
	in := textinput.New()
	in.Prompt = ""
	in.CharLimit = limit
	in.Cursor.Style = s.Caret
	in.PlaceholderStyle = s.Caret
	in.Cursor.SetMode(caret.CursorStatic)
	in.KeyMap.Paste.SetEnabled(false)
	in.Focus()
	return in
}

// Update types a key. It returns the filter and true if the text has changed and is a valid filter.
func (p *Prompt) Update(msg tea.Msg) (filter.Filter, bool) {
	before := p.input.Value()
	p.input, _ = p.input.Update(msg)
	if p.input.Value() == before {
		return filter.Filter{}, false
	}
	return p.parse()
}

// Set replaces the text, and returns what Update returns.
func (p *Prompt) Set(text string) (filter.Filter, bool) {
	p.input.SetValue(text)
	p.input.CursorEnd()
	return p.parse()
}

func (p *Prompt) parse() (f filter.Filter, ok bool) {
	f, p.Err = p.place.Parse(p.input.Value())
	return f, p.Err == nil
}

// Value is the text without blanks around it.
func (p *Prompt) Value() string { return strings.TrimSpace(p.input.Value()) }

// View is the line that is typed in.
func (p *Prompt) View(w int) string {
	p.input.Width = w - 3
	return p.Styles.Glyphs.Cut(p.input.View(), w)
}

// Problem is the line below: a mark under the place where the text stops making sense, and what was
// expected there. It is empty while the text is good.
func (p *Prompt) Problem(w int) string {
	if p.Err == nil {
		return ""
	}
	wrong, ok := errors.AsType[*filter.Error](p.Err)
	if !ok {
		return p.Styles.Alarm.String(p.Styles.Glyphs.Cut(" "+p.Err.Error(), w))
	}
	text := p.input.Value()
	column := 2 + look.Width(text[:min(wrong.Pos, len(text))])
	note := "^ " + wrong.Expected
	if column+look.Width(note) > w {
		column = max(0, w-look.Width(note))
		note = strings.Replace(note, "^", " ", 1)
	}
	return p.Styles.Alarm.String(p.Styles.Glyphs.Cut(strings.Repeat(" ", column)+note, w))
}
