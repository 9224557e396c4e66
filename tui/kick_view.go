package tui

import (
	"fmt"

	"github.com/charmbracelet/bubbles/key"

	"holter/tui/look"
	"holter/tui/widget"
)

func (d *kickDialog) Footer(w int, message string) []string {
	k := d.Keys
	return []string{message, widget.Hints(d.Styles, w, []key.Binding{k.Cancel, k.Press, k.NextField, k.More, k.Toggle})}
}

// View draws the dialog over the page behind it. With a reset, code and reason are sent to nobody.
func (d *kickDialog) View(page []string, w int) []string {
	g := &d.Styles.Glyphs
	lines := []string{
		d.Styles.Strong.String(g.Cut("Kick "+g.Plain(d.label), widget.FormWidth)),
		g.Cut(g.Plain(d.live.still(d.Styles, d.ids)), widget.FormWidth),
	}
	for _, f := range d.Fields {
		switch f {
		case fieldCode:
			lines = append(lines, d.unless(d.reset, d.Choice(f, "code", look.CloseCode(kickCodes[d.code], ""))))
		case fieldReset:
			lines = append(lines, d.Field(f, "reset", g.Checkbox(d.reset)+" instead of a close frame"))
		case fieldReason:
			lines = append(lines, d.unless(d.reset, d.Field(f, "reason", d.Input(f, widget.FormWidth-widget.Labelled-3))))
		case fieldOver:
			lines = append(lines, d.Field(f, "over", d.Input(f, maxKickOver+1)+" seconds; at once if empty"))
		case fieldCount:
			lines = append(lines, d.Field(f, "type", fmt.Sprintf("%s to kick %d", d.Input(f, 7), len(d.ids))))
		}
	}
	lines = append(lines, d.Styles.Alarm.String(d.Wrong), d.Button(fieldCancel, "Cancel")+"    "+d.Button(fieldKick, "Kick"))
	return widget.Over(page, widget.Box(d.Styles, lines, widget.FormWidth), w)
}

// unless dims a line that does not matter.
func (d *kickDialog) unless(idle bool, line string) string {
	if idle {
		return d.Styles.Dim.String(line)
	}
	return line
}
