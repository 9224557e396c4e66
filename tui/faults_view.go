package tui

import (
	"fmt"

	"holter/tui/look"

	"github.com/charmbracelet/bubbles/key"
)

func (d *faultDialog) footer(w int, message string) []string {
	k := d.keys
	return []string{message, hints(d.styles, w, []key.Binding{k.Cancel, k.Press, k.NextField, k.More, d.clear})}
}

// view draws the dialog over the page behind it.
func (d *faultDialog) view(page []string, w int) []string {
	g, to := &d.styles.Glyphs, &d.choices[d.whom]
	lines := []string{
		d.styles.Strong.String(g.Cut("Faults of "+g.Plain(to.label), formWidth)),
		g.Cut(g.Plain(d.live.still(d.styles, to.ids)), formWidth),
	}
	for _, f := range d.fields {
		switch f {
		case faultWhom:
			lines = append(lines, d.choice(f, "whom", g.Cut(g.Plain(to.label), formWidth-labelled-5)))
		case faultPreset:
			name := "as written"
			if at := fitting(d.inputs[faultText].Value()); at >= 0 {
				name = faultPresets[at].name
			}
			lines = append(lines, d.choice(f, "preset", name))
		case faultText:
			lines = append(lines, d.field(f, "faults", d.input(f, formWidth-labelled-3)))
		case faultCount:
			lines = append(lines, d.field(f, "type", fmt.Sprintf("%s to disturb %d", d.input(f, 7), len(to.ids))))
		}
	}
	wrong := look.Wrap(g.Plain(d.wrong), formWidth)
	for _, line := range wrong {
		lines = append(lines, d.styles.Alarm.String(line))
	}
	lines = append(lines, d.button(faultCancel, "Cancel")+"    "+d.button(faultSet, "Set")+"    "+d.styles.Dim.String("0 ends them"))
	return dialogOver(page, box(d.styles, lines, formWidth), w)
}
