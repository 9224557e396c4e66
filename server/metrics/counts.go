package metrics

import (
	"cmp"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"holter/model"
	"holter/server/hub"
)

const namespace = "holter"

// counts counts what a hub reports: it is a hub.Observer.
type counts struct {
	opened, closed, cuts, refused, beats, suspicions *prometheus.CounterVec
	storms                                           prometheus.Counter
	rtt                                              *prometheus.HistogramVec
	lasted, detection, absence, lateness             prometheus.Histogram
}

func newCounts() counts {
	c := counts{
		opened:     counter("connections_opened_total", "Connections that were opened.", "side"),
		closed:     counter("connections_closed_total", "Connections that ended: who closed, the close code, and the cause as far as it was known at once.", "side", "by", "code", "cause"),
		cuts:       counter("cuts_total", "Connections that something on the way has cut. Some are found to be so only after they ended.", "side", "cause"),
		refused:    counter("handshakes_refused_total", "Handshakes that did not become a connection.", "reason"),
		beats:      counter("beats_total", "Pings of holter's that were answered in time, or missed, or answered late after that; and beats of the peers' own that were received.", "side", "result"),
		suspicions: counter("suspicions_total", "Connections that became suspect.", "cause"),
		storms:     prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "storms_total", Help: "Reconnect storms that began."}),

		rtt: prometheus.NewHistogramVec(
			histogramOpts("rtt_seconds", "Round trips of pings, holter's and the application's.", rttBuckets, coarse), []string{"side"}),
		lasted:    histogram("connection_duration_seconds", "How long connections of clients lasted.", durationBuckets(), fine),
		detection: histogram("detection_seconds", "How long peers had been silent when holter called them failed.", detectionBuckets, coarse),
		absence:   histogram("absence_seconds", "How long clients that came back had been without a connection.", absenceBuckets, coarse),
		lateness:  histogram("host_lateness_seconds", "Times in which holter itself did not run, of a tenth of a second and more.", latenessBuckets, coarse),
	}
	c.begin()
	return c
}

// begin shows what has not happened yet as 0: Prometheus sees no increase in a series that begins with 1. Of closed there
// are too many.
func (c *counts) begin() {
	c.storms.Add(0)
	for _, side := range []model.Side{model.ClientSide, model.UpstreamSide} {
		c.opened.WithLabelValues(side.String())
		c.rtt.WithLabelValues(side.String())
		for _, result := range hub.BeatResultNames {
			c.beats.WithLabelValues(side.String(), result)
		}
		for _, cause := range model.CohortCauses {
			c.cuts.WithLabelValues(side.String(), string(cause))
		}
	}
	for _, cause := range model.Causes {
		c.suspicions.WithLabelValues(string(cause))
	}
	for _, reason := range model.HandshakeReasons {
		c.refused.WithLabelValues(string(reason))
	}
}

// all are the collectors of all that is counted.
func (c *counts) all() []prometheus.Collector {
	return []prometheus.Collector{c.opened, c.closed, c.cuts, c.refused, c.beats, c.suspicions, c.storms,
		c.rtt, c.lasted, c.detection, c.absence, c.lateness}
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

// How much wider each bucket of a native histogram is than the one below it.
const (
	coarse = 1.1
	fine   = 1.05 // so that a cut stands out
)

func histogram(name, help string, buckets []float64, factor float64) prometheus.Histogram {
	return prometheus.NewHistogram(histogramOpts(name, help, buckets, factor))
}

func histogramOpts(name, help string, buckets []float64, factor float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor: factor, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
	}
}

// Opened counts a leg.
func (c *counts) Opened(side model.Side) { c.opened.WithLabelValues(side.String()).Inc() }

// Closed counts the end of a leg.
func (c *counts) Closed(side model.Side, end *model.Close, cause model.Cause, lasted time.Duration) {
	c.closed.WithLabelValues(side.String(), end.By.String(), code(end.Code), cmp.Or(string(cause), "none")).Inc()
	if side == model.ClientSide {
		c.lasted.Observe(lasted.Seconds())
	}
}

// code is the label for a close code.
func code(n int) string {
	switch {
	case 1000 <= n && n <= 1015:
		return strconv.Itoa(n)
	case 4000 <= n && n <= 4999:
		return "4xxx"
	}
	return "other"
}

// Cut counts a leg that was cut.
func (c *counts) Cut(side model.Side, cause model.Cause) {
	c.cuts.WithLabelValues(side.String(), string(cause)).Inc()
}

// Refused counts a handshake.
func (c *counts) Refused(r *model.Refusal) { c.refused.WithLabelValues(string(r.Why())).Inc() }

// Beat counts a beat.
func (c *counts) Beat(side model.Side, result hub.BeatResult) {
	c.beats.WithLabelValues(side.String(), hub.BeatResultNames[result]).Inc()
}

// RoundTrip counts a round trip.
func (c *counts) RoundTrip(side model.Side, rtt time.Duration) {
	c.rtt.WithLabelValues(side.String()).Observe(rtt.Seconds())
}

// Suspected counts a suspicion.
func (c *counts) Suspected(_ model.Side, cause model.Cause) {
	c.suspicions.WithLabelValues(string(cause)).Inc()
}

// Failed counts the time that it took to call a peer failed.
func (c *counts) Failed(_ model.Side, silence time.Duration) { c.detection.Observe(silence.Seconds()) }

// Returned counts the absence of a client.
func (c *counts) Returned(absence time.Duration) { c.absence.Observe(absence.Seconds()) }

// Storm counts a storm.
func (c *counts) Storm() { c.storms.Inc() }

// Late counts a time in which holter did not run.
func (c *counts) Late(by time.Duration) { c.lateness.Observe(by.Seconds()) }
