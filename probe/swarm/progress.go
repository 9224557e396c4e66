package swarm

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"time"

	"holter/probe/tty"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// progress shows the counts of a running swarm. On a terminal it rewrites one line, and elsewhere it writes a new
// line every few seconds, the first one soon: so a reader of the file sees that it runs.
type progress struct {
	out          io.Writer
	width        func() int // of the terminal, nil if there is none
	every        time.Duration
	first        time.Duration // in place of every until the first line, 0 after it
	lastSent     int64         // messages up to the last line
	lastAttempts int
	lastShown    time.Time
}

const (
	refresh  = 200 * time.Millisecond
	interval = 5 * time.Second
	soon     = time.Second
)

func newProgress(out io.Writer) *progress {
	p := &progress{out: out, every: interval, first: soon, lastShown: time.Now()}
	if tty.Is(out) {
		p.every, p.first = refresh, 0
		p.width = func() int {
			width, _, err := term.GetSize(int(out.(*os.File).Fd()))
			if err != nil {
				return 80
			}
			return width
		}
	}
	return p
}

// show writes a line if the last one is old enough.
func (p *progress) show(s *Swarm, now time.Time) {
	since := now.Sub(p.lastShown)
	if since < cmp.Or(p.first, p.every) {
		return
	}
	p.first = 0
	line := p.line(s, since)
	p.lastShown = now
	if p.width == nil {
		fmt.Fprintln(p.out, line)
		return
	}
	fmt.Fprint(p.out, "\r", ansi.Truncate(line, p.width()-1, "…"), ansi.EraseLineRight)
}

// line formats the counts. Its rates are those of the time since the last line.
func (p *progress) line(s *Swarm, since time.Duration) string {
	stats, n, sent := s.Stats(), s.count(), s.record.sent.Load()
	attempts := stats.Connects + stats.Refused + stats.Failed
	line := fmt.Sprintf("%s  %d/%d connected  %d stayed  %d flapping  %d connecting  %d waiting  %d gave up  %d failed  %.0f attempts/s",
		time.Since(s.begin).Round(time.Second), stats.Connected, stats.Clients, n.stayed, n.flapping, stats.Connecting, stats.Waiting, stats.GaveUp,
		stats.Refused+stats.Failed, float64(attempts-p.lastAttempts)/since.Seconds())
	if sent > 0 {
		line += fmt.Sprintf("  %.0f messages/s", float64(sent-p.lastSent)/since.Seconds())
	}
	p.lastSent, p.lastAttempts = sent, attempts
	return line
}

// clear erases the line on a terminal, before the summary is written.
func (p *progress) clear() {
	if p.width != nil {
		fmt.Fprint(p.out, "\r", ansi.EraseLineRight)
	}
}
