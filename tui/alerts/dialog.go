package alerts

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/look"
	"holter/tui/widget"
)

// Dialog lists the alerts, with what is known of the one under the cursor, or the rules and where alerts are sent to. It takes
// the whole page.
type Dialog struct {
	styles *look.Styles
	keys   Keys
	do     Actions
	list   widget.List[model.Alert, string]
	rules  widget.List[model.AlertRule, string]
	book   *model.AlertBook // nil before it has come
	ruling bool             // the rules are shown
	now    time.Time
}

// Keys are the keys that the dialog obeys.
type Keys struct {
	*widget.Keys
	Alerts, Open, Acknowledge, Silence, Rules key.Binding
}

// Actions are what the keys do.
type Actions struct {
	Visit func(model.Place) tea.Cmd // shows the evidence
	Order func(o model.AlertOrder, done string) tea.Cmd
	Book  func() tea.Cmd // asks for the rules, which come by SetBook
}

// SilenceFor is for how long the key silences.
const SilenceFor = time.Hour

// NewDialog lists alerts as of now.
func NewDialog(s *look.Styles, k Keys, do Actions, all []model.Alert, now time.Time) *Dialog {
	d := &Dialog{styles: s, keys: k, do: do}
	d.list = widget.NewList(widget.NewTable(d.columns(), State), func(a *model.Alert) string { return a.ID })
	d.rules = widget.NewList(widget.NewTable(d.ruleColumns(), stateOfRule), func(r *model.AlertRule) string { return r.Name })
	d.list.Pin(true)
	d.Set(all, now)
	return d
}

// Set replaces the alerts. The cursor stays on its own.
func (d *Dialog) Set(all []model.Alert, now time.Time) {
	rows, longest := make([]*model.Alert, len(all)), 0
	for i := range all {
		rows[i] = &all[i]
		longest = max(longest, look.Width(about(&all[i])))
	}
	d.now = now
	d.list.Set(rows)
	d.list.Table.Fit("ABOUT", longest)
}

// SetBook sets the rules and the outputs.
func (d *Dialog) SetBook(b *model.AlertBook) {
	d.book = b
	rows, longest := make([]*model.AlertRule, len(b.Rules)), 0
	for i := range b.Rules {
		rows[i] = &b.Rules[i]
		longest = max(longest, look.Width(b.Rules[i].Name))
	}
	d.rules.Set(rows)
	d.rules.Table.Fit("RULE", longest)
}

func (d *Dialog) columns() []widget.Column[model.Alert] {
	g := &d.styles.Glyphs
	plain := func(text func(a *model.Alert) string) func(*model.Alert, int) string {
		return func(a *model.Alert, w int) string { return g.Cut(g.Plain(text(a)), w) }
	}
	return []widget.Column[model.Alert]{
		{Title: "STATE", Min: 10, Want: 14, Loud: true, Text: func(a *model.Alert, w int) string { return g.Cut(glyph(a, g)+" "+condition(a, d.now), w) }},
		{Title: "ALERT", Min: 14, Want: 20, Ample: 40, Loud: true, Text: plain(func(a *model.Alert) string { return a.Rule })},
		{Title: "ABOUT", Min: 10, Want: 20, Ample: 60, Fits: true, Rank: widget.Second, Text: plain(about)},
		{Title: "FOR", Min: 6, Right: true, Text: func(a *model.Alert, _ int) string { return look.Span(d.now.Sub(since(a))) }},
		{Title: "WHAT", Min: 12, Rank: widget.Third, Text: plain(func(a *model.Alert) string { return a.Detail })},
	}
}

func (d *Dialog) ruleColumns() []widget.Column[model.AlertRule] {
	g := &d.styles.Glyphs
	length := func(l time.Duration) string {
		if l == 0 {
			return look.None
		}
		return span(l)
	}
	return []widget.Column[model.AlertRule]{
		{Title: "STATE", Min: 10, Loud: true, Text: func(r *model.AlertRule, w int) string { return g.Cut(g.Plain(string(r.State)), w) }},
		{Title: "RULE", Min: 14, Want: 20, Ample: 40, Fits: true, Loud: true, Text: func(r *model.AlertRule, w int) string { return g.Cut(g.Plain(r.Name), w) }},
		{Title: "FROM", Min: 6, Rank: widget.Third, Text: func(r *model.AlertRule, _ int) string {
			if r.BuiltIn {
				return "holter"
			}
			return "you"
		}},
		{Title: "ALERTS", Min: 6, Right: true, Rank: widget.Second, Text: func(r *model.AlertRule, _ int) string { return look.Count(r.Alerts) }},
		{Title: "AFTER", Min: 5, Right: true, Rank: widget.Second, Text: func(r *model.AlertRule, _ int) string { return length(r.For) }},
		{Title: "WHEN", Min: 12, Text: func(r *model.AlertRule, w int) string { return g.Cut(g.Plain(r.Condition), w) }},
	}
}

