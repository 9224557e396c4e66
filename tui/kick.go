package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/look"
	"holter/tui/widget"
)

// kickCodes are the close codes that a server may give, the usual one first.
var kickCodes = []int{1001, 1000, 1008, 1011, 1012, 1013}

// maxKickOver bounds the seconds that a kick of many may be spread over, in digits.
const maxKickOver = 4

// kickField is what can have the focus in the dialog.
type kickField uint8

const (
	fieldCode kickField = iota
	fieldReason
	fieldReset
	fieldOver
	fieldCount
	fieldCancel
	fieldKick
)

// kickDialog asks how to end connections. It keeps those that it was opened for, whatever happens to the rows behind it,
// and opens with the focus on Cancel. Before it kicks it looks them up in the newest live picture.
type kickDialog struct {
	widget.Form[kickField]
	fx    *effects
	to    victims
	live  *picture
	code  int // index into kickCodes
	reset bool
}

func newKickDialog(s *look.Styles, k *keyMap, fx *effects, live *picture, to victims) *kickDialog {
	d := &kickDialog{Form: widget.NewForm[kickField](s, &k.Keys), fx: fx, live: live, to: to}
	ids := to.ids
	d.Fields = []kickField{fieldCode, fieldReason, fieldReset}
	d.AddInput(fieldReason, model.MaxReason)
	if len(ids) > 1 {
		d.Fields = append(d.Fields, fieldOver)
		d.AddInput(fieldOver, maxKickOver)
	}
	if len(ids) > widget.TypedAbove {
		d.Fields = append(d.Fields, fieldCount)
		d.AddInput(fieldCount, len(strconv.Itoa(len(ids))))
	}
	d.Fields = append(d.Fields, fieldCancel, fieldKick)
	d.FocusOn(fieldCancel)
	return d
}

// refresh takes a live picture.
func (d *kickDialog) refresh(p *picture) { d.live = p }

// Update takes a key. done says that the dialog is over.
func (d *kickDialog) Update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	switch k := d.Keys; {
	case key.Matches(msg, k.Cancel):
		return true, nil
	case d.Moved(msg):
	case key.Matches(msg, k.Press):
		return d.press()
	case d.Inputs[d.At] != nil:
		d.write(msg)
	case key.Matches(msg, k.Quit):
		return true, nil
	case key.Matches(msg, k.Less):
		d.change(-1)
	case key.Matches(msg, k.More):
		d.change(1)
	case key.Matches(msg, k.Toggle) && d.At == fieldReset:
		d.reset = !d.reset
	case widget.IsText(msg):
		d.FocusOn(d.textField(msg))
		d.write(msg)
	}
	return false, nil
}

// textField is where text goes that is typed while a button or a choice has the focus.
func (d *kickDialog) textField(msg tea.KeyMsg) kickField {
	if d.Inputs[fieldCount] != nil && widget.Digits(string(msg.Runes)) {
		return fieldCount
	}
	return fieldReason
}

// press does what the button in focus says. In a field it goes on to the next: enter alone never
// kicks. From a number that is wrong it does not go on.
func (d *kickDialog) press() (done bool, cmd tea.Cmd) {
	switch d.At {
	case fieldCancel:
		return true, nil
	case fieldKick:
		return d.kick()
	case fieldCount:
		if d.Inputs[fieldCount].Value() != "" && !d.Counted(fieldCount, "kick", len(d.to.ids)) {
			return false, nil
		}
	}
	d.MoveFocus(1)
	return false, nil
}

// write takes a key for the input in focus: digits, or a reason as long as it fits into a close frame.
func (d *kickDialog) write(msg tea.KeyMsg) {
	in := d.Inputs[d.At]
	after, _ := in.Update(msg)
	if d.At == fieldReason && len(after.Value()) > model.MaxReason || d.At != fieldReason && !widget.Digits(after.Value()) {
		return
	}
	*in, d.Wrong = after, ""
}

