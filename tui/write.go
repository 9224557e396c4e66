package tui

import (
	"fmt"
	"io"
	"os"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/export"
	"holter/tui/svg"
	"holter/tui/traffic"
	"holter/tui/widget"
)

// document is a page whose rows can be written to a file.
type document interface {
	// formats are functions that write the rows as they are now, by the ending of the file. Commands call them.
	formats(hide bool) map[string]func(io.Writer) error
}

// openWrite asks in which format the view is to be written.
func (a *App) openWrite() {
	items := []widget.Item{{Letter: "s", Label: "svg, the screen as a picture", Do: a.writePicture}}
	if p, ok := a.page().(document); ok {
		formats := p.formats(a.styles.Masked())
		for _, ending := range []string{"json", "csv"} {
			item := widget.Item{Letter: ending[:1], Label: ending, Do: func() tea.Cmd { return a.writeFile(ending, formats[ending]) }}
			items = append([]widget.Item{item}, items...)
		}
	}
	a.ask(&widget.Menu{Styles: a.styles, Keys: &a.keys.Keys, Title: "write as", Items: items})
}

// writeFile writes a new file in the current directory and says its name.
func (a *App) writeFile(ending string, write func(io.Writer) error) tea.Cmd {
	name := fmt.Sprintf("holter-%s-%s.%s", a.tabs[a.at].name, a.clock().Format("20060102-150405"), ending)
	return a.fx.report("write "+name, func() (string, error) {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return "", err
		}
		err = write(f)
		if e := f.Close(); err == nil {
			err = e
		}
		return "wrote " + name, err
	})
}

// writePicture writes the screen that is behind the menu.
func (a *App) writePicture() tea.Cmd {
	a.dialog = nil
	view, theme := a.View(), a.styles.Theme
	return a.writeFile("svg", func(to io.Writer) error { return svg.Draw(to, view, theme) })
}

func (p *connections) formats(hide bool) map[string]func(io.Writer) error {
	rows := make([]export.Connection, len(p.list.Rows))
	for i, c := range p.list.Rows {
		rows[i] = export.Connection{Connection: c, Flow: traffic.Of(p.picture.readings, c.ID), Now: p.picture.Time}
	}
	return export.Connections(rows, hide)
}

func (p *clients) formats(hide bool) map[string]func(io.Writer) error {
	rows := make([]export.Client, len(p.list.Rows))
	for i, r := range p.list.Rows {
		rows[i] = export.Client{Client: r.Client, Newest: r.connection, Now: p.picture.Time}
	}
	return export.Clients(rows, hide)
}

// formats write the events that the filter chooses one by one, also those of floods.
func (p *events) formats(hide bool) map[string]func(io.Writer) error {
	var rows []export.Event
	for _, it := range p.feed.shown() {
		if p.chosen.by.filter.Selects(it.row()) {
			rows = append(rows, export.Event{Event: it.source, Kind: it.Kind, Text: it.text})
		}
	}
	return export.Events(rows, hide)
}

func (p *pathsPage) formats(hide bool) map[string]func(io.Writer) error {
	rows := make([]model.Path, len(p.list.Rows))
	for i, r := range p.list.Rows {
		rows[i] = *r
	}
	return export.Paths(rows, hide)
}

func (p *servicesPage) formats(hide bool) map[string]func(io.Writer) error {
	rows := make([]model.Service, len(p.list.Rows))
	for i, r := range p.list.Rows {
		rows[i] = *r
	}
	return export.Services(rows, hide)
}

func (p *storms) formats(hide bool) map[string]func(io.Writer) error {
	if s := p.shown(); s != nil {
		return export.Storm(s, hide)
	}
	return export.NoStorm()
}
