package drill

import (
	"fmt"
	"io"
	"time"
)

// Ticker shows the progress of a drill. On a terminal it rewrites one line. Elsewhere it writes a line for each step,
// and one every few seconds.
type Ticker struct {
	Out      io.Writer
	Terminal bool
	written  time.Duration // elapsed time at the newest line
}

// logInterval is the time between two lines without a step, if there is no terminal.
const logInterval = 5 * time.Second

const eraseLine = "\r\x1b[K"

// Show writes p, or leaves it out if the newest line is not old enough.
func (t *Ticker) Show(p Progress) {
	status := fmt.Sprintf("%6.1f s  %d of %d clients lost, %d back", p.Elapsed.Seconds(), p.Lost, p.Clients, p.Back)
	if p.Settling > 0 {
		status += fmt.Sprintf(", %d just in", p.Settling)
	}
	status += fmt.Sprintf(", %d refused", p.Refused)
	if p.Flapping > 0 {
		status += fmt.Sprintf(", %d flapping", p.Flapping)
	}
	switch {
	case t.Terminal && p.Event != "":
		fmt.Fprintf(t.Out, "%s%6.1f s  %s\n%s", eraseLine, p.Elapsed.Seconds(), p.Event, status)
	case t.Terminal:
		fmt.Fprint(t.Out, eraseLine+status)
	case p.Event != "":
		fmt.Fprintf(t.Out, "%6.1f s  %s\n", p.Elapsed.Seconds(), p.Event)
		t.written = p.Elapsed
	case p.Elapsed-t.written >= logInterval:
		fmt.Fprintln(t.Out, status)
		t.written = p.Elapsed
	}
}

// Clear erases the line on a terminal, before the report is written.
func (t *Ticker) Clear() {
	if t.Terminal {
		fmt.Fprint(t.Out, eraseLine)
	}
}