// change goes to another choice in the field that has the focus.
func (d *kickDialog) change(step int) {
	switch d.At {
	case fieldCode:
		d.code = (d.code + step + len(kickCodes)) % len(kickCodes)
	case fieldReset:
		d.reset = !d.reset
	case fieldCancel, fieldKick:
		d.MoveFocus(map[kickField]int{fieldCancel: 1, fieldKick: -1}[d.At])
	}
}

// kick ends the connections that are still meant, if their number was typed where it has to be.
func (d *kickDialog) kick() (done bool, cmd tea.Cmd) {
	if !d.Counted(fieldCount, "kick", len(d.to.ids)) {
		return false, nil
	}
	k := model.Kick{IDs: d.live.still(d.to), Reset: d.reset}
	if len(k.IDs) == 0 {
		d.Wrong = d.to.noneLeft()
		return false, nil
	}
	how := "reset"
	if !d.reset {
		k.Code, k.Reason = kickCodes[d.code], strings.TrimSpace(d.Inputs[fieldReason].Value())
		how = look.CloseCode(k.Code, k.Reason)
	}
	if in := d.Inputs[fieldOver]; in != nil && in.Value() != "" {
		seconds, _ := strconv.Atoi(in.Value()) // digits
		k.Over = time.Duration(seconds) * time.Second
		how += ", over " + in.Value() + " s"
	}
	return true, d.fx.kick(k, d.to, how)
}

func (d *kickDialog) Footer(w int, message string) []string {
	return []string{message, d.Hints(w)[1].View(d.Styles)}
}

func (d *kickDialog) Hints(w int) [2]widget.Hints {
	k := d.Keys
	return [2]widget.Hints{1: {Width: w, Keys: []key.Binding{k.Cancel, k.Press, k.NextField, k.More, k.Toggle}}}
}

// View draws the dialog over the page behind it.
func (d *kickDialog) View(page []string, w int) []string { return d.Draw(d.lines(), page, w) }

func (d *kickDialog) Click(x, y, w, h int) (done bool, cmd tea.Cmd) {
	if msg, ok := d.Form.Click(d.lines(), x, y, w, h); ok {
		return d.Update(msg)
	}
	return false, nil
}

// lines are the text of the dialog. Code and reason are dim where a reset replaces the close frame.
func (d *kickDialog) lines() []widget.Line[kickField] {
	g := &d.Styles.Glyphs
	lines := []widget.Line[kickField]{
		widget.Words[kickField](d.Styles.Strong.String(g.Cut("Kick "+g.Plain(d.to.label), widget.FormWidth))),
		widget.Words[kickField](g.Cut(g.Plain(d.live.tell(d.Styles, d.to)), widget.FormWidth)),
	}
	for _, f := range d.Fields {
		switch f {
		case fieldCode:
			lines = append(lines, d.unless(d.reset, d.Choice(f, "code", look.CloseCode(kickCodes[d.code], ""))))
		case fieldReset:
			lines = append(lines, d.Switch(f, "reset", g.Checkbox(d.reset)+" instead of a close frame"))
		case fieldReason:
			lines = append(lines, d.unless(d.reset, d.Field(f, "reason", d.Input(f, widget.FormWidth-widget.Labelled-3))))
		case fieldOver:
			lines = append(lines, d.Field(f, "over", d.Input(f, maxKickOver+1)+" seconds; at once if empty"))
		case fieldCount:
			lines = append(lines, d.Field(f, "type", fmt.Sprintf("%s to kick %d", d.Input(f, 7), len(d.to.ids))))
		}
	}
	return append(lines, widget.Words[kickField](d.Styles.Alarm.String(d.Wrong)),
		d.Buttons("", widget.Button[kickField]{Field: fieldCancel, Label: "Cancel"}, widget.Button[kickField]{Field: fieldKick, Label: "Kick"}))
}

// unless dims a line that does not matter.
func (d *kickDialog) unless(idle bool, line widget.Line[kickField]) widget.Line[kickField] {
	if idle {
		return d.Dim(line)
	}
	return line
}
