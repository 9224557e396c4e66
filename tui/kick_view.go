package tui

import (
	"fmt"

	"holter/tui/look"

	"github.com/charmbracelet/bubbles/key"
)

func (d *kickDialog) footer(w int, message string) []string {
	k := d.keys
	return []string{message, hints(d.styles, w, []key.Binding{k.Cancel, k.Press, k.NextField, k.More, k.Toggle})}
}

// view draws the dialog over the page behind it. With a reset, code and reason are sent to nobody.
func (d *kickDialog) view(page []string, w int) []string {
	g := &d.styles.Glyphs
	lines := []string{
		d.styles.Strong.String(g.Cut("Kick "+g.Plain(d.label), formWidth)),
		g.Cut(g.Plain(d.live.still(d.styles, d.ids)), formWidth),
	}
	for _, f := range d.fields {
		switch f {
		case fieldCode:
			lines = append(lines, d.unless(d.reset, d.choice(f, "code", look.CloseCode(kickCodes[d.code], ""))))
		case fieldReset:
			lines = append(lines, d.field(f, "reset", g.Checkbox(d.reset)+" instead of a close frame"))
		case fieldReason:
			lines = append(lines, d.unless(d.reset, d.field(f, "reason", d.input(f, formWidth-labelled-3))))
		case fieldOver:
			lines = append(lines, d.field(f, "over", d.input(f, maxKickOver+1)+" seconds; at once if empty"))
		case fieldCount:
			lines = append(lines, d.field(f, "type", fmt.Sprintf("%s to kick %d", d.input(f, 7), len(d.ids))))
		}
	}
	lines = append(lines, d.styles.Alarm.String(d.wrong), d.button(fieldCancel, "Cancel")+"    "+d.button(fieldKick, "Kick"))
	return dialogOver(page, box(d.styles, lines, formWidth), w)
}

// unless dims a line that does not matter.
func (d *kickDialog) unless(idle bool, line string) string {
	if idle {
		return d.styles.Dim.String(line)
	}
	return line
}
