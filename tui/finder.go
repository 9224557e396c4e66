package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model/filter"
	"holter/tui/look"
	"holter/tui/widget"
)

// finder is the filter of a page.
type finder struct {
	text   string // as typed
	filter filter.Filter
	typing bool // it changes with every key
}

// pastFilters are the filters that were kept, oldest first. All pages share them.
type pastFilters struct{ texts []string }

// maxPastFilters bounds what is remembered.
const maxPastFilters = 50

func (p *pastFilters) add(text string) {
	if text == "" || len(p.texts) > 0 && p.texts[len(p.texts)-1] == text {
		return
	}
	p.texts = append(p.texts, text)
	p.texts = p.texts[max(0, len(p.texts)-maxPastFilters):]
}

// filtering is the dialog in which a page's filter is typed. After every key that leaves the text a valid filter, the page
// shows what the filter chooses.
type filtering struct {
	keys   *keyMap
	prompt *widget.Prompt
	page   filteredPage
	past   *pastFilters
	at     int // in past, len(past.texts) for what is being typed
}

// filteredPage is a page with a filter.
type filteredPage interface {
	finder() *finder
	place() filter.Place
	refilter() tea.Cmd // chooses rows by the filter as it is now
	served() bool      // false while the rows are those of an older filter, because this one chooses none
}

func newFiltering(s *look.Styles, k *keyMap, page filteredPage, past *pastFilters) *filtering {
	f := page.finder()
	f.typing = true
	return &filtering{keys: k, page: page, prompt: widget.NewPrompt(s, page.place(), f.text), past: past, at: len(past.texts)}
}

func (d *filtering) Update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	f := d.page.finder()
	switch {
	case key.Matches(msg, d.keys.Drop):
		*f = finder{}
		return true, d.page.refilter()
	case key.Matches(msg, d.keys.Keep):
		if d.prompt.Err != nil {
			return false, nil
		}
		f.typing = false
		d.past.add(f.text)
		return true, d.page.refilter()
	case key.Matches(msg, d.keys.Older):
		return false, d.recall(-1)
	case key.Matches(msg, d.keys.Newer):
		return false, d.recall(1)
	}
	return false, d.apply(d.prompt.Update(msg))
}

// recall puts an older or newer filter into the prompt, after the newest an empty text.
func (d *filtering) recall(step int) tea.Cmd {
	at := min(max(d.at+step, 0), len(d.past.texts))
	if at == d.at {
		return nil
	}
	d.at = at
	text := ""
	if at < len(d.past.texts) {
		text = d.past.texts[at]
	}
	return d.apply(d.prompt.Set(text))
}

func (d *filtering) apply(filter filter.Filter, changed bool) tea.Cmd {
	if !changed {
		return nil
	}
	f := d.page.finder()
	f.text, f.filter = d.prompt.Value(), filter
	return d.page.refilter()
}

func (d *filtering) View(page []string, _ int) []string { return page }

// Footer is the prompt, and below it what is wrong with it.
func (d *filtering) Footer(w int, _ string) []string {
	below := d.prompt.Problem(w)
	switch {
	case below != "":
	case !d.page.served():
		below = d.prompt.Styles.Strong.String(d.prompt.Styles.Glyphs.Cut(" nothing matches so far", w))
	default:
		below = d.Hints(w)[1].View(d.prompt.Styles)
	}
	return []string{d.prompt.View(w), below}
}

// Hints are there as long as nothing is wrong.
func (d *filtering) Hints(w int) (lines [2]widget.Hints) {
	if d.prompt.Err == nil && d.page.served() {
		lines[1] = widget.Hints{Width: w, Keys: []key.Binding{d.keys.Keep, d.keys.Drop, d.keys.Older}}
	}
	return lines
}

// filterHelp are the rules of the filter, for the help.
func filterHelp(s *look.Styles) []entry {
	return []entry{
		{"demo", "part of id, client, address, path, user agent or cause", s.Accent},
		{"rtt>100ms", "field, = != > >= < <= ~, value with its unit", s.Accent},
		{"a b, a or b", "both, either; ! negates, ( ) group, \" \" quote", s.Accent},
		{"ip=10.0.0.0/8", "addresses of a network", s.Accent},
		{"state=suspect", "every title of a column is a field, and its words are values", s.Accent},
	}
}

// fieldHelp are the fields of a filter, for the help.
func fieldHelp(s *look.Styles, place filter.Place) []entry {
	var entries []entry
	for _, f := range place.Fields() {
		text := strings.ReplaceAll(f.About, "`", "")
		if len(f.Also) > 0 {
			text += "; also " + strings.Join(f.Also, ", ")
		}
		entries = append(entries, entry{f.Name, text + " (" + f.Takes + ")", s.Accent})
	}
	return entries
}
