package tui

import (
	"errors"
	"strings"

	caret "github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model/filter"
	"holter/tui/look"
)

// maxFilter bounds what can be typed.
const maxFilter = 500

// prompt is where a filter is typed.
type prompt struct {
	styles *look.Styles
	input  textinput.Model
	err    error // what is wrong with the text as it stands
}

func newPrompt(s *look.Styles, text string) *prompt {
	p := &prompt{styles: s, input: newInput(s, maxFilter)}
	p.input.Prompt = " /"
	p.input.SetValue(text)
	p.input.CursorEnd()
	return p
}

// newInput is an input in the screen's style. Its cursor does not blink, which would need a message
// twice a second, and it leaves pasting to the terminal instead of starting a clipboard program.
func newInput(s *look.Styles, limit int) textinput.Model {
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

// update takes a key. It returns the filter and true if the text is another one now and a good one.
func (p *prompt) update(msg tea.Msg) (filter.Filter, bool) {
	before := p.input.Value()
	p.input, _ = p.input.Update(msg)
	if p.input.Value() == before {
		return filter.Filter{}, false
	}
	return p.parse()
}

// set replaces the text, and returns what update does.
func (p *prompt) set(text string) (filter.Filter, bool) {
	p.input.SetValue(text)
	p.input.CursorEnd()
	return p.parse()
}

func (p *prompt) parse() (f filter.Filter, ok bool) {
	f, p.err = filter.Parse(p.input.Value())
	return f, p.err == nil
}

func (p *prompt) value() string { return strings.TrimSpace(p.input.Value()) }

// view is the line that is typed in.
func (p *prompt) view(w int) string {
	p.input.Width = w - 3
	return p.styles.Glyphs.Cut(p.input.View(), w)
}

// problem is the line below: a mark under the place where the text stops making sense, and what was
// expected there. It is empty while the text is good.
func (p *prompt) problem(w int) string {
	if p.err == nil {
		return ""
	}
	wrong, ok := errors.AsType[*filter.Error](p.err)
	if !ok {
		return p.styles.Alarm.String(p.styles.Glyphs.Cut(" "+p.err.Error(), w))
	}
	text := p.input.Value()
	column := 2 + look.Width(text[:min(wrong.Pos, len(text))])
	note := "^ " + wrong.Expected
	if column+look.Width(note) > w {
		column = max(0, w-look.Width(note))
		note = strings.Replace(note, "^", " ", 1)
	}
	return p.styles.Alarm.String(p.styles.Glyphs.Cut(strings.Repeat(" ", column)+note, w))
}
