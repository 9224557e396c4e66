package tui

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"holter/tui/svg"
	"io"
	"os"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// document is a page whose rows can be written to a file.
type document interface {
	// formats are functions that write the rows as they are now, by the ending of a file's name. They
	// are called from commands.
	formats(hide bool) map[string]func(io.Writer) error
}

// openWrite asks in which format the view is to be written.
func (a *App) openWrite() {
	items := []menuItem{{"s", "svg, the screen as a picture", func() tea.Cmd { return a.writePicture() }}}
	if p, ok := a.page().(document); ok {
		formats := p.formats(a.styles.Glyphs.Masked)
		for _, ending := range []string{"json", "csv"} {
			item := menuItem{ending[:1], ending, func() tea.Cmd { return a.writeFile(ending, formats[ending]) }}
			items = append([]menuItem{item}, items...)
		}
	}
	a.dialog = &menu{a.styles, &a.keys, "write as", items}
}

// writeFile writes a new file in the current directory and says its name.
func (a *App) writeFile(ending string, write func(io.Writer) error) tea.Cmd {
	name := fmt.Sprintf("holter-%s-%s.%s", a.tabs[a.at].name, a.clock().Format("20060102-150405"), ending)
	return a.fx.tell("write "+name, func() (string, error) {
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

// writePicture writes the screen as it is behind the menu.
func (a *App) writePicture() tea.Cmd {
	a.dialog = nil
	view, theme := a.View(), a.styles.Theme
	return a.writeFile("svg", func(to io.Writer) error { return svg.Draw(to, view, theme) })
}

func (p *connections) formats(hide bool) map[string]func(io.Writer) error {
	rows := make([]exportRow, len(p.list.rows))
	for i, c := range p.list.rows {
		rows[i] = exportRow{c, trafficOf(p.picture.readings, c.ID), p.picture.Time}
	}
	return map[string]func(io.Writer) error{
		"csv":  func(to io.Writer) error { return exportCSV(to, rows, hide) },
		"json": func(to io.Writer) error { return exportJSON(to, rows, hide) },
	}
}

func (p *clients) formats(bool) map[string]func(io.Writer) error { return p.list.formats() }
func (p *events) formats(bool) map[string]func(io.Writer) error  { return p.list.formats() }

// cellLimit is more cells than any text of a row takes.
const cellLimit = 4096

// formats write the rows as they are drawn, but whole.
func (l *list[R, K]) formats() map[string]func(io.Writer) error {
	records := l.records()
	return map[string]func(io.Writer) error{
		"csv": func(to io.Writer) error { return csv.NewWriter(to).WriteAll(records) },
		"json": func(to io.Writer) error {
			objects := make([]map[string]string, len(records)-1)
			for i, record := range records[1:] {
				objects[i] = map[string]string{}
				for j, text := range record {
					objects[i][records[0][j]] = text
				}
			}
			return json.NewEncoder(to).Encode(objects)
		},
	}
}

// records are the titles and the rows as texts.
func (l *list[R, K]) records() [][]string {
	titles := l.table.titles()
	for i := range titles {
		titles[i] = strings.ReplaceAll(titles[i], " ", "_")
	}
	records := [][]string{titles}
	for _, row := range l.rows {
		record := make([]string, len(titles))
		for j := range l.table.columns {
			record[j] = csvText(l.table.columns[j].text(row, cellLimit))
		}
		records = append(records, record)
	}
	return records
}
