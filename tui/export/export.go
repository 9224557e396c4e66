// Package export writes the rows of a page to a file, as CSV or as JSON. The names of its fields are those of the API, with
// the unit in them.
//
// It takes rows as they are at one moment and a writer, and opens no file itself. Commands call it, beside the screen.
package export

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"holter/model"
	"holter/tui/look"
	"holter/tui/traffic"
)

// field is one figure of a connection in an export. Its name is that of the API, with the unit in
// it; nested names are joined by an underscore.
type field struct {
	name  string
	value func(r *Row) any
}

// Row is a connection as it is exported.
type Row struct {
	*model.Connection
	Traffic traffic.Flow
	Now     time.Time
}

var fields = []field{
	{"id", func(r *Row) any { return r.ID.String() }},
	{"client", func(r *Row) any { return r.Client }},
	{"generation", func(r *Row) any { return r.Generation }},
	{"remote", func(r *Row) any { return model.Address(r.Remote) }},
	{"path", func(r *Row) any { return r.Path }},
	{"user_agent", func(r *Row) any { return r.UserAgent }},
	{"subprotocol", func(r *Row) any { return r.Subprotocol }},
	{"side", func(r *Row) any { return r.Side.String() }},
	{"state", func(r *Row) any { return r.State.String() }},
	{"since", func(r *Row) any { return r.Since.Format(time.RFC3339Nano) }},
	{"opened_at", func(r *Row) any { return r.Opened.Format(time.RFC3339Nano) }},
	{"age_ms", func(r *Row) any { return millis(r.Age(r.Now)) }},
	{"rtt_ms", func(r *Row) any { return known(r.RTT) }},
	{"rtt_mean_ms", func(r *Row) any { return known(r.RTTMean) }},
	{"rtt_dev_ms", func(r *Row) any { return known(r.RTTDev) }},
	{"timeout_ms", func(r *Row) any { return known(r.Timeout) }},
	{"interval_ms", func(r *Row) any { return known(r.Interval) }},
	{"silence_ms", func(r *Row) any { return millis(r.Silence) }},
	{"data_silence_ms", func(r *Row) any { return known(r.DataSilence) }},
	{"missed", func(r *Row) any { return r.Missed }},
	{"pings_sent", func(r *Row) any { return r.PingsSent }},
	{"pongs_received", func(r *Row) any { return r.PongsReceived }},
	{"pings_received", func(r *Row) any { return r.PingsReceived }},
	{"frames_in", func(r *Row) any { return r.FramesIn }},
	{"frames_out", func(r *Row) any { return r.FramesOut }},
	{"bytes_in", func(r *Row) any { return r.BytesIn }},
	{"bytes_out", func(r *Row) any { return r.BytesOut }},
	{"bytes_in_per_s", func(r *Row) any { return math.Round(r.Traffic.In) }},
	{"bytes_out_per_s", func(r *Row) any { return math.Round(r.Traffic.Out) }},
	{"faults", func(r *Row) any { return strings.Join(r.Faults.Words(), " ") }},
	{"cause", func(r *Row) any { return string(r.Diagnosis.Cause) }},
	{"cause_detail", func(r *Row) any { return r.Diagnosis.Detail }},
	{"close_code", ofClose(func(c *model.Close) any { return c.Code })},
	{"close_reason", ofClose(func(c *model.Close) any { return c.Reason })},
	{"close_by", ofClose(func(c *model.Close) any { return c.By.String() })},
	{"close_at", ofClose(func(c *model.Close) any { return c.At.Format(time.RFC3339Nano) })},
}

// ofClose is a figure that only a closed connection has.
func ofClose(value func(*model.Close) any) func(*Row) any {
	return func(r *Row) any {
		if r.Close == nil {
			return nil
		}
		return value(r.Close)
	}
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

// masked hides the addresses in a figure if they are to be.
func (f *field) masked(r *Row, hide bool) any {
	v := f.value(r)
	if text, ok := v.(string); ok && hide {
		return look.Mask(text)
	}
	return v
}

// CSV writes connections as comma-separated values with a line of names, as in RFC 4180. What is
// not known is empty. A text that a spreadsheet would take for a formula has an apostrophe in front.
func CSV(to io.Writer, rows []Row, hide bool) error {
	w := csv.NewWriter(to)
	record := make([]string, len(fields))
	for i := range fields {
		record[i] = fields[i].name
	}
	if err := w.Write(record); err != nil {
		return fmt.Errorf("write the names: %w", err)
	}
	for i := range rows {
		for j := range fields {
			record[j] = csvText(fields[j].masked(&rows[i], hide))
		}
		if err := w.Write(record); err != nil {
			return fmt.Errorf("write %s: %w", rows[i].ID, err)
		}
	}
	w.Flush()
	return w.Error()
}

func csvText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
			return "'" + v
		}
		return v
	}
	return fmt.Sprint(v)
}

// JSON writes connections as an array of flat objects, one on each line. What is not known is
// null.
func JSON(to io.Writer, rows []Row, hide bool) error {
	w := bufio.NewWriter(to)
	w.WriteString("[")
	for i := range rows {
		separator := ",\n {"
		if i == 0 {
			separator = "\n {"
		}
		w.WriteString(separator)
		for j := range fields {
			f := &fields[j]
			value, err := json.Marshal(f.masked(&rows[i], hide))
			if err != nil {
				return fmt.Errorf("write %s of %s: %w", f.name, rows[i].ID, err)
			}
			if j > 0 {
				w.WriteString(", ")
			}
			fmt.Fprintf(w, "%q: %s", f.name, value)
		}
		w.WriteString("}")
	}
	w.WriteString("\n]\n")
	return w.Flush()
}

// Formats write rows of texts as they are drawn, the first of which has the titles.
func Formats(records [][]string) map[string]func(io.Writer) error {
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
