package tui

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
)

// exportField is one figure of a connection in an export. Its name is that of the API, with the unit in
// it; nested names are joined by an underscore.
type exportField struct {
	name  string
	value func(r *exportRow) any
}

// exportRow is a connection as it is exported.
type exportRow struct {
	*model.Connection
	traffic traffic
	now     time.Time
}

var exportFields = []exportField{
	{"id", func(r *exportRow) any { return r.ID.String() }},
	{"client", func(r *exportRow) any { return r.Client }},
	{"generation", func(r *exportRow) any { return r.Generation }},
	{"remote", func(r *exportRow) any { return model.Address(r.Remote) }},
	{"path", func(r *exportRow) any { return r.Path }},
	{"user_agent", func(r *exportRow) any { return r.UserAgent }},
	{"subprotocol", func(r *exportRow) any { return r.Subprotocol }},
	{"side", func(r *exportRow) any { return r.Side.String() }},
	{"state", func(r *exportRow) any { return r.State.String() }},
	{"since", func(r *exportRow) any { return r.Since.Format(time.RFC3339Nano) }},
	{"opened_at", func(r *exportRow) any { return r.Opened.Format(time.RFC3339Nano) }},
	{"age_ms", func(r *exportRow) any { return millis(r.Age(r.now)) }},
	{"rtt_ms", func(r *exportRow) any { return known(r.RTT) }},
	{"rtt_mean_ms", func(r *exportRow) any { return known(r.RTTMean) }},
	{"rtt_dev_ms", func(r *exportRow) any { return known(r.RTTDev) }},
	{"timeout_ms", func(r *exportRow) any { return known(r.Timeout) }},
	{"interval_ms", func(r *exportRow) any { return known(r.Interval) }},
	{"silence_ms", func(r *exportRow) any { return millis(r.Silence) }},
	{"data_silence_ms", func(r *exportRow) any { return known(r.DataSilence) }},
	{"missed", func(r *exportRow) any { return r.Missed }},
	{"pings_sent", func(r *exportRow) any { return r.PingsSent }},
	{"pongs_received", func(r *exportRow) any { return r.PongsReceived }},
	{"pings_received", func(r *exportRow) any { return r.PingsReceived }},
	{"frames_in", func(r *exportRow) any { return r.FramesIn }},
	{"frames_out", func(r *exportRow) any { return r.FramesOut }},
	{"bytes_in", func(r *exportRow) any { return r.BytesIn }},
	{"bytes_out", func(r *exportRow) any { return r.BytesOut }},
	{"bytes_in_per_s", func(r *exportRow) any { return math.Round(r.traffic.in) }},
	{"bytes_out_per_s", func(r *exportRow) any { return math.Round(r.traffic.out) }},
	{"faults", func(r *exportRow) any { return strings.Join(r.Faults.Words(), " ") }},
	{"cause", func(r *exportRow) any { return string(r.Diagnosis.Cause) }},
	{"cause_detail", func(r *exportRow) any { return r.Diagnosis.Detail }},
	{"close_code", ofClose(func(c *model.Close) any { return c.Code })},
	{"close_reason", ofClose(func(c *model.Close) any { return c.Reason })},
	{"close_by", ofClose(func(c *model.Close) any { return c.By.String() })},
	{"close_at", ofClose(func(c *model.Close) any { return c.At.Format(time.RFC3339Nano) })},
}

// ofClose is a figure that only a closed connection has.
func ofClose(value func(*model.Close) any) func(*exportRow) any {
	return func(r *exportRow) any {
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
func (f *exportField) masked(r *exportRow, hide bool) any {
	v := f.value(r)
	if text, ok := v.(string); ok && hide {
		return look.Mask(text)
	}
	return v
}

// exportCSV writes connections as comma-separated values with a line of names, as in RFC 4180. What is
// not known is empty. A text that a spreadsheet would take for a formula has an apostrophe in front.
func exportCSV(to io.Writer, rows []exportRow, hide bool) error {
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
			record[j] = csvText(exportFields[j].masked(&rows[i], hide))
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
func exportJSON(to io.Writer, rows []exportRow, hide bool) error {
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
