package swarm

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// record collects what the report of a swarm is made of, besides its tally. Any goroutine may add to it.
type record struct {
	handshake *timing // from dialing to the answer 101
	message   *timing // from writing a message to its echo
	beat      *timing // from writing a ping to its pong
	reconnect *timing // from the end of a connection to the client's next one
	back      *timing // from the loss of a connection to the opening of the next one that stayed

	sent, received atomic.Int64 // messages

	mu     sync.Mutex // protects all following
	failed map[string]int
	ended  map[string]int
	// refusals says for each status what the first refusal said that had something to say.
	refusals map[int]Refusal
}

func newRecord() *record {
	return &record{
		handshake: newTiming(), message: newTiming(), beat: newTiming(), reconnect: newTiming(), back: newTiming(),
		failed: map[string]int{}, ended: map[string]int{}, refusals: map[int]Refusal{},
	}
}

// count adds err to the counts of failed attempts or of ended connections, by its reason. Beyond maxReasons, new
// reasons count as other ones.
func (r *record) count(counts map[string]int, err error) {
	why := reason(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := counts[why]; !known && len(counts) >= maxReasons {
		why = otherReasons
	}
	counts[why]++
}

// refusal notes what err says if it is a refusal.
func (r *record) refusal(err error) {
	e, ok := errors.AsType[*refused](err)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	known, again := r.refusals[e.status]
	if !again && len(r.refusals) >= maxReasons {
		return
	}
	known.Status = e.status
	known.Count++
	if known.Location == "" && known.Body == "" {
		known.Location, known.Body = e.location, e.body
	}
	r.refusals[e.status] = known
}

// maxReasons bounds the number of reasons that are counted separately. A server can choose among thousands of statuses and close
// codes.
const (
	maxReasons   = 60
	otherReasons = "other reasons"
)

// timing is a histogram of durations.
type timing struct {
	mu        sync.Mutex
	histogram *hdrhistogram.Histogram // in µs
}

// What is longer than longestTiming counts as that.
const maxTiming = time.Hour

func newTiming() *timing {
	return &timing{histogram: hdrhistogram.New(1, maxTiming.Microseconds(), 3)}
}

func (t *timing) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.histogram.RecordValue(min(max(d, 0), maxTiming).Microseconds())
}

// bars returns how often each duration was added, in their order.
func (t *timing) bars() []hdrhistogram.Bar {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(t.histogram.Distribution(), func(b hdrhistogram.Bar) bool { return b.Count == 0 })
}

func (t *timing) summary() Timing {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.histogram
	at := func(percentile float64) millis {
		return millis(time.Duration(h.ValueAtPercentile(percentile)) * time.Microsecond)
	}
	return Timing{
		Count: h.TotalCount(), Mean: millis(h.Mean() * float64(time.Microsecond)),
		P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), Max: at(100),
	}
}
