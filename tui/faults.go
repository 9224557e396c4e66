package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/look"
	"holter/tui/widget"
)

// maxFaults bounds what can be typed, in bytes.
const maxFaults = 200

// faultPresets are disturbances worth a name, as model.ParseFaults reads them.
var faultPresets = []struct{ name, text string }{
	{"none", ""},
	{"far away", "latency=200ms±50ms"},
	{"a thin line", "rate=16KiB"},
	{"a stopped process", "freeze"},
	{"power failure", "half-open"},
	{"no pongs", "swallow-pongs"},
	{"lost messages", "drop=1/10"},
	{"a slow close", "slow-close=5s"},
	{"cut by the server", "cut=1011"},
	{"cut by a reset", "reset"},
}

// fitting is the index of the preset with a text, -1 if no preset has it.
func fitting(text string) int {
	for i := range faultPresets {
		if faultPresets[i].text == strings.TrimSpace(text) {
			return i
		}
	}
	return -1
}

// faultField is what can have the focus in the dialog.
type faultField uint8

const (
	faultTarget faultField = iota
	faultPreset
	faultText
	faultCount
	faultCancel
	faultSet
)

// faultDialog asks what to do to connections on purpose. It holds on to the ids that it was opened for.
type faultDialog struct {
	widget.Form[faultField]
	clear   key.Binding // ends the faults
	fx      *effects
	live    *picture
	choices []victims // at least one
	target  int       // index into choices
}

func newFaultDialog(s *look.Styles, k *keyMap, fx *effects, live *picture, choices []victims) *faultDialog {
	d := &faultDialog{Form: widget.NewForm[faultField](s, &k.Keys), clear: k.Clear, fx: fx, live: live, choices: choices}
	d.AddInput(faultText, maxFaults)
	d.AddInput(faultCount, 8)
	d.Inputs[faultText].SetValue(strings.Join(d.faults().Words(), " "))
	d.choose(0)
	d.FocusOn(faultPreset)
	return d
}

// refresh takes a live picture.
func (d *faultDialog) refresh(p *picture) { d.live = p }

// faults are those of the first choice, if that is one connection.
func (d *faultDialog) faults() *model.Faults {
	ids := d.choices[0].ids
	if c := d.live.find(ids[0]); c != nil && len(ids) == 1 {
		return c.Faults
	}
	return nil
}

// choose makes another choice the target.
func (d *faultDialog) choose(i int) {
	d.target = (i + len(d.choices)) % len(d.choices)
	d.Fields = d.Fields[:0]
	if len(d.choices) > 1 {
		d.Fields = append(d.Fields, faultTarget)
	}
	d.Fields = append(d.Fields, faultPreset, faultText)
	if len(d.choices[d.target].ids) > widget.TypedAbove {
		d.Fields = append(d.Fields, faultCount)
	}
	d.Fields = append(d.Fields, faultCancel, faultSet)
}

func (d *faultDialog) Update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
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
	case key.Matches(msg, d.clear):
		return d.end()
	case key.Matches(msg, k.Less):
		d.change(-1)
	case key.Matches(msg, k.More):
		d.change(1)
	case widget.IsText(msg): // typed on a button or a choice: it is meant for the text
		d.FocusOn(faultText)
		d.write(msg)
	}
	return false, nil
}

// press does what the button in focus says. It goes on from a field that makes sense: from what is typed to the button that
// sets it, and elsewhere to the next field.
func (d *faultDialog) press() (done bool, cmd tea.Cmd) {
	switch d.At {
	case faultCancel:
		return true, nil
	case faultSet, faultText, faultCount:
		f, err := model.ParseFaults(d.Inputs[faultText].Value())
		n := len(d.choices[d.target].ids)
		switch {
		case err != nil:
			d.Fault(faultText, err.Error())
		case d.At == faultText && f != (model.Faults{}) && slices.Contains(d.Fields, faultCount):
			d.FocusOn(faultCount)
		case d.At == faultCount && !d.Counted(faultCount, "disturb", n):
		case d.At != faultSet:
			d.FocusOn(faultSet)
		default:
			return d.set(f)
		}
		return false, nil
	}
	d.MoveFocus(1)
	return false, nil
}

// end ends the faults of one connection at once. Those of several it asks about.
func (d *faultDialog) end() (done bool, cmd tea.Cmd) {
	if d.choices[d.target].single() {
		return d.set(model.Faults{})
	}
	d.Inputs[faultText].SetValue("")
	d.Fault(faultSet, "enter ends the faults of "+d.choices[d.target].label)
	return false, nil
}

// write takes a key for the input in focus, and says at once what is wrong with the text.
func (d *faultDialog) write(msg tea.KeyMsg) {
	in := d.Inputs[d.At]
	after, _ := in.Update(msg)
	if d.At == faultCount && !widget.Digits(after.Value()) {
		return
	}
	*in, d.Wrong = after, ""
	if _, err := model.ParseFaults(d.Inputs[faultText].Value()); err != nil {
		d.Wrong = err.Error()
	}
}

// change goes to another choice in the field that has the focus.
func (d *faultDialog) change(step int) {
	switch d.At {
	case faultTarget:
		d.choose(d.target + step)
	case faultPreset:
		n := len(faultPresets)
		at := (max(fitting(d.Inputs[faultText].Value()), 0) + step + n) % n
		d.Inputs[faultText].SetValue(faultPresets[at].text)
		d.Wrong = ""
	case faultCancel, faultSet:
		d.MoveFocus(map[faultField]int{faultCancel: 1, faultSet: -1}[d.At])
	}
}

