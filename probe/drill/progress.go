package drill

import (
	"fmt"
	"io"
	"time"
)

// Ticker writes progress: on a terminal in one line that is written again and again, elsewhere now and
// then in a line of its own.
type Ticker struct {
	Out      io.Writer
	Terminal bool
	written  time.Duration // when the newest line was
}

// logInterval is how long nothing is written where lines stay.
const logInterval = 5 * time.Second

const eraseLine = "\r\x1b[K"

// Show writes p.
func (t *Ticker) Show(p Progress) {
	status := fmt.Sprintf("%6.1f s  %d of %d clients lost, %d back, %d refused", p.Elapsed.Seconds(), p.Lost, p.Clients, p.Back, p.Refused)
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

// Clear ends the line that is written again and again.
func (t *Ticker) Clear() {
	if t.Terminal {
		fmt.Fprint(t.Out, eraseLine)
	}
}
