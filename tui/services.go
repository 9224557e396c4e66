package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/model/filter"
	"holter/tui/look"
	"holter/tui/services"
	"holter/tui/widget"
)

// servicesPage is the page of services: a list of them, and all about the one under the cursor.
type servicesPage struct {
	listing[model.Service, string]
	picture *picture // nil before the first
	order   widget.Order
	toTop   bool           // the rows are in a new order of the user's
	text    viewport.Model // below the list
	about   string         // the service that it is about
}

func newServicesPage(k *keyMap, st *status) *servicesPage {
	p := &servicesPage{
		listing: listing[model.Service, string]{noun: "service", fields: filter.Services, keys: k, status: st, gone: model.Closed},
		order:   widget.Order{By: filter.SortState}, text: viewport.New(0, 0),
	}
	p.again = p.choose
	t := widget.NewTable(services.Columns(p.moment), services.State)
	p.list = widget.NewList(t, func(r *model.Service) string { return r.ID })
	return p
}

// moment is how and when the page is drawn.
func (p *servicesPage) moment() services.Moment {
	return services.Moment{Styles: p.styles, Now: p.picture.Time, Per: p.zoom.per()}
}

// arrange does nothing: there are not so many services that choosing them takes long.
func (p *servicesPage) arrange() func(*picture) *picture { return nil }

// present reports whether there is something to show.
func (p *servicesPage) present(pic *picture) bool {
	return len(pic.Services) > 0 || pic.ServicesBeyond > 0
}

func (p *servicesPage) layOut(room size, d drawing) {
	p.room, p.drawing = room, d
	p.write()
}

func (p *servicesPage) setPicture(pic *picture) tea.Cmd {
	p.picture = pic
	return p.choose()
}

// choose lists the services that the filter chooses.
func (p *servicesPage) choose() tea.Cmd {
	if p.picture == nil {
		return nil
	}
	all := p.picture.Services
	last := finder{}
	if p.chosen != nil {
		last = p.chosen.by
	}
	chosen := choose(arrangement{search: p.search, last: last}, len(all), func(by finder) ([]*model.Service, error) {
		rows := make([]*model.Service, 0, len(all))
		err := by.among(len(all),
			func(i int) filter.Row { return filter.Row{Service: &all[i], Now: p.picture.Time} },
			func(i int) { rows = append(rows, &all[i]) })
		return rows, err
	})
	services.Sorted(chosen.rows, p.order)
	p.set(chosen)
	if p.toTop {
		p.toTop = false
		p.list.MoveTo(0)
	}
	p.list.Table.Fit("SERVICE", longestOf(p.list.Rows, func(r *model.Service) string { return r.ID }))
	p.write()
	return nil
}

// write shares the room among the list and the text about one service, and writes that.
func (p *servicesPage) write() {
	n := len(p.list.Rows)
	high := min(n+1, max(4, p.room.h/2))
	p.list.SetSize(p.room.w, high)
	p.text.Width, p.text.Height = max(0, p.room.w-widget.BarWidth), max(0, p.room.h-high-1)
	row := p.list.Selected()
	if row == nil || p.text.Width == 0 || p.picture == nil {
		return
	}
	if row.ID != p.about {
		p.about, p.text.YOffset = row.ID, 0
	}
	p.text.SetContent(strings.Join(services.Lines(row, p.moment(), p.text.Width), "\n"))
	p.text.SetYOffset(p.text.YOffset)
}

func (p *servicesPage) view() []string {
	if why := p.empty(p.room, p.nobody); why != nil {
		return why
	}
	row := p.list.Selected()
	g := &p.styles.Glyphs
	lines := p.list.View(p.styles, p.order)
	if row == nil || p.text.Height == 0 {
		return look.Fill(lines, p.room.h)
	}
	title := g.Plain(row.ID) + " " + g.Dot + " " + g.Plain(string(row.Kind))
	if full := p.full(); full != "" {
		title = full + " " + g.Dot + " " + title // the line of pages may have no room for it
	}
	rule := widget.Rule(p.styles, title, p.room.w, &p.text)
	return look.Fill(append(append(lines, rule), widget.Window(p.styles, &p.text)...), p.room.h)
}

