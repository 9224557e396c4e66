package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/model/filter"
	"holter/tui/look"
	"holter/tui/widget"
)

// page is one of the pages of the screen, which the root shows one at a time. Only the root calls it.
type page interface {
	// layOut gives the page its region and its drawing. Both hold until the next call.
	layOut(room size, d drawing)
	// arrange returns a function that prepares a picture for this page, nil if it needs none. A command runs it.
	arrange() func(*picture) *picture
	setPicture(p *picture) tea.Cmd
	update(msg tea.KeyMsg) tea.Cmd
	// back goes one step back, or reports that there is none.
	back() (cmd tea.Cmd, done bool)
	view() []string
	hints() []key.Binding // the keys that matter here
}

// Abilities that a page may have. The root asks a page for an ability and never which page it is; a page without it is
// passed over.
type (
	// opener shows the detail of a connection.
	opener interface {
		openConnection(c *model.Connection) tea.Cmd
		closeConnection()
		opened() model.ID // 0 for none
		entered() bool    // the user opened it, and it does not only stand there because there is room
		setDetail(d *inspected)
	}
	// lister lists the connections that a filter chooses.
	lister interface {
		listBy(by finder) tea.Cmd
		place() filter.Place
	}
	// grouper has rows that stand for many connections. group is the filter for those under the cursor, "" if there is none.
	grouper interface{ group() string }
	// reader opens the row under its cursor if that is about no connection: in a dialog, or on the page if that is nil.
	reader interface{ read() (dialog, bool) }
	// selector has a connection under its cursor, which commands are about; nil for none.
	selector interface{ selected() *model.Connection }
	// absentee says why there is none.
	absentee interface{ absent() string }
	// many has connections for a command about several: those that are marked, or else all that are listed.
	many interface{ targets() victims }
	// marker lets connections be marked, and reports whether some are.
	marker interface{ marked() bool }
	// follower says what its cursor goes with, "" for nothing.
	follower interface{ following() string }
	// counter says how many of all rows it shows.
	counter interface {
		tally() string
		claims() int // cells of it that the user has asked for
	}
	sorter  interface{ sorts() []widget.Item }
	columns interface{ choices() widget.Choices } // nil for none
	// hider hides the rows of what is gone, or shows them again.
	hider   interface{ hide() tea.Cmd }
	clicker interface {
		click(x, y int) (row any, cmd tea.Cmd) // row tells the row there from all others; nil for none
	}
	// wheeler scrolls a text at a place of the page, and reports whether there is one.
	wheeler interface {
		wheel(x, y int, msg tea.KeyMsg) bool
	}
	// chronicle lists events itself, as soon as the screen has them.
	chronicle interface {
		hear() tea.Cmd
		lists(seq uint64) bool // whether an event is seen
	}
	// overviewer has the worst of the advice above it, where it does not fill the screen.
	overviewer interface{ overviews() }
	// pointer goes to a row by the name that it has in advice.
	pointer interface {
		point(name string, in *picture) tea.Cmd
	}
	// filler fills the screen below the header's lines, without the chart above it and the events below.
	filler interface{ fills() }
	// zoomer has charts or beats of its own that can be zoomed, and says how much they show, beside a chart above the page.
	zoomer interface{ zoomed(charted bool) string }
	// waller has monitors that are zoomed by themselves, and reports whether they are shown.
	waller interface{ walled() bool }
	// occasional has nothing to show most of the time, and then no place on the line of pages.
	occasional interface{ present(in *picture) bool }
	// stormTeller tells of the storm that is on, so that nothing else has to.
	stormTeller interface{ tellsStorm() bool }
)

// The pages and their abilities. Without these lines a method with another name would take an ability away in silence.
var (
	_ interface {
		opener
		wheeler
		zoomer
		lister
		overviewer
		selector
		many
		marker
		follower
		counter
		sorter
		hider
		columns
		clicker
		filteredPage
		document
	} = (*connections)(nil)
	_ interface {
		opener
		wheeler
		zoomer
		waller
		selector
		many
		marker
		follower
		counter
		sorter
		hider
		clicker
		filteredPage
		document
		filler
	} = (*wardPage)(nil)
	_ interface {
		selector
		many
		follower
		counter
		sorter
		hider
		columns
		clicker
		filteredPage
		document
	} = (*clients)(nil)
	_ interface {
		grouper
		pointer
		counter
		columns
		clicker
		document
		stormTeller
		zoomer
	} = (*storms)(nil)
	_ zoomer = (*hostPage)(nil)
	_ interface {
		grouper
		pointer
		counter
		columns
		clicker
		wheeler
		document
	} = (*pathsPage)(nil)
	_ interface {
		reader
		counter
		sorter
		columns
		clicker
		wheeler
		zoomer
		occasional
		filteredPage
		document
	} = (*servicesPage)(nil)
	_ interface {
		reader
		selector
		follower
		counter
		columns
		clicker
		filteredPage
		document
		chronicle
	} = (*events)(nil)
)

