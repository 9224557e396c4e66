package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"holter/server/api"
)

// warm is the filter for a timeout that is computed. Below eight samples it is a second, whatever they
// say, and not every answer is a sample.
const warm = "state=normal pongs_received>=11 timeout!=1s"

// warm waits until so many connections have beaten often enough.
func (p *program) warm(t *testing.T, n int) {
	t.Helper()
	eventually(t, 2*patience, "all connections are warm", func() bool { return len(p.connections(t, warm)) == n })
}

// death is how holter saw one connection die.
type death struct{ suspect, failed, closed *api.Event }

// deaths waits until so many connections have died since an instant.
func (tp *tape) deaths(t *testing.T, n int, from time.Time) []death {
	t.Helper()
	var closed []api.Event
	eventually(t, 2*patience, "all connections are given up", func() bool {
		closed = tp.since(t, from, func(e *api.Event) bool { return e.Type == "connection.closed" })
		return len(closed) == n
	})
	all := make([]death, n)
	for i := range closed {
		id := closed[i].Connection.ID
		all[i].closed = &closed[i]
		for _, e := range tp.since(t, from, func(e *api.Event) bool { return e.Type == "state.changed" && e.Connection.ID == id }) {
			switch e.To {
			case "suspect":
				all[i].suspect = &e
			case "failed":
				all[i].failed = &e
			}
		}
	}
	return all
}

// Waits of the probes, on a path as short as here.
const probeWaits = 3500 * time.Millisecond

// slack is what the figures leave for timers that come late: the mean of the suspicions is to be 1.2 s
// where interval and timeout make 1.0 s.
const slack = 200 * time.Millisecond

// judge compares the deaths after a cut with what interval, timeout and probes predict. Whatever the
// machine does, nobody may die too early or by another hand: that fails the test. A busy machine can
// only make it later: that is the error.
func judge(t *testing.T, all []death, cut time.Time) error {
	t.Helper()
	var late []error
	var suspicion, predicted, worst time.Duration
	var longest time.Duration // timeout
	for _, d := range all {
		if d.suspect == nil || d.failed == nil {
			t.Fatalf("%s closed without suspicion and failure: %v", d.closed.Connection.Client, d.closed.Connection)
		}
		c := d.suspect.Connection
		interval, timeout, silence := c.IntervalMS.Duration(), c.TimeoutMS.Duration(), c.SilenceMS.Duration()
		probing := d.failed.Time.Sub(d.suspect.Time)
		if silence < timeout {
			t.Errorf("%s: suspected after a silence of %v, before its timeout of %v", c.Client, silence, timeout)
		}
		if probing < probeWaits-time.Millisecond {
			t.Errorf("%s: failed %v after the suspicion, before its probes were over", c.Client, probing)
		}
		if end := d.closed.Connection; end.Close.Code != codeTimeout || end.Close.By != "holter" || end.State != "failed" {
			t.Errorf("%s: closed as %s with %+v, want failed and %d by holter", c.Client, end.State, *end.Close, codeTimeout)
		}
		if silence > interval+timeout+slack {
			late = append(late, fmt.Errorf("%s: suspected after a silence of %v, with an interval of %v and a timeout of %v", c.Client, silence, interval, timeout))
		}
		if probing > probeWaits+slack {
			late = append(late, fmt.Errorf("%s: failed %v after the suspicion", c.Client, probing))
		}
		suspicion += d.suspect.Time.Sub(cut)
		predicted += interval/2 + timeout
		worst = max(worst, d.failed.Time.Sub(cut))
		longest = max(longest, timeout)
	}
	n := time.Duration(len(all))
	t.Logf("%d connections: suspect %v after the cut on average (interval/2 + timeout is %v), failed within %v; longest timeout %v",
		n, suspicion/n, predicted/n, worst, longest)
	if suspicion/n > predicted/n+slack {
		late = append(late, fmt.Errorf("suspect after %v on average", suspicion/n))
	}
	if len(late) == 0 {
		return nil
	}
	return fmt.Errorf("%d times too late, for example %w", len(late), errors.Join(late[:min(3, len(late))]...))
}

// attempts is how often a time is measured before it counts as too long.
const attempts = 3

// returned waits until all clients of a crew are back, as that generation.
func (p *program) returned(t *testing.T, n, generation int) {
	t.Helper()
	eventually(t, patience, fmt.Sprintf("all clients are back as generation %d", generation), func() bool {
		back := 0
		for _, c := range p.clients(t) {
			if c.Generation == generation && c.State == "normal" {
				back++
			}
		}
		return back == n
	})
}

func (p *program) kick(t *testing.T, k api.Kick) int {
	t.Helper()
	var answer api.Kicked
	p.ask(t, http.MethodPost, "/api/v1/kick", k, &answer)
	return answer.Kicked
}
