package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/chart"
	"holter/tui/glossary"
	"holter/tui/look"
	"holter/tui/widget"
)

// help explains the screen: the marks first, then the keys that matter most where it was opened, the words, and all
// other keys. It can be searched.
type help struct {
	styles *look.Styles
	keys   *keyMap
	place  string // the page that it was opened on
	here   []key.Binding
	sorts  []widget.Item
	fields []entry // of the page's filter
	text   viewport.Model
	search *textinput.Model // nil until it is searched
	typing bool
}

func newHelp(s *look.Styles, k *keyMap, place string, here []key.Binding, sorts []widget.Item, fields []entry, w, h int) *help {
	d := &help{styles: s, keys: k, place: place, here: here, sorts: sorts, fields: fields, text: viewport.New(w, h)}
	d.write()
	return d
}

func (d *help) Update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	k := d.keys
	switch {
	case d.typing:
		d.find(msg)
	case key.Matches(msg, k.Back) && d.search != nil:
		d.search = nil
		d.write()
	case key.Matches(msg, k.Help, k.Back, k.Quit):
		return true, nil
	case key.Matches(msg, k.Filter):
		in := widget.NewInput(d.styles, widget.MaxFilter)
		in.Prompt = " /"
		d.search, d.typing = &in, true
		d.write()
	default:
		d.scroll(msg)
	}
	return false, nil
}

// scroll moves the text.
func (d *help) scroll(msg tea.KeyMsg) { widget.Scroll(&d.text, msg, &d.keys.Keys) }

// find takes a key of the search.
func (d *help) find(msg tea.KeyMsg) {
	switch {
	case key.Matches(msg, d.keys.Drop):
		d.search, d.typing = nil, false
	case key.Matches(msg, d.keys.Keep):
		d.typing = false
	default:
		*d.search, _ = d.search.Update(msg)
	}
	d.write()
}

func (d *help) Footer(w int, message string) []string {
	if d.search != nil {
		d.search.Width = w - 3
		message = d.styles.Glyphs.Cut(d.search.View(), w)
	}
	keys := d.Hints(w)[1]
	return []string{message, look.Pad(keys.View(d.styles), keys.Width) + d.styles.Accent.String(d.more())}
}

// more says how much of the text is not seen.
func (d *help) more() string { return widget.More(&d.styles.Glyphs, &d.text) }

func (d *help) Hints(w int) [2]widget.Hints {
	k := d.keys
	keys, always := []key.Binding{k.Up, k.Down, k.Filter}, []key.Binding{k.Back}
	if d.typing {
		keys, always = nil, []key.Binding{k.Keep, k.Drop}
	}
	return [2]widget.Hints{1: {Width: w - look.Width(d.more()) - 1, Keys: keys, Always: always}}
}

// View takes the whole page.
func (d *help) View(page []string, w int) []string {
	resized := d.text.Width != w-widget.BarWidth
	d.text.Width, d.text.Height = w-widget.BarWidth, len(page)
	if at := d.text.YOffset; resized {
		d.write()
		d.text.YOffset = at
	}
	d.text.SetYOffset(d.text.YOffset)
	return widget.Window(d.styles, &d.text)
}

const (
	twoColumnsFrom = 118 // cells of a help in two columns
	columnGap      = 2
	nameWidth      = 16
	textFrom       = 3 + nameWidth + 1 // cells before a text
)

// write puts what the search finds into the viewport: in two columns, or the paragraphs of both in turns.
func (d *help) write() {
	w := d.text.Width
	var lines []string
	left, right := d.explained(), d.pressed()
	if w < twoColumnsFrom {
		// The marks come first, then the keys that matter here, then the words.
		lines = d.render(slices.Concat(left[:marksEnd], right[:d.hereEnd()], left[marksEnd:], right[d.hereEnd():]), w)
	} else {
		half := (w - columnGap) / 2
		a, b := d.render(left, half), d.render(right, w-columnGap-half)
		if len(a) == 0 {
			a, b = b, nil
		}
		h := max(len(a), len(b))
		lines = look.SideBySide(look.Fill(a, h), look.Fill(b, h), half, strings.Repeat(" ", columnGap))
	}
	if len(lines) == 0 {
		lines = []string{"", d.styles.Dim.String(" nothing found")}
	}
	d.text.SetContent(strings.Join(lines, "\n"))
	d.text.GotoTop()
}

// render is what the search finds in paragraphs, in lines of at most w cells.
func (d *help) render(sections []section, w int) []string {
	var lines []string
	for _, s := range sections {
		if found := d.matching(s, w); len(found) > 0 {
			lines = append(append(lines, "", " "+d.styles.Title.String(s.title)), found...)
		}
	}
	return lines
}

// section is a paragraph of the help.
type section struct {
	title   string
	entries []entry
}

// entry is a key, or another thing on the screen, and what it means.
type entry struct {
	name, text string
	look       look.Paint
}

// matching are the lines of a section with the words searched for, of at most w cells.
func (d *help) matching(s section, w int) []string {
	wanted := ""
	if d.search != nil {
		wanted = strings.ToLower(d.search.Value())
	}
	var lines []string
	for _, e := range s.entries {
		if !strings.Contains(strings.ToLower(s.title+" "+e.name+" "+e.text), wanted) {
			continue
		}
		name := "   " + e.look.String(look.Pad(e.name, nameWidth)) + " "
		for _, line := range look.Wrap(e.text, w-textFrom) {
			lines = append(lines, name+line)
			name = strings.Repeat(" ", textFrom)
		}
	}
	return lines
}

// explained are the paragraphs about what is seen: the marks, and from marksEnd on the words.
func (d *help) explained() []section { return append(d.legend(), d.glossary()...) }