// set replaces the faults of the connections that are still meant. Ending faults takes no number to be typed.
func (d *faultDialog) set(f model.Faults) (done bool, cmd tea.Cmd) {
	to := d.choices[d.target]
	if f != (model.Faults{}) && !d.Counted(faultCount, "disturb", len(to.ids)) {
		return false, nil
	}
	now := d.live.still(to)
	if len(now) == 0 {
		d.Wrong = to.noneLeft()
		return false, nil
	}
	if c := d.live.find(now[0]); to.single() && (c == nil || !c.Open()) {
		d.Wrong = to.label + " is gone already"
		return false, nil
	}
	return true, d.fx.disturb(to, now, f)
}

// disturb puts faults on those connections of a dialog that are still meant.
func (e *effects) disturb(to victims, now []model.ID, f model.Faults) tea.Cmd {
	return e.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		n, err := e.source.SetFaults(ctx, model.FaultOrder{IDs: now, Faults: f})
		if code := model.ErrorCode(err); code == model.Gone || code == model.NotFound {
			err = nil // some were gone, and the message counts the others
			if n == 0 {
				err = errGone
			}
		}
		msg := reported{what: "disturb " + to.label, done: "faults of " + to.label + ": " + f.String(), err: err}
		if f == (model.Faults{}) {
			msg.what, msg.done = "end the faults of "+to.label, "no faults on "+to.label+" now"
		}
		if len(to.ids) > 1 && f == (model.Faults{}) {
			msg.done = "ended the faults of " + to.label
		}
		if len(to.ids) > 1 {
			msg.done += fmt.Sprintf(" (%d were there)", n)
		}
		return msg
	})
}

// askFaults opens the dialog for the connection that is selected, for those that are marked and for those that are listed.
// Where the one that is selected has gone it does not open for others instead.
func (a *App) askFaults() {
	if a.live == nil || !a.mayAct() {
		return
	}
	choices, why := a.disturbable()
	if why != "" {
		a.status.complain(why)
		return
	}
	a.ask(newFaultDialog(a.styles, &a.keys, a.fx, a.live, choices))
}

// disturbable are the connections to choose from, the most likely ones first, or why there are none.
func (a *App) disturbable() (choices []victims, why string) {
	all, _ := a.page().(many)
	if m, ok := a.page().(marker); ok && m.marked() {
		marked := all.targets()
		if len(marked.ids) == 0 {
			return nil, "nothing to disturb: " + marked.none
		}
		choices = append(choices, marked) // the marks were made for it
	}
	c, absent := a.chosen()
	var now *model.Connection
	if c != nil {
		now = a.live.find(c.ID)
	}
	switch {
	case now != nil && now.Open():
		choices = append(choices, victims{label: look.Who(c), ids: []model.ID{c.ID}})
	case len(choices) > 0:
	case c != nil:
		return nil, "nothing to disturb: " + look.Who(c) + " is gone already"
	default:
		return nil, absent
	}
	if all != nil && len(choices) == 1 {
		if to := all.targets(); len(to.ids) > 0 && !slices.Equal(to.ids, choices[0].ids) {
			choices = append(choices, to)
		}
	}
	return choices, ""
}

func (d *faultDialog) Footer(w int, message string) []string {
	return []string{message, d.Hints(w)[1].View(d.Styles)}
}

func (d *faultDialog) Hints(w int) [2]widget.Hints {
	k := d.Keys
	keys := []key.Binding{k.Cancel, k.Press, k.NextField, k.More}
	if d.Inputs[d.At] == nil { // there a 0 is text
		keys = append(keys, d.clear)
	}
	return [2]widget.Hints{1: {Width: w, Keys: keys}}
}

// View draws the dialog over the page behind it.
func (d *faultDialog) View(page []string, w int) []string { return d.Draw(d.lines(), page, w) }

func (d *faultDialog) Click(x, y, w, h int) (done bool, cmd tea.Cmd) {
	if msg, ok := d.Form.Click(d.lines(), x, y, w, h); ok {
		return d.Update(msg)
	}
	return false, nil
}

// lines are the text of the dialog.
func (d *faultDialog) lines() []widget.Line[faultField] {
	g, to := &d.Styles.Glyphs, &d.choices[d.target]
	lines := []widget.Line[faultField]{
		widget.Words[faultField](d.Styles.Strong.String(g.Cut("Faults of "+g.Plain(to.label), widget.FormWidth))),
		widget.Words[faultField](g.Cut(g.Plain(d.live.tell(d.Styles, *to)), widget.FormWidth)),
	}
	for _, f := range d.Fields {
		switch f {
		case faultTarget:
			lines = append(lines, d.Choice(f, "target", g.Cut(g.Plain(to.label), widget.FormWidth-widget.Labelled-5)))
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
	for _, line := range look.Wrap(g.Plain(d.Wrong), widget.FormWidth) {
		lines = append(lines, widget.Words[faultField](d.Styles.Alarm.String(line)))
	}
	return append(lines, d.Buttons("0 ends them",
		widget.Button[faultField]{Field: faultCancel, Label: "Cancel"}, widget.Button[faultField]{Field: faultSet, Label: "Set"}))
}
