package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
)

// kickCodes are the close codes that a server may give, the usual one first.
var kickCodes = []int{1001, 1000, 1008, 1011, 1012, 1013}

// kickField is what has the focus in the dialog.
type kickField uint8

const (
	fieldCode kickField = iota
	fieldReason
	fieldReset
	fieldCancel
	fieldKick
	kickFields
)

// kickDialog asks how to end one connection. It holds on to the id that it was opened for, whatever
// happens to the rows below, and its focus is on Cancel.
type kickDialog struct {
	styles *styles
	keys   *keyMap
	fx     *effects

	id     model.ID
	label  string
	remote string
	focus  kickField
	code   int // index into kickCodes
	reason textinput.Model
	reset  bool
}

func newKickDialog(s *styles, k *keyMap, fx *effects, c *model.Connection) *kickDialog {
	d := &kickDialog{
		styles: s, keys: k, fx: fx,
		id: c.ID, label: who(c), remote: c.Remote.String(),
		focus: fieldCancel, reason: newInput(s, model.MaxReason),
	}
	d.reason.Blur()
	return d
}

// update takes a key. done says that the dialog is over.
func (d *kickDialog) update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	switch k := d.keys; {
	case key.Matches(msg, k.Cancel):
		return true, nil
	case key.Matches(msg, k.NextField):
		d.moveFocus(1)
	case key.Matches(msg, k.PrevField):
		d.moveFocus(-1)
	case key.Matches(msg, k.Press):
		return d.press()
	case d.focus == fieldReason:
		d.typeReason(msg)
	case key.Matches(msg, k.Less):
		d.change(-1)
	case key.Matches(msg, k.More):
		d.change(1)
	case key.Matches(msg, k.Toggle) && d.focus == fieldReset:
		d.reset = !d.reset
	}
	return false, nil
}

func (d *kickDialog) moveFocus(step int) {
	n := int(kickFields)
	d.focus = kickField((int(d.focus) + step + n) % n)
	if d.focus == fieldReason {
		d.reason.Focus()
	} else {
		d.reason.Blur()
	}
}

// press does what the button in focus says. In a field it goes on to the next: enter alone never
// kicks.
func (d *kickDialog) press() (done bool, cmd tea.Cmd) {
	switch d.focus {
	case fieldCancel:
		return true, nil
	case fieldKick:
		return true, d.kick()
	}
	d.moveFocus(1)
	return false, nil
}

// typeReason takes a key for the reason, unless it would no longer fit into a close frame.
func (d *kickDialog) typeReason(msg tea.KeyMsg) {
	after, _ := d.reason.Update(msg)
	if len(after.Value()) <= model.MaxReason {
		d.reason = after
	}
}

// change takes another choice of what has the focus.
func (d *kickDialog) change(step int) {
	switch d.focus {
	case fieldCode:
		d.code = (d.code + step + len(kickCodes)) % len(kickCodes)
	case fieldReset:
		d.reset = !d.reset
	case fieldCancel, fieldKick:
		d.focus = fieldCancel + fieldKick - d.focus
	}
}

func (d *kickDialog) kick() tea.Cmd {
	k := model.Kick{IDs: []model.ID{d.id}, Reset: d.reset}
	how := "reset"
	if !d.reset {
		k.Code, k.Reason = kickCodes[d.code], strings.TrimSpace(d.reason.Value())
		how = closeCode(k.Code, k.Reason)
	}
	return d.fx.kick(k, d.label, how)
}

// hints are the keys that work here.
func (d *kickDialog) hints() []key.Binding {
	return []key.Binding{d.keys.Cancel, d.keys.Press, d.keys.NextField, d.keys.More, d.keys.Toggle}
}

// view draws the dialog over the page behind it.
func (d *kickDialog) view(page []string, w int) []string {
	const inner = 52
	g := &d.styles.glyphs
	d.reason.Width = inner - 12
	lines := []string{
		d.styles.strong.String(g.cut("Kick "+g.plain(d.label), inner)),
		d.styles.dim.String(g.cut("from "+d.remote, inner)),
		"",
		d.field(fieldCode, "code", closeCode(kickCodes[d.code], "")),
		d.field(fieldReason, "reason", d.reason.View()),
		d.field(fieldReset, "reset", g.checkbox(d.reset)+" instead of a close frame"),
		"",
		d.button(fieldCancel, "Cancel") + "    " + d.button(fieldKick, "Kick"),
	}
	return dialogOver(page, d.styles.box(lines, inner), w)
}

// field is a line with a choice. With a reset, code and reason are sent to nobody.
func (d *kickDialog) field(f kickField, name, value string) string {
	g := &d.styles.glyphs
	mark := " "
	if d.focus == f {
		mark = g.cursor
	}
	look := paint{}
	switch {
	case d.reset && (f == fieldCode || f == fieldReason):
		look = d.styles.dim
	case d.focus == f && f != fieldReason:
		look = d.styles.strong
	}
	if d.focus == f && f == fieldCode {
		value += "  " + g.keys.left + " " + g.keys.right
	}
	return mark + " " + pad(name, 7) + look.String(value)
}

// button is reversed when it has the focus, and marked for those who cannot see that.
func (d *kickDialog) button(f kickField, label string) string {
	if d.focus == f {
		return d.styles.pressed.String(d.styles.glyphs.cursor + " " + label + " ")
	}
	return "  " + label + " "
}
