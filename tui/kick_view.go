package tui

import (
	"fmt"

	"github.com/charmbracelet/bubbles/key"

	"holter/model"
)

func (d *kickDialog) footer(w int, message string) []string {
	k := d.keys
	return []string{message, hints(d.styles, w, []key.Binding{k.Cancel, k.Press, k.NextField, k.More, k.Toggle})}
}

// view draws the dialog over the page behind it.
func (d *kickDialog) view(page []string, w int) []string {
	const inner = 52
	g := &d.styles.glyphs
	lines := []string{
		d.styles.strong.String(g.cut("Kick "+g.plain(d.title), inner)),
		g.cut(g.plain(d.liveLine()), inner),
	}
	for _, f := range d.fields {
		switch f {
		case fieldCode:
			lines = append(lines, d.field(f, "code", closeCode(kickCodes[d.code], "")))
		case fieldReset:
			lines = append(lines, d.field(f, "reset", g.checkbox(d.reset)+" instead of a close frame"))
		case fieldReason:
			lines = append(lines, d.field(f, "reason", d.input(f, inner-12)))
		case fieldOver:
			lines = append(lines, d.field(f, "over", d.input(f, maxKickOver+1)+" seconds; at once if empty"))
		case fieldCount:
			lines = append(lines, d.field(f, "type", fmt.Sprintf("%s to kick %d", d.input(f, 7), len(d.ids))))
		}
	}
	lines = append(lines, d.styles.alarm.String(d.wrong), d.button(fieldCancel, "Cancel")+"    "+d.button(fieldKick, "Kick"))
	return dialogOver(page, d.styles.box(lines, inner), w)
}

// liveLine says how those whom it is about are now, whatever the picture behind shows.
func (d *kickDialog) liveLine() string {
	if len(d.ids) > 1 {
		return fmt.Sprintf("live: %d of %d are there", len(d.remaining()), len(d.ids))
	}
	c := d.live.find(d.ids[0])
	if c == nil || !c.Open() {
		return "live: it is gone already"
	}
	return fmt.Sprintf("live: %s %s for %s, from %s", d.styles.glyphs.states[min(c.State, model.Away)], c.State,
		silence(d.live.Time.Sub(c.Since)), c.Remote)
}

func (d *kickDialog) input(f kickField, w int) string {
	in := d.inputs[f]
	in.Width = w
	return in.View()
}

// field is a line with a choice. With a reset, code and reason are sent to nobody.
func (d *kickDialog) field(f kickField, name, value string) string {
	g := &d.styles.glyphs
	mark := " "
	if d.focus() == f {
		mark = g.cursor
	}
	look := paint{}
	switch {
	case d.reset && (f == fieldCode || f == fieldReason):
		look = d.styles.dim
	case d.focus() == f && d.inputs[f] == nil:
		look = d.styles.strong
	}
	if d.focus() == f && f == fieldCode {
		value += "  " + g.keys.left + " " + g.keys.right
	}
	return mark + " " + pad(name, 7) + look.String(value)
}

// button is reversed when it has the focus, and marked for those who cannot see that.
func (d *kickDialog) button(f kickField, label string) string {
	if d.focus() == f {
		return d.styles.pressed.String(d.styles.glyphs.cursor + " " + label + " ")
	}
	return "  " + label + " "
}