// able is the first page that has an ability, and its place among the tabs.
func able[A any](tabs []tab) (ability A, at int, ok bool) {
	for i := range tabs {
		if ability, ok = tabs[i].page.(A); ok {
			return ability, i, true
		}
	}
	return ability, 0, false
}

// tab is a page with its place on the line of pages.
type tab struct {
	digit, name string
	key         key.Binding
	page        page
}

func newTabs(k *keyMap, fx *effects, st *status, f *feed) []tab {
	p := newConnections(k, fx, st)
	return []tab{
		{"1", "connections", k.Connections, p},
		{"2", "clients", k.Clients, newClients(k, fx, st)},
		{"3", "storms", k.Storms, newStorms(k, fx, st)},
		{"4", "events", k.Events, newEvents(k, st, f)},
		{"5", "host", k.Host, newHostPage(k, f)},
		{"6", "ward", k.Ward, &wardPage{p}},
		{"7", "paths", k.Paths, newPathsPage(k, st)},
		{"8", "services", k.Services, newServicesPage(k, st)},
	}
}

// labels are what the tabs look like, each behind a blank and without colours. A tab that is not on the line has none.
func labels(tabs []tab, onLine func(i int) bool) []string {
	words := make([]string, len(tabs))
	for i := range tabs {
		if onLine(i) {
			words[i] = tabs[i].digit + " " + tabs[i].name
		}
	}
	return words
}

// tabWidth is the cells of a label with the blank before it.
func tabWidth(label string) int {
	if label == "" {
		return 0
	}
	return 1 + look.Width(label)
}

// tabAt is the tab over cell x of the line, -1 if there is none.
func tabAt(labels []string, x int) int {
	end := 0
	for i := range labels {
		if end += tabWidth(labels[i]); x < end {
			return i
		}
	}
	return -1
}

// tabsWidth is the cells of all labels with the blanks before them.
func tabsWidth(labels []string) int {
	w := 0
	for i := range labels {
		w += tabWidth(labels[i])
	}
	return w
}

// tabLine is the line of pages, with notes at its right end of which the first ones matter most.
func tabLine(s *look.Styles, labels []string, at int, notes []part, w int) string {
	line, used := "", tabsWidth(labels)
	for i, label := range labels {
		if label == "" {
			continue
		}
		if i == at {
			label = s.Pressed.String(label)
		} else {
			label = s.Dim.String(label)
		}
		line += " " + label
	}
	for i := range notes {
		room := max(0, w-used-measure(notes[:i])-2)
		notes[i].text = s.Glyphs.Cut(notes[i].text, room)
	}
	return look.Pad(line, w-measure(notes)) + join(notes)
}

// dialog takes all keys while it is open.
type dialog interface {
	// Update takes a key; done says that the dialog is over.
	Update(msg tea.KeyMsg) (done bool, cmd tea.Cmd)
	// View draws the dialog into the lines of the page behind it.
	View(page []string, w int) []string
	// Footer is the two lines at the bottom, the message line of which it may keep.
	Footer(w int, message string) []string
	// Hints are the keys that these two lines name.
	Hints(w int) [2]widget.Hints
}

// Abilities that a dialog may have.
type (
	// liveDialog is about the connections as they are now, also while the picture is frozen.
	liveDialog interface{ refresh(p *picture) }
	// asker does something when it is answered.
	asker interface{ Asks() }
	// clickable has something to click on in the w by h cells of the page behind it.
	clickable interface {
		Click(x, y, w, h int) (done bool, cmd tea.Cmd)
	}
	// scroller has a text that the wheel scrolls.
	scroller interface{ scroll(msg tea.KeyMsg) }
)
