package hub

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"holter/model"
	"holter/model/cohort"
	"holter/server/tap"
)

// BenchmarkMassEvent ends ten thousand connections at one moment, beside ten thousand that stay, and has them grouped and
// named. It reports how long that took, and the longest that the locks were held which a beat or a handshake waits for, while
// others go on to end one by one.
func BenchmarkMassEvent(b *testing.B) {
	const n = 10_000
	var grouping, waiting time.Duration
	for b.Loop() {
		h, conns := aged(b, 2*n)
		for _, c := range conns[:n] {
			c.toClient.Closed(tap.Ending{By: model.ByNetwork, Code: 1006, Reason: "end of stream without a close frame"})
			c.toClient.Gone()
		}
		stop, longest := probeLocks(h, conns)
		for named := false; !named; {
			pause := time.NewTimer(model.ActivityBin)
			<-pause.C
			began := time.Now()
			h.reportCohorts()
			grouping = max(grouping, time.Since(began))
			named = len(h.cohorts.list()) > 0
		}
		close(stop)
		waiting = max(waiting, <-longest)
		if all := h.cohorts.list(); all[0].Count != n || conns[0].toClient.end.verdict == nil {
			b.Fatalf("%d of %d are grouped, the first is named %+v", all[0].Count, n, conns[0].toClient.end.verdict)
		}
	}
	b.ReportMetric(float64(grouping.Microseconds())/1e3, "ms-to-group")
	b.ReportMetric(float64(waiting.Microseconds())/1e3, "ms-longest-wait")
}

// aged is a hub with connections of different ages.
func aged(b *testing.B, n int) (*Hub, []*connection) {
	h := New(passive())
	h.zero = h.zero.Add(-time.Hour)
	conns := make([]*connection, n)
	for i := range conns {
		r := request(fmt.Sprint("client-", i))
		if i >= n/2 {
			r.URL.Path = "/other"
		}
		conns[i], _, _ = forgedBy(b, h, r)
		conns[i].opened -= model.Instant(rand.Int64N(int64(50 * time.Minute)))
		if i >= n/2 { // they are younger than the youngest that end, as after a reload
			conns[i].opened = h.now()
		}
	}
	return h, conns
}

// probeLocks takes the locks that a handshake and a beat take, again and again, and reports an orderly end under them. It
// measures the longest wait.
func probeLocks(h *Hub, conns []*connection) (stop chan struct{}, longest chan time.Duration) {
	stop, longest = make(chan struct{}), make(chan time.Duration, 1)
	go func() {
		most := time.Duration(0)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				longest <- most
				return
			case <-tick.C:
			}
			began := time.Now()
			h.mu.Lock()
			c := conns[len(conns)-1-i%(len(conns)/2)]
			c.mu.Lock()
			e := c.toClient.shape(h.now())
			e.Manner, e.Code, e.By = cohort.Told, 1000, model.ByPeer
			h.cohorts.add(e) // as an end does under these locks
			c.mu.Unlock()
			h.mu.Unlock()
			most = max(most, time.Since(began))
		}
	}()
	return stop, longest
}
