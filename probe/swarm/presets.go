package swarm

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"holter/model/reconnect"
	"holter/probe/tty"
)

// presetRows has the columns for each preset: its name, what ends the client for good, when its delays begin anew, and
// what this was tried on.
func presetRows() (rows [][4]string) {
	for i := range reconnect.KnownClients {
		c := &reconnect.KnownClients[i]
		ends := c.Ends.String()
		if n := c.Policy.MaxAttempts; n > 0 && !c.Ends.AtRefusal(0, true) {
			ends = strings.TrimPrefix(fmt.Sprintf("%s; %d failed attempts in a row", ends, n), "nothing; ")
		}
		rows = append(rows, [4]string{c.Preset, ends, anew(c.Ends.Settled), cmp.Or(c.Ends.Tried, "not tried, by its source")})
	}
	return rows
}

// anew says after how long a connection the delays begin anew.
func anew(settled time.Duration) string {
	if settled == 0 {
		return "at once"
	}
	return "after " + settled.String()
}

// presetHelp is the table of presets for --help.
func presetHelp() string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "    preset\tdelays begin anew\tnever comes back from")
	for _, row := range presetRows() {
		for i, line := range tty.Wrap(strings.Fields(row[1]), helpRoom) {
			if i > 0 {
				row[0], row[2] = "", ""
			}
			fmt.Fprintf(t, "    %s\t%s\t%s\n", row[0], row[2], line)
		}
	}
	t.Flush()
	return b.String()
}

// helpRoom is the cells that the last column of the table has in a help of 80.
const helpRoom = 32

// PresetTable is the table of presets for the README beside this file.
func PresetTable() string {
	var b strings.Builder
	b.WriteString("\n| preset | client | never comes back from | delays begin anew | tried on |\n| --- | --- | --- | --- | --- |\n")
	for i, row := range presetRows() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", row[0], reconnect.KnownClients[i].Name, row[1], row[2], row[3])
	}
	b.WriteByte('\n')
	return b.String()
}
