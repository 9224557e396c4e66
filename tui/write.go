package tui

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"

	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/svg"
	"holter/tui/widget"
)

// document is a page whose rows can be written to a file.
type document interface {
	// formats are functions that write the rows as they are now, by the ending of a file's name. They
	// are called from commands.
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
	a.dialog = &widget.Menu{Styles: a.styles, Keys: &a.keys.Keys, Title: "write as", Items: items}
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
	rows := make([]exportRow, len(p.list.Rows))
	for i, c := range p.list.Rows {
		rows[i] = exportRow{c, trafficOf(p.picture.readings, c.ID), p.picture.Time}
	}
	return map[string]func(io.Writer) error{
		"csv":  func(to io.Writer) error { return exportCSV(to, rows, hide) },
		"json": func(to io.Writer) error { return exportJSON(to, rows, hide) },
	}
}

// formats write rows of texts as they are drawn, the first of which has the titles.
func formats(records [][]string) map[string]func(io.Writer) error {
	for _, record := range records {
		for i := range record {
			record[i] = csvText(record[i])
		}
	}
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
