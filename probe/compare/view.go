package compare

import (
	"fmt"
	"slices"
	"strings"

	"holter/model/heart"
)

// tables is the report as it is read: when each end notices each fault, at what price.
func (r *Report) tables() []table {
	server := func(c *Cell) *Sight { return &c.Server }
	client := func(c *Cell) *Sight { return &c.Client }
	suspected := func(s *Sight) *Spread { return &s.Suspected }
	over := func(s *Sight) *Spread { return &s.Over }
	return []table{
		r.times("The server suspects, after seconds: mean / worst", server, suspected),
		r.times("The server gives up: mean / worst", server, over),
		r.times("The client suspects: mean / worst", client, suspected),
		r.times("The client gives up: mean / worst", client, over),
		r.mistakes(),
		r.costs(),
	}
}

// times has a column for each fault that strikes.
func (r *Report) times(title string, side func(*Cell) *Sight, of func(*Sight) *Spread) table {
	t := table{title: title, header: []string{"scheme"}}
	struck := r.Faults[1:]
	for _, f := range struck {
		t.header = append(t.header, f.Name)
	}
	for _, s := range r.Schemes {
		row := []string{s.Name}
		for _, f := range struck {
			sight := side(r.cell(s.Name, f.Name))
			row = append(row, spread(of(sight), sight.Struck))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// spread is "3.05/5.61" in seconds, one figure if both are the same, with an asterisk if some noticed
// nothing.
func spread(s *Spread, struck int) string {
	switch {
	case struck == 0:
		return "-"
	case s.Count == 0:
		return "never"
	}
	text := seconds(s.MeanMS)
	if worst := seconds(s.WorstMS); worst != text {
		text += "/" + worst
	}
	if s.Count < struck {
		text += "*"
	}
	return text
}

func seconds(ms float64) string {
	switch {
	case ms < 10:
		return "<.01"
	case ms < 9995:
		return fmt.Sprintf("%.2f", ms/1000)
	}
	return fmt.Sprintf("%.1f", ms/1000)
}

// mistakes has all trials on a sound path in one column: no fault had struck them yet.
func (r *Report) mistakes() table {
	t := table{
		title:  "Mistakes while nothing was wrong, per connection-hour: suspected / given up",
		header: []string{"scheme", "sound path", "late pongs", "1 % loss"},
	}
	for _, s := range r.Schemes {
		var sound Cell
		for _, c := range r.Cells {
			if c.Scheme == s.Name && !r.bad(c.Fault) {
				sound.merge(&c)
			}
		}
		t.rows = append(t.rows, []string{
			s.Name, rates(&sound), rates(r.cell(s.Name, latePongs)), rates(r.cell(s.Name, loss)),
		})
	}
	return t
}

// bad reports whether a fault is a path that is bad from the start.
func (r *Report) bad(fault string) bool { return fault == latePongs || fault == loss }

// merge adds the mistakes of both ends of other to those of the server.
func (c *Cell) merge(other *Cell) {
	c.Hours += other.Hours
	c.Server.FalseSuspicions += other.Server.FalseSuspicions + other.Client.FalseSuspicions
	c.Server.FalseFailures += other.Server.FalseFailures + other.Client.FalseFailures
}

// rates is "1.2/0 in 2.3 h".
func rates(c *Cell) string {
	if c.Hours == 0 {
		return "-"
	}
	return fmt.Sprintf("%s/%s in %.2g h", rate(c.Server.FalseSuspicions+c.Client.FalseSuspicions, c.Hours),
		rate(c.Server.FalseFailures+c.Client.FalseFailures, c.Hours), c.Hours)
}

func rate(n int, hours float64) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%.1f", float64(n)/hours)
}

// wireOverhead is what IPv4, TCP and its timestamps add to each packet.
const wireOverhead = 20 + 20 + 12

func (r *Report) costs() table {
	t := table{
		title:  "Cost while nothing happens",
		header: []string{"scheme", "frame B/min", "packets/min", "wire B/min", "CPU ms/1000 beats", "KiB/conn"},
	}
	for _, s := range r.Schemes {
		packets, wire, cpu := "-", "-", "-"
		if s.Packets > 0 {
			packets, wire = fmt.Sprintf("%.1f", s.Packets), fmt.Sprintf("%.0f", s.Bytes+wireOverhead*s.Packets)
		}
		if s.CPUMS > 0 {
			cpu = fmt.Sprintf("%.0f", s.CPUMS)
		}
		t.rows = append(t.rows, []string{
			s.Name, fmt.Sprintf("%.0f", s.Bytes), packets, wire, cpu, fmt.Sprintf("%.1f", s.MemoryBytes/1024),
		})
	}
	return t
}

// notes say what the figures are, and what they are not.
func (r *Report) notes() []string {
	var notes []string
	for _, f := range r.Faults[1:] {
		notes = append(notes, fmt.Sprintf("%s: %s", f.Name, f.What))
	}
	if r.LateOften > 0 {
		notes = append(notes, fmt.Sprintf("THIS MACHINE WAS BUSY: the program itself ran late %d times, by %.0f ms at worst. "+
			"holter's hearts then void their beats and wait up to 8 times as long on all connections, so the figures are of a busy machine; repeat it on a quiet one.",
			r.LateOften, r.LateMS))
	}
	return append(notes,
		r.scaling(),
		r.monitored(),
		"The fixed schemes are the chat example of gorilla/websocket with other times: the server pings every first time and gives up "+
			"a client without a pong for the second. They suspect no client before they give it up.",
		"never: an end that only answers, as a page in a browser does, has nothing to notice by (watched for a minute, or with --quick as long as its scheme may take). "+
			"*: not all noticed. -: not measured. The kernel's keep-alive, which Go switches on by itself, is off.",
		"The beat of a struck connection may be at any phase. Where one end is struck, each end is in half of the connections, and the other one is to notice.",
		"Mistakes are those of young connections, which live for a minute or two: "+
			"holter's limits are learnt, and mostly mistaken when a path shows its worst for the first time. All mistakes of both ends count.",
		fmt.Sprintf("Frame bytes are those of pings and pongs, masked from the client. Packets are those of the server's socket as Linux counts them, "+
			"acknowledgements too; on the wire each takes %d bytes more (IPv4, TCP, timestamps).", wireOverhead),
		"CPU is that of both ends and of loopback between them, a ping every 100 ms on each of hundreds of connections. "+
			"Memory is heap and stacks of the server's end in this program, most of it the library's buffers: a fixed scheme adds a goroutine, "+
			"a monitor what it keeps of the connection, its line in the log of the newest 2048 events included.",
		fmt.Sprintf("Seed %d, %.0f s, %d connections; this process ran late by %.0f ms at worst.", r.Seed, r.TookMS/1000, r.connections(), r.LateMS),
	)
}

// monitored says what holter's schemes are.
func (r *Report) monitored() string {
	text := fmt.Sprintf("In the holter schemes the server's end is the monitor that applications use, around a gorilla endpoint, and closes what has failed; "+
		"a client that beats is one of holter swarm's. Where they ping it is every %g s ±10 %%, with the limits that each path teaches them.", r.Schemes[0].PingMS/1000)
	if r.Quick {
		text += fmt.Sprintf(" Without --quick it is every %g s: then they notice silence some seconds later, and send less.",
			heart.DefaultRhythm().Interval.Seconds())
	}
	return text
}

// scaling says what ran faster than it would have.
func (r *Report) scaling() string {
	var squeezed []string
	for _, s := range r.Schemes {
		if c := r.cell(s.Name, halfOpen); c.Compression > 1 {
			squeezed = append(squeezed, fmt.Sprintf("%s %.0f times", s.Name, c.Compression))
		}
	}
	if len(squeezed) == 0 {
		return "All times are as measured: nothing was compressed."
	}
	return fmt.Sprintf("Under %s all times of the fixed schemes ran faster and are scaled back (%s). "+
		"The other faults have times of their own and ran at true scale, for %g s; late pongs and loss did not end in a cut.",
		strings.Join(r.compressed(), ", "), strings.Join(squeezed, ", "), quickLife.Seconds())
}

// compressed are the faults under which times ran faster.
func (r *Report) compressed() []string {
	var names []string
	for _, c := range r.Cells {
		if c.Compression > 1 && !slices.Contains(names, c.Fault) {
			names = append(names, c.Fault)
		}
	}
	return names
}

func (r *Report) connections() (n int) {
	for i := range r.Cells {
		n += r.Cells[i].Connections
	}
	return n
}
