package swarm

import (
	"fmt"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"holter/probe/expect"
)

// Verdict is the result of an expression that --fail-if gives.
type Verdict struct {
	Expression string `json:"expression"`
	Failed     bool   `json:"failed"` // it holds
	Found      string `json:"found"`

	figure string // that it is about
}

// judge evaluates the expressions and reports whether one of them holds.
func (r *Report) judge(failIf []expect.Expectation) (failed bool) {
	for _, e := range failIf {
		c := &e.Parts[0] // no figure joins others
		holds, found := figures[c.Subject].of(c, r)
		r.FailIf = append(r.FailIf, Verdict{e.Text, holds, found, figures[c.Subject].Name})
		failed = failed || holds
	}
	return failed
}

// failures describes the expressions that hold.
func (r *Report) failures() string {
	var parts []string
	for _, v := range r.FailIf {
		if v.Failed {
			parts = append(parts, fmt.Sprintf("%s (%s)", v.Expression, v.Found))
		}
	}
	return strings.Join(parts, ", ")
}

// figure is what an expression may be about.
type figure struct {
	expect.Subject
	of finding
}

// finding compares a figure of a report, and says what it is.
type finding func(*expect.Comparison, *Report) (holds bool, found string)

// figures are those that a drill has of the clients too, by the same names, and those that only a swarm has.
var figures = append([]figure{
	{expect.Subject{Name: "connected", Unit: expect.Share}, ofClients(func(r *Report) int { return r.Connected })},
	{expect.Subject{Name: "stayed", Unit: expect.Share}, ofClients(func(r *Report) int { return r.Stayed })},
	{expect.Subject{Name: "flapping", Unit: expect.Amount}, clients(func(r *Report) int { return r.Flapping })},
	{expect.Subject{Name: "recovered", Alias: "back", Unit: expect.Share, Timed: true}, recovered},
	{expect.Subject{Name: "back_50", Unit: expect.Length}, backAfter(0.50)},
	{expect.Subject{Name: "back_90", Unit: expect.Length}, backAfter(0.90)},
	{expect.Subject{Name: "back_99", Unit: expect.Length}, backAfter(0.99)},
	{expect.Subject{Name: "peak_rate", Alias: "peak", Unit: expect.PerSecond}, peakRate},
	{expect.Subject{Name: "refused", Unit: expect.Number}, number(func(r *Report) int { return r.Refused })},
	{expect.Subject{Name: "failed", Unit: expect.Number}, number(func(r *Report) int { return r.Attempts - r.Connects })},
	{expect.Subject{Name: "ended", Unit: expect.Number}, number(func(r *Report) int { return sum(r.Ended) })},
	{expect.Subject{Name: "lost", Unit: expect.Amount}, clients(func(r *Report) int { return r.Lost })},
	{expect.Subject{Name: "gave_up", Unit: expect.Amount}, clients(func(r *Report) int { return r.GaveUp })},
	{expect.Subject{Name: "late", Unit: expect.Length}, late},
}, percentiles()...)

// percentiles are handshake_50, handshake_90 and so on.
func percentiles() (all []figure) {
	for _, t := range []struct {
		name string
		of   func(*Report) *Timing
	}{
		{"handshake", func(r *Report) *Timing { return &r.Handshake }},
		{"message", func(r *Report) *Timing { return &r.Message }},
		{"beat", func(r *Report) *Timing { return &r.Beat }},
	} {
		add := func(suffix string, at func(*Timing) millis) {
			all = append(all, figure{expect.Subject{Name: t.name + suffix, Unit: expect.Length},
				func(c *expect.Comparison, r *Report) (bool, string) { return timeOf(c, time.Duration(at(t.of(r)))) }})
		}
		add("_50", func(t *Timing) millis { return t.P50 })
		add("_90", func(t *Timing) millis { return t.P90 })
		add("_99", func(t *Timing) millis { return t.P99 })
	}
	return all
}

// language has the subjects of the figures in the same order.
var language = func() (l expect.Language) {
	for i := range figures {
		l = append(l, figures[i].Subject)
	}
	return l
}()

func number(of func(*Report) int) finding {
	return func(c *expect.Comparison, r *Report) (bool, string) {
		return c.Holds(float64(of(r))), fmt.Sprint(of(r))
	}
}

func clients(of func(*Report) int) finding {
	return func(c *expect.Comparison, r *Report) (bool, string) {
		return c.HoldsAmount(of(r), r.Clients), fmt.Sprintf("%d of %d clients", of(r), r.Clients)
	}
}

func ofClients(of func(*Report) int) finding {
	return func(c *expect.Comparison, r *Report) (bool, string) {
		return c.Holds(float64(of(r)) / float64(r.Clients)), fmt.Sprintf("%d of %d clients", of(r), r.Clients)
	}
}

func late(c *expect.Comparison, r *Report) (bool, string) {
	return c.Holds(time.Duration(r.Late).Seconds()), pretty(r.Late)
}

func peakRate(c *expect.Comparison, r *Report) (bool, string) {
	if c.Value.Relative {
		return c.Holds(float64(r.PeakRate) / float64(r.Clients)), fmt.Sprintf("%d/s of %d clients", r.PeakRate, r.Clients)
	}
	return c.Holds(float64(r.PeakRate)), fmt.Sprintf("%d/s", r.PeakRate)
}

// timeOf compares a time, which is 0 if it was never reached.
func timeOf(c *expect.Comparison, d time.Duration) (bool, string) {
	if d == 0 {
		return c.HoldsTime(d), "never"
	}
	return c.HoldsTime(d), pretty(millis(d))
}

const nothingLost = "no client lost its connection"

// recovered compares the share of the clients that lost a connection and are back to stay. With a time it compares the
// share of the outages that were over within it.
func recovered(c *expect.Comparison, r *Report) (bool, string) {
	switch {
	case r.Lost == 0:
		return false, nothingLost
	case c.Within == 0:
		return c.Holds(float64(r.Recovered) / float64(r.Lost)), fmt.Sprintf("%d of %d clients", r.Recovered, r.Lost)
	}
	n := r.outages.within(c.Within)
	return c.Holds(float64(n) / float64(r.outages.all)), fmt.Sprintf("%d of %d times within %s", n, r.outages.all, c.Within)
}

func backAfter(share float64) finding {
	return func(c *expect.Comparison, r *Report) (bool, string) {
		if r.Lost == 0 {
			return false, nothingLost
		}
		return timeOf(c, r.outages.took(share))
	}
}

// outages are the times that clients were away, from the loss of a connection to the opening of the next one that stayed.
type outages struct {
	over []hdrhistogram.Bar // by their length, in µs
	all  int64              // with those that are not over
}

func newOutages(over []hdrhistogram.Bar, open int) outages {
	o := outages{over, int64(open)}
	for _, b := range over {
		o.all += b.Count
	}
	return o
}

// within returns how many outages took no longer than d.
func (o *outages) within(d time.Duration) (n int64) {
	for _, b := range o.over {
		if b.From <= d.Microseconds() {
			n += b.Count
		}
	}
	return n
}

// took returns the time in which a share of the outages was over, 0 if there is none.
func (o *outages) took(share float64) time.Duration {
	n := int64(0)
	for _, b := range o.over {
		if n += b.Count; float64(n) >= share*float64(o.all)-1e-6 {
			return max(time.Duration(b.To)*time.Microsecond, 1)
		}
	}
	return 0
}

func sum(counts map[string]int) (n int) {
	for _, of := range counts {
		n += of
	}
	return n
}
