package tui

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"holter/model"
)

// exportField is one figure of a connection in an export. Its name is that of the API, with the unit in
// it; nested names are joined by an underscore.
type exportField struct {
	name  string
	value func(c *model.Connection, now time.Time) any
}

var exportFields = []exportField{
	{"id", func(c *model.Connection, _ time.Time) any { return c.ID.String() }},
	{"client", func(c *model.Connection, _ time.Time) any { return c.Client }},
	{"generation", func(c *model.Connection, _ time.Time) any { return c.Generation }},
	{"remote", func(c *model.Connection, _ time.Time) any { return c.Remote.String() }},
	{"path", func(c *model.Connection, _ time.Time) any { return c.Path }},
	{"user_agent", func(c *model.Connection, _ time.Time) any { return c.UserAgent }},
	{"subprotocol", func(c *model.Connection, _ time.Time) any { return c.Subprotocol }},
	{"state", func(c *model.Connection, _ time.Time) any { return c.State.String() }},
	{"since", func(c *model.Connection, _ time.Time) any { return c.Since.Format(time.RFC3339Nano) }},
	{"opened_at", func(c *model.Connection, _ time.Time) any { return c.Opened.Format(time.RFC3339Nano) }},
	{"age_ms", func(c *model.Connection, now time.Time) any { return millis(c.Age(now)) }},
	{"rtt_ms", func(c *model.Connection, _ time.Time) any { return known(c.RTT) }},
	{"rtt_mean_ms", func(c *model.Connection, _ time.Time) any { return known(c.RTTMean) }},
	{"rtt_dev_ms", func(c *model.Connection, _ time.Time) any { return known(c.RTTDev) }},
	{"timeout_ms", func(c *model.Connection, _ time.Time) any { return known(c.Timeout) }},
	{"interval_ms", func(c *model.Connection, _ time.Time) any { return known(c.Interval) }},
	{"silence_ms", func(c *model.Connection, _ time.Time) any { return millis(c.Silence) }},
	{"data_silence_ms", func(c *model.Connection, _ time.Time) any { return known(c.DataSilence) }},
	{"missed", func(c *model.Connection, _ time.Time) any { return c.Missed }},
	{"pings_sent", func(c *model.Connection, _ time.Time) any { return c.PingsSent }},
	{"pongs_received", func(c *model.Connection, _ time.Time) any { return c.PongsReceived }},
	{"pings_received", func(c *model.Connection, _ time.Time) any { return c.PingsReceived }},
	{"frames_in", func(c *model.Connection, _ time.Time) any { return c.FramesIn }},
	{"frames_out", func(c *model.Connection, _ time.Time) any { return c.FramesOut }},
	{"bytes_in", func(c *model.Connection, _ time.Time) any { return c.BytesIn }},
	{"bytes_out", func(c *model.Connection, _ time.Time) any { return c.BytesOut }},
	{"cause", func(c *model.Connection, _ time.Time) any { return string(c.Diagnosis.Cause) }},
	{"cause_detail", func(c *model.Connection, _ time.Time) any { return c.Diagnosis.Detail }},
	{"close_code", ofClose(func(c *model.Close) any { return c.Code })},
	{"close_reason", ofClose(func(c *model.Close) any { return c.Reason })},
	{"close_by", ofClose(func(c *model.Close) any { return c.By.String() })},
	{"close_at", ofClose(func(c *model.Close) any { return c.At.Format(time.RFC3339Nano) })},
}

// ofClose is a figure that only a closed connection has.
func ofClose(value func(*model.Close) any) func(*model.Connection, time.Time) any {
	return func(c *model.Connection, _ time.Time) any {
		if c.Close == nil {
			return nil
		}
		return value(c.Close)
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
func (f *exportField) masked(c *model.Connection, now time.Time, hide bool) any {
	v := f.value(c, now)
	if text, ok := v.(string); ok && hide {
		return mask(text)
	}
	return v
}

// exportCSV writes connections as comma-separated values with a line of names, as in RFC 4180. What is
// not known is empty. A text that a spreadsheet would take for a formula has an apostrophe in front.
func exportCSV(to io.Writer, rows []model.Connection, now time.Time, hide bool) error {
	w := csv.NewWriter(to)
	record := make([]string, len(exportFields))
	for i := range exportFields {
		record[i] = exportFields[i].name
	}
	if err := w.Write(record); err != nil {
		return fmt.Errorf("write the names: %w", err)
	}
	for i := range rows {
		for j := range exportFields {
			record[j] = csvText(exportFields[j].masked(&rows[i], now, hide))
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

// exportJSON writes connections as an array of flat objects, one on each line. What is not known is
// null.
func exportJSON(to io.Writer, rows []model.Connection, now time.Time, hide bool) error {
	w := bufio.NewWriter(to)
	w.WriteString("[")
	for i := range rows {
		separator := ",\n {"
		if i == 0 {
			separator = "\n {"
		}
		w.WriteString(separator)
		for j := range exportFields {
			f := &exportFields[j]
			value, err := json.Marshal(f.masked(&rows[i], now, hide))
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
