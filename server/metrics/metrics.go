// Package metrics shows a monitor to Prometheus, with client_golang.
//
// A Collector registers into any registry: an application that embeds a monitor uses its own. Serve puts a registry of
// holter's own behind GET /metrics of the admin plane, with what client_golang knows of Go and of the process.
//
// The hub of the monitor calls a Collector when something happens that is counted, and a scrape asks the hub for how it is
// now. Frames and bytes are counted by the taps that move them, whether there is a Collector or not. A label is never a
// client, an address or a raw path: all of them have a short list of values.
//
// Only the command holter and applications that want it import this package: package server does not, and so is free of
// client_golang. README.md lists the names, dashboard.json draws them in Grafana, and rules.yaml has rules for Prometheus.
package metrics

import (
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"holter/model"
	"holter/server"
	"holter/server/hub"
	"holter/server/tap"
)

// Serve makes the admin plane of m answer GET /metrics, and returns m. It comes before m.Run.
func Serve(m *server.Monitor) *server.Monitor {
	m.ServeMetrics(Handler(m))
	return m
}

// Handler answers with the metrics of m, of Go and of the process. Scrapes at the same time share one collection.
func Handler(m *server.Monitor) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(Collector(m), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{CoalesceGather: true})
}

// Collector returns a collector of the metrics of m, which counts from now on. Call it once for each registry, before m
// watches connections.
func Collector(m *server.Monitor) prometheus.Collector {
	c := &collector{source: m.Source(), counts: newCounts()}
	c.source.Observe(&c.counts)
	return c
}

// lastsFor is how long a scrape may show the figures of the one before: else scrapes in a hurry would walk over all
// connections each time.
const lastsFor = 250 * time.Millisecond

type source interface {
	Figures() *server.Figures
	Observe(hub.Observer)
}

type collector struct {
	source source
	counts counts

	mu      sync.Mutex // protects the following
	figures *server.Figures
	at      time.Time // of figures
}

var (
	connections = describe("connections", "Open connections, by the state in which holter sees the peer.", "side", "state")
	storm       = describe("storm_active", "1 while a reconnect storm is on, else 0.")
	frames      = describe("frames_total", "Whole frames on the connections to clients, from them (in) and to them (out), with holter's own.", "direction", "opcode")
	frameBytes  = describe("frame_bytes_total", "Bytes on the connections to clients, with the headers of frames.", "direction")
	services    = describe("services", "Services that report or are probed, by state.", "state")
	turnedAway  = describe("service_reports_turned_away_total", "Reports of services for which there was no room on the list.")
	latency     = describe("service_latency_seconds", "How long a service took for its newest answer or, where it reports by itself, how late its newest report was.", "service")
	reloads     = describe("reloads_total", "Times that the settings were read anew: done, or failed for a mistake in them.", "result")
	reloaded    = describe("reload_successful", "1 if the settings are in force as they were read last, 0 after a reload that failed.")
	reloadedAt  = describe("reload_success_timestamp_seconds", "When the settings were read that are in force.")
	alerts      = describe("alerts", "Alerts of holter's own, by state.", "state")
	requests    = describe("requests_refused_total", "Requests that the admin plane refused.", "reason")
	buildInfo   = describe("build_info", "1, with the version of holter and that of Go.", "version", "goversion")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
}

// Describe is called by the registry.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{connections, storm, frames, frameBytes, services, turnedAway, latency, alerts, requests, reloads, reloaded, reloadedAt, buildInfo} {
		to <- d
	}
	for _, one := range c.counts.all() {
		one.Describe(to)
	}
}

// Collect is called by the registry.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	f := c.now()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for side, states := range f.Open {
		for state, n := range states {
			gauge(connections, float64(n), model.Side(side).String(), model.State(state).String())
		}
	}
	active := 0.0
	if f.Storm {
		active = 1
	}
	gauge(storm, active)
	for state, n := range serviceStates(f.Services) {
		gauge(services, float64(n), state.String())
	}
	to <- prometheus.MustNewConstMetric(turnedAway, prometheus.CounterValue, float64(f.Beyond))
	for i := range f.Services {
		if s := &f.Services[i]; s.Alive() {
			gauge(latency, s.Latency.Seconds(), s.ID)
		}
	}
	for _, state := range model.AlertStates {
		n := 0
		for i := range f.Alerts {
			if f.Alerts[i].State == state {
				n++
			}
		}
		gauge(alerts, float64(n), string(state))
	}
	for _, reason := range model.RequestReasons {
		to <- prometheus.MustNewConstMetric(requests, prometheus.CounterValue, float64(f.Refusals[reason]), string(reason))
	}
	for result, n := range map[string]uint64{"done": f.Reloads.Done, "failed": f.Reloads.Failed} {
		to <- prometheus.MustNewConstMetric(reloads, prometheus.CounterValue, float64(n), result)
	}
	inForce := 0.0
	if f.Reloads.InForce {
		inForce = 1
	}
	gauge(reloaded, inForce)
	gauge(reloadedAt, float64(f.Reloads.Last.UnixMilli())/1000)
	gauge(buildInfo, 1, f.Version, runtime.Version())
	passed(to, "in", &f.In)
	passed(to, "out", &f.Out)
	for _, one := range c.counts.all() {
		one.Collect(to)
	}
}

// serviceStates are the numbers of services in each state in which one can be.
func serviceStates(all []model.Service) map[model.State]int {
	n := map[model.State]int{model.Normal: 0, model.Suspect: 0, model.Failed: 0, model.Closed: 0, model.Unknown: 0}
	for i := range all {
		n[all[i].State]++
	}
	return n
}

func passed(to chan<- prometheus.Metric, direction string, p *tap.Passed) {
	for i, n := range p.Frames {
		to <- prometheus.MustNewConstMetric(frames, prometheus.CounterValue, float64(n), direction, opcodes[i])
	}
	to <- prometheus.MustNewConstMetric(frameBytes, prometheus.CounterValue, float64(p.Bytes), direction)
}

// opcodes are the names of tap.Counted.
var opcodes = [len(tap.Counted)]string{"continuation", "text", "binary", "close", "ping", "pong"}

// now returns the figures of this moment, or of one just before.
func (c *collector) now() *server.Figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.figures == nil || time.Since(c.at) >= lastsFor {
		c.figures, c.at = c.source.Figures(), time.Now()
	}
	return c.figures
}
