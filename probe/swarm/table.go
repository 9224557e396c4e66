package swarm

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// tolerableLate is how late this process may run before the report warns of its own timings.
const tolerableLate = 100 * time.Millisecond

// Write writes the report as text for a terminal.
func (r *Report) Write(w io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%d clients of %s for %s, back-off %s\n\n", r.Clients, r.URL, pretty(r.Duration), r.Policy)
	fmt.Fprintf(&text, "connected   %d (peak %d), %d of these to stay; flapping %d, waiting %d, gave up %d\n", r.Connected, r.Peak, r.Stayed, r.Flapping, r.Waiting, r.GaveUp)
	fmt.Fprintf(&text, "attempts    %d: %d connected, %d of these were reconnects; %d/s in the worst second\n", r.Attempts, r.Connects, r.Reconnects, r.PeakRate)
	counts(&text, "failed", r.Failed)
	r.said(&text)
	counts(&text, "ended", r.Ended)
	if r.Lost > 0 {
		fmt.Fprintf(&text, "lost        %d clients lost a connection, %d of them are back to stay\n", r.Lost, r.Recovered)
	}
	fmt.Fprintf(&text, "messages    %d sent, %d received\n\n", r.MessagesSent, r.MessagesReceived)
	r.timings(&text)
	r.verdicts(&text)
	if r.Failed[noPort] > 0 {
		fmt.Fprintf(&text, "\n%s\n", adviseOnPorts())
	}
	if time.Duration(r.Late) > tolerableLate {
		fmt.Fprintf(&text, "\nThis process was up to %s late itself, so its timings are too long: run fewer clients, or more processes.\n", pretty(r.Late))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// counts writes one line for each reason, with the most frequent first.
func counts(w io.Writer, title string, of map[string]int) {
	for _, why := range slices.SortedFunc(maps.Keys(of), func(a, b string) int {
		return cmp.Or(of[b]-of[a], strings.Compare(a, b))
	}) {
		fmt.Fprintf(w, "%-11s %d %s\n", title, of[why], why)
		title = ""
	}
}

// said writes one line for each status whose refusals say more than the status.
func (r *Report) said(w io.Writer) {
	title := "said"
	for _, s := range r.Refusals {
		if text := quoted(s.Location, s.Body); text != "" {
			fmt.Fprintf(w, "%-11s %d: %s\n", title, s.Status, text)
			title = ""
		}
	}
}

// verdicts writes one line for each expression of --fail-if.
func (r *Report) verdicts(w io.Writer) {
	for i, v := range r.FailIf {
		if i == 0 {
			fmt.Fprintln(w)
		}
		if v.Failed {
			fmt.Fprintf(w, "✖ %s: %s\n", v.Expression, v.Found)
		} else {
			fmt.Fprintf(w, "✔ %s: %s (fails if %s)\n", v.figure, v.Found, v.Expression)
		}
	}
}

func (r *Report) timings(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tcount\tmean\tp50\tp90\tp99\tp99.9\tmax\t")
	for _, row := range []struct {
		name string
		of   Timing
	}{{"handshake", r.Handshake}, {"message", r.Message}, {"beat", r.Beat}, {"reconnect", r.Reconnect}, {"back", r.Back}} {
		if row.of.Count == 0 {
			continue
		}
		fmt.Fprintf(t, "%s\t%d\t", row.name, row.of.Count)
		for _, d := range []millis{row.of.Mean, row.of.P50, row.of.P90, row.of.P99, row.of.P999, row.of.Max} {
			fmt.Fprintf(t, "%s\t", pretty(d))
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}

// pretty formats a duration with three significant digits.
func pretty(m millis) string {
	d := time.Duration(m)
	for unit := time.Microsecond; unit < time.Second; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
	return d.Round(100 * time.Millisecond).String()
}
