package tui

import (
	"fmt"

	"github.com/charmbracelet/bubbles/key"

	"holter/tui/look"
	"holter/tui/widget"
)

func (d *faultDialog) Footer(w int, message string) []string {
	k := d.Keys
	return []string{message, widget.Hints(d.Styles, w, []key.Binding{k.Cancel, k.Press, k.NextField, k.More, d.clear})}
}

// View draws the dialog over the page behind it.
func (d *faultDialog) View(page []string, w int) []string {
	g, to := &d.Styles.Glyphs, &d.choices[d.whom]
	lines := []string{
		d.Styles.Strong.String(g.Cut("Faults of "+g.Plain(to.label), widget.FormWidth)),
		g.Cut(g.Plain(d.live.still(d.Styles, to.ids)), widget.FormWidth),
	}
	for _, f := range d.Fields {
		switch f {
		case faultWhom:
			lines = append(lines, d.Choice(f, "whom", g.Cut(g.Plain(to.label), widget.FormWidth-widget.Labelled-5)))
		case faultPreset:
			name := "as written"
			if at := fitting(d.Inputs[faultText].Value()); at >= 0 {
				name = faultPresets[at].name
			}
			lines = append(lines, d.Choice(f, "preset", name))
		case faultText:
			lines = append(lines, d.Field(f, "faults", d.Input(f, widget.FormWidth-widget.Labelled-3)))
		case faultCount:
			lines = append(lines, d.Field(f, "type", fmt.Sprintf("%s to disturb %d", d.Input(f, 7), len(to.ids))))
		}
	}
	wrong := look.Wrap(g.Plain(d.Wrong), widget.FormWidth)
	for _, line := range wrong {
		lines = append(lines, d.Styles.Alarm.String(line))
	}
	lines = append(lines, d.Button(faultCancel, "Cancel")+"    "+d.Button(faultSet, "Set")+"    "+d.Styles.Dim.String("0 ends them"))
	return widget.Over(page, widget.Box(d.Styles, lines, widget.FormWidth), w)
}