// pressed are the paragraphs about what is pressed: up to hereEnd those of the page.
func (d *help) pressed() []section {
	sections := []section{{"Here: " + d.place, d.bindings(d.here)}}
	if len(d.sorts) > 0 {
		sections = append(sections, section{"Here: sort, after s", d.letters(d.sorts)})
	}
	for _, g := range d.keys.groups() {
		sections = append(sections, section{g.title, d.bindings(g.keys)})
	}
	return append(sections, d.manual()...)
}

func (d *help) hereEnd() int {
	if len(d.sorts) > 0 {
		return 2
	}
	return 1
}

// glossary explains the words.
func (d *help) glossary() []section {
	words, causes := section{title: "Words"}, section{title: "Causes"}
	for _, e := range glossary.Words {
		words.entries = append(words.entries, entry{e.Name, e.Text, d.styles.Strong})
	}
	for _, c := range slices.Concat(model.Causes[:], model.CohortCauses[:], []model.Cause{model.CauseHandshakeBroken}) {
		causes.entries = append(causes.entries, entry{string(c), glossary.Cause(c), d.styles.Strong})
	}
	return []section{words, causes}
}

func (d *help) bindings(keys []key.Binding) []entry {
	entries := make([]entry, len(keys))
	for i, k := range keys {
		entries[i] = entry{k.Help().Key, k.Help().Desc, d.styles.Accent}
	}
	return entries
}

func (d *help) letters(items []widget.Item) []entry {
	entries := make([]entry, len(items))
	for i, it := range items {
		entries[i] = entry{it.Letter, it.Label, d.styles.Accent}
	}
	return entries
}

// marksEnd is how many paragraphs the legend has.
const marksEnd = 3

// legend explains the marks.
func (d *help) legend() []section {
	s, g := d.styles, &d.styles.Glyphs
	refused := chart.RefusedInk(s)
	states, meaning := section{title: "States"}, stateHelp
	if d.place == "services" {
		meaning = serviceStateHelp
	}
	for _, state := range []model.State{model.Normal, model.Suspect, model.Failed, model.Closed, model.Flapping} {
		if text, there := meaning[state]; there {
			states.entries = append(states.entries, entry{g.States[state], text, s.States[state]})
		}
	}
	return []section{
		states,
		{"Rows", []entry{
			{g.Cursor, "the cursor", s.Accent},
			{g.Mark, "a marked row", s.Accent},
			{g.Both, "the cursor on a marked row", s.Accent},
			{"<6s", "silent for less than would be news, so all is well", s.Accent},
			{chart.Gauge(0.7, gaugeWidth, g), "a beat has waited for most of its timeout", s.Accent},
			{chart.Gauge(1, gaugeWidth, g), "full: it has gone unanswered", s.Accent},
			{d.trace(model.UsualHeight, model.UsualHeight), "a beat: this high is the usual round trip of its connection", s.States[model.Normal]},
			{d.trace(2, model.UsualHeight+2, model.MostHeight), "half of it, twice, four times and up; amber near the timeout", s.States[model.Normal]},
			{g.Trace.Piece(model.LateBeat, look.TraceWidth), "a beat answered after its timeout", s.States[model.Suspect]},
			{strings.Repeat(g.Trace.Piece(model.MissedBeat, look.TraceWidth), 2), "flat and red: a beat without an answer", s.Chart.Miss},
			{g.Trace.Piece(model.ProbeBeat, look.TraceWidth), "a dot: a probe after that, without an answer either", s.Chart.Miss},
			{g.Edge, "in the ward, beside a connection in trouble", s.States[model.Suspect]},
			{g.Fault, "a fault, set on purpose with f", s.Accent},
			{g.Upstream, "the upstream's side of the proxy is the worse one", s.Accent},
		}},
		{"Charts", []entry{
			{g.Up, "connects, upwards", s.Chart.Connects},
			{g.Down, "closes, downwards", s.Chart.Closes},
			{chart.RoughKey(refused), "refused", refused.Paint},
			{"log", "an axis on which each step upwards is so many times more, not so many more", s.Accent},
		}},
	}
}

// manual is about the filter and the mouse.
func (d *help) manual() []section {
	s := d.styles
	return []section{
		{"Filter", filterHelp(s)},
		{"Filter: fields here", d.fields},
		{"Mouse", []entry{
			{"wheel", "scrolls", s.Accent},
			{"click", "goes to a row, sorts by a title, opens a page, presses a key that the last line names, works in dialogs", s.Accent},
			{"double click", "opens a row", s.Accent},
			{"shift+drag", "selects text, as it does after m without shift", s.Accent},
		}},
	}
}

// trace is spikes of some heights.
func (d *help) trace(heights ...int) string {
	var b strings.Builder
	for _, height := range heights {
		b.WriteString(d.styles.Glyphs.Trace.Piece(model.Beat(1).Raised(height), look.TraceWidth))
	}
	return b.String()
}

var serviceStateHelp = map[model.State]string{
	model.Normal:  "normal: it reports, or answers that it is well",
	model.Suspect: "suspect: a report did not come in time, or an answer was missing or bad",
	model.Failed:  "failed: that has gone on for too long",
	model.Closed:  "closed: it has said goodbye",
}

var stateHelp = map[model.State]string{
	model.Normal:   "normal: it answers in time",
	model.Suspect:  "suspect: a beat went unanswered, and no byte came",
	model.Failed:   "failed: the probes went unanswered too",
	model.Closed:   "closed: the socket is gone",
	model.Flapping: "flapping: a client that comes back and is closed again, each time within seconds",
}