// Update takes a key.
func (d *Dialog) Update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	k := d.keys
	switch {
	case key.Matches(msg, k.Back, k.Quit) && d.ruling:
		d.ruling = false
		return false, nil
	case key.Matches(msg, k.Back, k.Quit, k.Alerts):
		return true, nil
	case key.Matches(msg, k.Rules):
		d.ruling = !d.ruling
		return false, d.do.Book()
	case d.ruling:
		return false, d.orderRule(msg)
	}
	return d.orderAlert(msg)
}

// orderAlert takes a key that is about the alert under the cursor.
func (d *Dialog) orderAlert(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	a, k := d.list.Selected(), d.keys
	switch {
	case a == nil:
	case key.Matches(msg, k.Open):
		return true, d.do.Visit(a.At)
	case key.Matches(msg, k.Acknowledge) && a.Acknowledged.IsZero():
		return false, d.do.Order(model.AlertOrder{Target: a.ID, Do: model.Acknowledge}, a.Rule+" is acknowledged until it is resolved")
	case key.Matches(msg, k.Acknowledge):
		return false, d.do.Order(model.AlertOrder{Target: a.ID, Do: model.Unacknowledge}, a.Rule+" is not acknowledged any more")
	case key.Matches(msg, k.Silence):
		return false, d.silence(a.ID, a.Rule, d.now.Before(a.SilencedUntil))
	}
	d.list.Move(msg, k.Keys)
	return false, nil
}

// orderRule takes a key that is about the rule under the cursor.
func (d *Dialog) orderRule(msg tea.KeyMsg) tea.Cmd {
	if r := d.rules.Selected(); r != nil && key.Matches(msg, d.keys.Silence) {
		return d.silence(r.Name, "the rule "+r.Name, d.now.Before(r.SilencedUntil))
	}
	d.rules.Move(msg, d.keys.Keys)
	return nil
}

func (d *Dialog) silence(target, name string, silent bool) tea.Cmd {
	if silent {
		return d.do.Order(model.AlertOrder{Target: target, Do: model.Silence}, name+" is not silenced any more")
	}
	return d.do.Order(model.AlertOrder{Target: target, Do: model.Silence, For: SilenceFor}, name+" is silenced for "+span(SilenceFor))
}

// least is the lines for what is below the list, with the rule above it.
const least = 9

// View draws the list, and below it all that is known of the row under the cursor.
func (d *Dialog) View(page []string, w int) []string {
	if d.ruling {
		return d.viewRules(len(page), w)
	}
	s, g, h := d.styles, &d.styles.Glyphs, len(page)
	a := d.list.Selected()
	if a == nil {
		return look.Fill([]string{"", s.Strong.String(" No rule holds now, and none has for a quarter of an hour."), s.Dim.String(" " + d.keys.Rules.Help().Key + " lists the rules.")}, h)
	}
	d.list.SetSize(w, min(len(d.list.Rows)+1, max(4, h-least)))
	title := a.Rule
	if of := about(a); of != "" {
		title += " " + g.Arrow + " " + of
	}
	lines := append(d.list.View(s, widget.Order{}), s.Rule(g.Cut(g.Plain(title), w-4), w))
	return look.Fill(append(lines, d.paragraphs(d.words(a), w)...), h)
}

// paragraph is a text with a look.
type paragraph struct {
	text string
	look look.Paint
}

func (d *Dialog) paragraphs(list []paragraph, w int) []string {
	var lines []string
	for _, p := range list {
		if p.text == "" {
			continue
		}
		for _, line := range look.Wrap(d.styles.Glyphs.Plain(p.text), w-2) {
			lines = append(lines, " "+p.look.String(line))
		}
	}
	return lines
}

// words are what is known of an alert.
func (d *Dialog) words(a *model.Alert) []paragraph {
	s := d.styles
	list := []paragraph{{a.Annotation("summary"), s.Strong}, {a.Detail, s.States[State(a)]}}
	for _, n := range a.Annotations {
		if n.Name != "summary" {
			list = append(list, paragraph{n.Name + ": " + n.Value, look.Paint{}})
		}
	}
	list = append(list, paragraph{d.history(a), look.Paint{}})
	if a.At.Page != "" {
		list = append(list, paragraph{strings.TrimSuffix("evidence: the page of "+a.At.Page+", "+a.At.Query, ", "), s.Accent})
	}
	var words []string
	for _, l := range a.Labels {
		words = append(words, l.Name+"="+l.Value)
	}
	if a.BuiltIn {
		words = append(words, "(a rule of holter's own)")
	}
	return append(list, paragraph{strings.Join(words, "  "), s.Dim})
}

