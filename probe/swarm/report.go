package swarm

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"
)

// Report is the summary of a swarm's run so far. Its JSON gives durations in milliseconds.
type Report struct {
	URL      string `json:"url"`
	Clients  int    `json:"clients"`
	Policy   string `json:"policy"` // of the first role
	Duration millis `json:"duration_ms"`

	Connected int `json:"connected"` // when the report was made
	Stayed    int `json:"stayed"`    // of these, for at least five seconds, or since their first connection
	Peak      int `json:"peak"`      // maximum of Connected
	Flapping  int `json:"flapping"`  // clients that were closed again before they had stayed, three times in a row
	Waiting   int `json:"waiting"`
	GaveUp    int `json:"gave_up"`
	Lost      int `json:"lost"`      // clients that have lost a connection
	Recovered int `json:"recovered"` // of these, have had one since then that stayed

	Attempts   int            `json:"attempts"`
	Connects   int            `json:"connects"`
	Reconnects int            `json:"reconnects"` // connects that were not the first of their client
	Failed     map[string]int `json:"failed"`     // attempts, by reason
	Refused    int            `json:"refused"`    // attempts that were answered with a status other than 101
	Refusals   []Refusal      `json:"refusals"`   // by status
	Ended      map[string]int `json:"ended"`      // connections, by reason
	PeakRate   int            `json:"peak_per_s"` // attempts in the worst second

	MessagesSent     int64 `json:"messages_sent"`
	MessagesReceived int64 `json:"messages_received"`

	Handshake Timing `json:"handshake"`
	Message   Timing `json:"message"`   // from writing a message to its echo
	Beat      Timing `json:"beat"`      // from writing a ping to its pong
	Reconnect Timing `json:"reconnect"` // from the end of a connection to its client's next
	Back      Timing `json:"back"`      // from the loss of a connection to the client's next one that stayed

	// Late is the longest time by which this process was late to serve its own clients. Timings shorter than this
	// mean little.
	Late millis `json:"late_ms"`

	FailIf []Verdict `json:"fail_if"`
	Reason string    `json:"reason"` // why the exit code is 1, empty if it is 0

	outages outages
}

// Refusal is what a server says with one status. The texts are those of the first refusal that had any. They are short
// and safe to show.
type Refusal struct {
	Status   int    `json:"status"`
	Count    int    `json:"count"`
	Location string `json:"location"`
	Body     string `json:"body"` // its first bytes
}

// Timing is the summary of a histogram of durations.
type Timing struct {
	Count int64  `json:"count"`
	Mean  millis `json:"mean_ms"`
	P50   millis `json:"p50_ms"`
	P90   millis `json:"p90_ms"`
	P99   millis `json:"p99_ms"`
	P999  millis `json:"p999_ms"`
	Max   millis `json:"max_ms"`
}

// millis is a duration whose JSON is a number of milliseconds, rounded to microseconds.
type millis time.Duration

func (m millis) MarshalJSON() ([]byte, error) {
	ms := math.Round(float64(m)/float64(time.Microsecond)) / 1000
	return strconv.AppendFloat(nil, ms, 'f', -1, 64), nil
}

// Report summarizes the run so far. Any goroutine may call it, before, during and after Run.
func (s *Swarm) Report() Report {
	stats, r, n := s.Stats(), s.record, s.count()
	late, _ := s.clock.Late()
	report := Report{
		URL: displayed(s.options.URL), Clients: stats.Clients, Policy: s.options.Cast[0].Policy.String(),
		Duration:  millis(time.Since(s.begin)),
		Connected: stats.Connected, Stayed: n.stayed, Flapping: n.flapping, Peak: stats.Peak, Waiting: stats.Waiting, GaveUp: stats.GaveUp,
		Lost: n.lost, Recovered: n.recovered, Refused: stats.Refused, PeakRate: s.tally.peakRate(),
		Attempts: stats.Connects + stats.Refused + stats.Failed, Connects: stats.Connects, Reconnects: stats.Reconnects,
		MessagesSent: r.sent.Load(), MessagesReceived: r.received.Load(),
		Handshake: r.handshake.summary(), Message: r.message.summary(), Beat: r.beat.summary(), Reconnect: r.reconnect.summary(), Back: r.back.summary(),
		Late: millis(late), FailIf: []Verdict{}, outages: newOutages(r.back.bars(), n.away),
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	report.Failed, report.Ended = maps.Clone(r.failed), maps.Clone(r.ended)
	bySize := func(a, b Refusal) int { return cmp.Or(b.Count-a.Count, a.Status-b.Status) }
	report.Refusals = slices.AppendSeq([]Refusal{}, maps.Values(r.refusals))
	slices.SortFunc(report.Refusals, bySize)
	return report
}