// nobody says how services come to be on the list.
func (p *servicesPage) nobody() []string {
	lines := []string{"", p.styles.Strong.String(" No service is known."), ""}
	for _, text := range []string{
		"Start holter with --health http://localhost:3000/health to ask one for its health, or let it report itself:",
		"curl -X PUT localhost:7071/api/v1/services/NAME/heartbeat",
	} {
		for _, line := range look.Wrap(text, p.room.w-2) {
			lines = append(lines, " "+p.styles.Dim.String(line))
		}
	}
	return lines
}

func (p *servicesPage) update(msg tea.KeyMsg) tea.Cmd {
	switch k := p.keys; {
	case key.Matches(msg, k.Invert):
		return p.sort(p.order.Inverted())
	case key.Matches(msg, k.NextTrouble):
		p.seek(1)
	case key.Matches(msg, k.PreviousTrouble):
		p.seek(-1)
	case key.Matches(msg, k.Mark, k.Range):
		p.status.say("only connections can be marked")
	case key.Matches(msg, k.PageUp, k.PageDown) && p.text.TotalLineCount() > p.text.Height:
		widget.Scroll(&p.text, msg, &k.Keys)
		return nil
	default:
		p.list.Move(msg, &k.Keys)
	}
	p.write()
	return nil
}

// read opens what is known of a service where there is no room for it below the list.
func (p *servicesPage) read() (dialog, bool) {
	row := p.list.Selected()
	if row == nil {
		return nil, false
	}
	return newServiceNote(p, row), true
}

// serviceNote is a dialog with all that is known of a service, as it is now.
type serviceNote struct {
	note
	row  *model.Service
	when services.Moment
}

// widestServiceNote is the most cells of its lines.
const widestServiceNote = 120

func newServiceNote(p *servicesPage, row *model.Service) *serviceNote {
	d := &serviceNote{row: row, when: p.moment()}
	d.note = note{styles: p.styles, keys: p.keys, title: row.ID, widest: widestServiceNote, view: viewport.New(noteWidth, 1)}
	d.lines = func(w int) []string { return services.Lines(d.row, d.when, w) }
	return d
}

// refresh shows the service as it is in a new picture. One that is gone from the list stays as it was.
func (d *serviceNote) refresh(p *picture) {
	if row := p.Service(d.row.ID); row != nil {
		d.row, d.when.Now = row, p.Time
	}
}

func (p *servicesPage) sort(o widget.Order) tea.Cmd {
	p.order, p.toTop = o, true
	return p.choose()
}

func (p *servicesPage) sorts() []widget.Item { return p.list.Table.SortItems(p.sort) }

func (p *servicesPage) hints() []key.Binding {
	k := p.keys
	return []key.Binding{k.Open, k.Filter, k.NextTrouble, k.Sort, k.Write}
}

func (p *servicesPage) click(x, y int) (row any, cmd tea.Cmd) {
	if y == 0 {
		return nil, p.list.Table.SortAt(x, p.order, p.sort)
	}
	if y >= p.list.Height || !p.list.Click(x, y) {
		return nil, nil
	}
	p.write()
	return p.list.Clicked(x), nil
}

// wheel scrolls the text if the mouse is over it.
func (p *servicesPage) wheel(_, y int, msg tea.KeyMsg) bool {
	return y > p.list.Height && widget.Scroll(&p.text, msg, &p.keys.Keys)
}

// zoomed says how many beats a strip shows in a cell.
func (p *servicesPage) zoomed(charted bool) string {
	words := fmt.Sprintf("strips have up to %s in a cell", counted(max(1, p.zoom.per()-look.TraceWidth+1), "beat"))
	if charted {
		words = p.zoom.words() + ", " + words
	}
	return words
}

// tally is that of a listing, with how many reports there was no room for.
func (p *servicesPage) tally() string {
	text := p.listing.tally()
	if full := p.full(); full != "" {
		text += "  " + full
	}
	return text
}

// full says how many reports there was no room for, nothing if there was room for all.
func (p *servicesPage) full() string {
	if p.picture == nil || p.picture.ServicesBeyond == 0 {
		return ""
	}
	return fmt.Sprintf("list is full: %s turned away", counted(int(p.picture.ServicesBeyond), "report"))
}
