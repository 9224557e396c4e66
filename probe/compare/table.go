package compare

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"holter/probe/tty"
)

// table is one of the tables that a report is shown in. The first column names the row.
type table struct {
	title  string
	header []string
	rows   [][]string
}

// WriteText writes the report for a terminal of 80 columns.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, t := range r.tables() {
		t.text(&b)
		b.WriteByte('\n')
	}
	for _, note := range r.notes() {
		b.WriteString("- " + strings.Join(tty.Wrap(strings.Fields(note), lineWidth-2), "\n  ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteMarkdown writes the report for a README.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	for _, t := range r.tables() {
		t.markdown(&b)
		b.WriteByte('\n')
	}
	for _, note := range r.notes() {
		b.WriteString("- " + note + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

const lineWidth = 80

func (t *table) text(b *strings.Builder) {
	widths := make([]int, len(t.header))
	for _, row := range append([][]string{t.header}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	b.WriteString(t.title + "\n")
	for _, row := range append([][]string{t.header}, t.rows...) {
		line := pad(row[0], -widths[0])
		for i, cell := range row[1:] {
			line += "  " + pad(cell, widths[i+1])
		}
		b.WriteString(line + "\n")
	}
}

// pad fills up to width on the left, or on the right if that is negative.
func pad(s string, width int) string {
	fill := strings.Repeat(" ", max(0, max(width, -width)-utf8.RuneCountInString(s)))
	if width < 0 {
		return s + fill
	}
	return fill + s
}

func (t *table) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "**%s**\n\n", t.title)
	fmt.Fprintf(b, "| %s |\n", strings.Join(t.header, " | "))
	fmt.Fprintf(b, "| --- |%s\n", strings.Repeat(" --: |", len(t.header)-1))
	for _, row := range t.rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
}
