// Package export writes the rows of a page to a file, as CSV or as JSON. The names of the columns are those of the API, with
// the unit in them. Figures are plain numbers, and times are in RFC 3339: a spreadsheet or a program reads them without
// knowing how the screen shows them.
//
// It takes rows as they are at one moment and a writer, and opens no file itself. The functions that are returned may be
// called on any goroutine.
package export

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"holter/tui/look"
)

// column is one figure of a row: a number, a text, a list of numbers, or nil if it is not known.
type column[R any] struct {
	name  string
	value func(r *R) any
}

// formats are functions that write rows, by the ending of the file. hide masks the addresses in texts.
func formats[R any](columns []column[R], rows []R, hide bool) map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		"csv":  func(to io.Writer) error { return writeCSV(to, columns, rows, hide) },
		"json": func(to io.Writer) error { return writeJSON(to, columns, rows, hide) },
	}
}

// masked hides the addresses in a figure if they are to be.
func (c *column[R]) masked(r *R, hide bool) any {
	v := c.value(r)
	if text, ok := v.(string); ok && hide {
		return look.Mask(text)
	}
	return v
}

// writeCSV writes rows as comma-separated values with a line of names, as in RFC 4180. What is not known is empty. A text
// that a spreadsheet would take for a formula has an apostrophe in front.
func writeCSV[R any](to io.Writer, columns []column[R], rows []R, hide bool) error {
	w := csv.NewWriter(to)
	record := make([]string, len(columns))
	for i := range columns {
		record[i] = columns[i].name
	}
	if err := w.Write(record); err != nil {
		return fmt.Errorf("write the names: %w", err)
	}
	for i := range rows {
		for j := range columns {
			record[j] = cell(columns[j].masked(&rows[i], hide))
		}
		if err := w.Write(record); err != nil {
			return fmt.Errorf("write row %d: %w", i+1, err)
		}
	}
	w.Flush()
	return w.Error()
}

// cell is a figure in a CSV file. The numbers of a list have spaces between them.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return harmless(v)
	case float64:
		return number(v)
	case []float64:
		words := make([]string, len(v))
		for i := range v {
			words[i] = number(v[i])
		}
		return strings.Join(words, " ")
	}
	return fmt.Sprint(v)
}

// number writes a number without an exponent, which not every program reads.
func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// harmless puts an apostrophe in front of a text that a spreadsheet would take for a formula, also behind blanks, which
// some of them trim.
func harmless(text string) string {
	if trimmed := strings.TrimLeft(text, " \t\r\n\u00a0"); trimmed != "" && strings.ContainsRune("=+-@", rune(trimmed[0])) || strings.HasPrefix(text, "\t") || strings.HasPrefix(text, "\r") {
		return "'" + text
	}
	return text
}

// writeJSON writes rows as an array of flat objects, one on each line. What is not known is null.
func writeJSON[R any](to io.Writer, columns []column[R], rows []R, hide bool) error {
	w := bufio.NewWriter(to)
	w.WriteString("[")
	for i := range rows {
		separator := ",\n {"
		if i == 0 {
			separator = "\n {"
		}
		w.WriteString(separator)
		for j := range columns {
			c := &columns[j]
			value, err := encode(c.masked(&rows[i], hide))
			if err != nil {
				return fmt.Errorf("write %s of row %d: %w", c.name, i+1, err)
			}
			if j > 0 {
				w.WriteString(", ")
			}
			fmt.Fprintf(w, "%q: %s", c.name, value)
		}
		w.WriteString("}")
	}
	w.WriteString("\n]\n")
	return w.Flush()
}

// encode writes a figure as JSON, null for a number that is none. Texts stay as they are: the file is no page.
func encode(v any) ([]byte, error) {
	switch v := v.(type) {
	case float64:
		if text := number(v); text != "" {
			return []byte(text), nil
		}
		return []byte("null"), nil
	case []float64:
		words := make([]string, len(v))
		for i := range v {
			words[i] = number(v[i])
		}
		return []byte("[" + strings.Join(words, ", ") + "]"), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// moment is a time, nothing for none.
func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// millis is a duration in milliseconds, to the microsecond.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// known is a duration in milliseconds, nothing where there is no such figure yet.
func known(d time.Duration) any {
	if d == 0 {
		return nil
	}
	return millis(d)
}

// list is durations in milliseconds.
func list(durations []time.Duration) []float64 {
	all := make([]float64, len(durations))
	for i, d := range durations {
		all[i] = millis(d)
	}
	return all
}

// named is a text, nothing for an empty one that stands for something unknown.
func named(text string) any {
	if text == "" {
		return nil
	}
	return text
}