// history is what became of an alert until now.
func (d *Dialog) history(a *model.Alert) string {
	words := []string{"held from " + look.Clock(a.Since)}
	add := func(word string, at time.Time) {
		if !at.IsZero() {
			words = append(words, word+" "+look.Clock(at))
		}
	}
	add("fired", a.Fired)
	add("acknowledged", a.Acknowledged)
	add("resolved", a.Resolved)
	if d.now.Before(a.SilencedUntil) {
		add("silent until", a.SilencedUntil)
	}
	return strings.Join(words, ", ")
}

// viewRules draws the rules, and where their alerts are sent to.
func (d *Dialog) viewRules(h, w int) []string {
	s, g := d.styles, &d.styles.Glyphs
	if d.book == nil {
		return look.Fill([]string{"", s.Dim.String(" asking for the rules" + g.Ellipsis)}, h)
	}
	var below []paragraph
	if r := d.rules.Selected(); r != nil {
		below = append(below, paragraph{r.Condition, s.Strong}, paragraph{ruleWords(r, d.now), look.Paint{}})
	}
	for i := range d.book.Outputs {
		below = append(below, outputWords(&d.book.Outputs[i], d.now, s))
	}
	if len(d.book.Outputs) == 0 {
		below = append(below, paragraph{"sent nowhere: --alert-webhook, --alertmanager and --alert-command send alerts", s.Dim})
	}
	text := d.paragraphs(below, w)
	d.rules.SetSize(w, min(len(d.rules.Rows)+1, max(2, h-1-min(len(text), h/2))))
	lines := append(d.rules.View(s, widget.Order{}), s.Rule("rules and outputs", w))
	return look.Fill(append(lines, text...), h)
}

// ruleWords are when the alerts of a rule fire and are resolved, and what else is to be said of it.
func ruleWords(r *model.AlertRule, now time.Time) string {
	words := []string{"fires at once"}
	if r.For > 0 {
		words[0] = "fires when it has held for " + span(r.For)
	}
	if r.KeepFiringFor > 0 {
		words = append(words, "is resolved when it has not held for "+span(r.KeepFiringFor))
	}
	if now.Before(r.SilencedUntil) {
		words = append(words, "is silent until "+look.Clock(r.SilencedUntil))
	}
	if r.LeftOut > 0 {
		words = append(words, fmt.Sprintf("holds of %d more things, for which there is no room", r.LeftOut))
	}
	return strings.Join(words, "; ")
}

func outputWords(o *model.AlertOutput, now time.Time, s *look.Styles) paragraph {
	text := fmt.Sprintf("%s: %d sent", o.Name, o.Sent)
	if o.Waiting > 0 {
		text += fmt.Sprintf(", %d waiting", o.Waiting)
	}
	if o.Dropped > 0 {
		text += fmt.Sprintf(", %d lost", o.Dropped)
	}
	if o.Failing == "" {
		return paragraph{text, look.Paint{}}
	}
	return paragraph{fmt.Sprintf("%s, failing for %s: %s", text, look.Span(now.Sub(o.Since)), o.Failing), s.States[model.Failed]}
}

// Click goes to a row.
func (d *Dialog) Click(x, y, _, _ int) (done bool, cmd tea.Cmd) {
	switch {
	case d.ruling && y < d.rules.Height:
		d.rules.Click(x, y)
	case !d.ruling && y < d.list.Height:
		d.list.Click(x, y)
	}
	return false, nil
}

// Footer is the message line, and the keys.
func (d *Dialog) Footer(w int, message string) []string {
	return []string{message, d.Hints(w)[1].View(d.styles)}
}

// Hints are the keys that the last line names.
func (d *Dialog) Hints(w int) [2]widget.Hints {
	k := d.keys
	called := func(b key.Binding, help string) key.Binding { b.SetHelp(b.Help().Key, help); return b }
	keys := []key.Binding{called(k.Open, "show the evidence"), called(k.Acknowledge, "acknowledge"), called(k.Silence, "silence 1h"), called(k.Rules, "rules"), k.Up, k.Down}
	if a := d.list.Selected(); a != nil && !a.Acknowledged.IsZero() {
		keys[1] = called(k.Acknowledge, "not acknowledged")
	}
	if d.ruling {
		keys = []key.Binding{called(k.Silence, "silence 1h"), called(k.Rules, "alerts"), k.Up, k.Down}
	}
	return [2]widget.Hints{1: {Width: w, Keys: keys, Always: []key.Binding{k.Back}}}
}
