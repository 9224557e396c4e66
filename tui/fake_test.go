package tui

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"holter/model"
)

// noon is when everything in the tests happens.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fake is a source with a picture that stands still but for kicks.
type fake struct {
	mu       sync.Mutex
	snapshot model.Snapshot
	events   []model.Event
	err      error // of Snapshot
	panics   bool  // Snapshot does
	changed  chan struct{}
	kicks    []model.Kick
	refused  []time.Duration
	orders   []model.FaultOrder

	book        model.AlertBook
	alertOrders []model.AlertOrder
}

func newFake(conns ...model.Connection) *fake {
	return &fake{
		changed: make(chan struct{}),
		snapshot: model.Snapshot{
			Time: noon,
			Monitor: model.Monitor{
				Address: "ws://127.0.0.1:7070/ws", Started: noon.Add(-12*time.Minute - 41*time.Second),
				Scheme: model.SchemeBoth, Interval: 5 * time.Second,
			},
			Connections: conns,
			Clients:     clientsOf(conns),
			Activity:    bustle(),
			Rates:       model.Rates{Beats: 40, BytesIn: 1.2e6, BytesOut: 310e3},
			Host: model.Host{
				CPU: 23.4, MemoryUsed: 41, MemoryTotal: 100,
				Process: model.Process{RSS: 34e6, CPU: 3.1},
			},
		},
	}
}

func (f *fake) Snapshot(context.Context) (model.Snapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panics {
		panic("no snapshot")
	}
	s := f.snapshot
	s.Connections = append([]model.Connection(nil), s.Connections...)
	s.Alerts = append([]model.Alert(nil), s.Alerts...)
	return s, f.err
}

func (f *fake) Alerts(context.Context) (model.AlertBook, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.book, f.err
}

// OrderAlert carries out orders about single alerts.
func (f *fake) OrderAlert(_ context.Context, o model.AlertOrder) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alertOrders = append(f.alertOrders, o)
	for i := range f.snapshot.Alerts {
		a := &f.snapshot.Alerts[i]
		if a.ID != o.Target {
			continue
		}
		switch o.Do {
		case model.Acknowledge:
			a.Acknowledged = noon
		case model.Unacknowledge:
			a.Acknowledged = time.Time{}
		case model.Silence:
			a.SilencedUntil = noon.Add(o.For)
		}
		return 1, nil
	}
	for _, r := range f.book.Rules {
		if r.Name == o.Target {
			return r.Alerts, nil
		}
	}
	return 0, model.Errorf(model.NotFound, "there is no alert and no rule %q", o.Target)
}

func (f *fake) Detail(_ context.Context, id model.ID) (model.Detail, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.snapshot.Connections {
		if c.ID == id {
			if c.Side == model.UpstreamSide {
				return legsOf(c), nil
			}
			return detailOf(c), nil
		}
	}
	return model.Detail{}, model.Errorf(model.NotFound, "no connection %s", id)
}

func (f *fake) Events(ctx context.Context, after uint64) ([]model.Event, error) {
	for {
		f.mu.Lock()
		changed := f.changed
		fresh := f.events[min(int(after), len(f.events)):]
		f.mu.Unlock()
		if len(fresh) > 0 {
			return fresh, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (f *fake) Kick(_ context.Context, k model.Kick) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kicks = append(f.kicks, k)
	n := 0
	for i := range f.snapshot.Connections {
		c := &f.snapshot.Connections[i]
		if slices.Contains(k.IDs, c.ID) && c.Open() {
			c.State = model.Closed
			c.Close = &model.Close{Code: k.Code, Reason: k.Reason, By: model.ByHolter, At: noon}
			copied := *c
			f.publish(model.Event{Time: noon, Type: model.ConnectionClosed, Connection: &copied})
			n++
		}
	}
	if n < len(k.IDs) {
		return n, model.Errorf(model.Gone, "some are gone")
	}
	return n, nil
}

func (f *fake) SetFaults(_ context.Context, o model.FaultOrder) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.orders = append(f.orders, o)
	n := 0
	for i := range f.snapshot.Connections {
		if c := &f.snapshot.Connections[i]; slices.Contains(o.IDs, c.ID) && c.Open() {
			c.Faults = &o.Faults
			n++
		}
	}
	if n < len(o.IDs) {
		return n, model.Errorf(model.Gone, "some are gone")
	}
	return n, nil
}

func (f *fake) Refuse(_ context.Context, length time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused = append(f.refused, length)
	f.snapshot.Monitor.RefusingUntil = time.Time{}
	if length > 0 {
		f.snapshot.Monitor.RefusingUntil = f.snapshot.Time.Add(length)
	}
	return nil
}

func (f *fake) Dismiss(_ context.Context, id string) error { return f.dismiss(id, true) }
func (f *fake) Recall(_ context.Context, id string) error  { return f.dismiss(id, false) }

func (f *fake) dismiss(id string, so bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snapshot.Warnings = slices.Clone(f.snapshot.Warnings)
	for i := range f.snapshot.Warnings {
		if w := &f.snapshot.Warnings[i]; w.ID == id {
			w.Dismissed = so
			return nil
		}
	}
	return model.Errorf(model.NotFound, "there is no advice %q, or it no longer holds", id)
}

// publish appends an event. The caller holds the lock.
func (f *fake) publish(e model.Event) {
	e.Seq = uint64(len(f.events) + 1)
	f.events = append(f.events, e)
	close(f.changed)
	f.changed = make(chan struct{})
}

// ward is n connections in all states, most of them well.
func ward(n int) []model.Connection {
	conns := make([]model.Connection, n)
	for i := range conns {
		conns[i] = model.Connection{
			ID:         model.ID(i + 1),
			Client:     fmt.Sprintf("demo-%04d", i+1),
			Generation: 1 + i%3,
			Remote:     netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(50000+i%10000)),
			Path:       "/ws",
			UserAgent:  "holter-swarm/1",
			Since:      noon.Add(-time.Duration(i%600+1) * time.Second),
			Opened:     noon.Add(-time.Duration(i%4000+601) * time.Second),
			RTT:        time.Duration(i*37%2000+300) * time.Microsecond,
			RTTMean:    1200 * time.Microsecond,
			RTTDev:     400 * time.Microsecond,
			Timeout:    520 * time.Millisecond,
			Interval:   5 * time.Second,
			Silence:    time.Duration(i*131%5000) * time.Millisecond,
			Beats:      pulse(4, 4, 5, 4, 7, 3, 4, 5, 3, 4, 8, 4, 4, 4, 5, 4),
			PingsSent:  120, PongsReceived: 119, BytesIn: 48_200, FramesIn: 260,
		}
		afflict(&conns[i])
	}
	return conns
}

// pulse is beats well within the timeout, with the heights of their spikes.
func pulse(heights ...int) (s model.Strip) {
	for i, height := range heights {
		s[len(s)-len(heights)+i] = model.Beat(1).Raised(height)
	}
	return s
}

// afflict makes some connections ill.
func afflict(c *model.Connection) {
	switch c.ID % 16 {
	case 4:
		c.State, c.Silence, c.RTT = model.Suspect, 5700*time.Millisecond, 31*time.Millisecond
		c.Beats[21], c.Beats[22], c.Beats[23] = model.FullBeat.Raised(8), model.LateBeat, model.MissedBeat
		c.Diagnosis = model.Diagnosis{Cause: "peer-stalled", Detail: "A ping (and 2 probes since) was acknowledged by the peer's " +
			"kernel, but no pong came within 5.7 s: its process does not answer, or what is behind a proxy is gone."}
	case 7:
		c.State, c.Silence = model.Failed, 12400*time.Millisecond
		c.Beats[20], c.Beats[21], c.Beats[22], c.Beats[23] = model.MissedBeat, model.ProbeBeat, model.ProbeBeat, model.ProbeBeat
		c.Diagnosis = model.Diagnosis{Cause: "path-down", Detail: "A ping (and 3 probes since) was not even acknowledged by the peer's " +
			"kernel within 12.4 s; by then nothing had come from that kernel for 17.1 s (unacknowledged segments: 4, sent again: 5): the path is down."}
	case 9:
		c.State = model.Closed
		c.Close = &model.Close{Code: 1001, By: model.ByPeer, At: noon.Add(-time.Second)}
	}
}

// detailOf adds a past to a connection.
func detailOf(c model.Connection) model.Detail {
	d := model.Detail{Connection: c}
	if c.State == model.Suspect {
		d.PongsReceived = 115
		d.Evidence = model.Evidence{Unanswered: 3, Probes: 2, PingAge: 5700 * time.Millisecond}
	}
	for i := range 20 {
		d.Samples = append(d.Samples, model.Sample{
			At: noon.Add(time.Duration(i-20)*5*time.Second + 3*time.Second), RTT: time.Duration(900+i*50%430) * time.Microsecond, Timeout: 520 * time.Millisecond,
		})
	}
	d.Samples[11].RTT *= 9
	d.Samples[16].RTT, d.Samples[16].Missed = 800*time.Millisecond, true
	if c.State.Trouble() {
		d.Samples[18].RTT, d.Samples[18].Missed = 0, true
		d.Samples[19].At, d.Samples[19].RTT, d.Samples[19].Missed, d.Samples[19].Probe = noon.Add(-6*time.Second), 0, true, true
	}
	d.Header = []model.HeaderField{{Name: "User-Agent", Value: c.UserAgent}, {Name: "Origin", Value: "http://localhost:3000"}}
	d.Transitions = []model.Transition{
		{At: noon.Add(-time.Minute), From: model.Normal, To: model.Suspect, Diagnosis: model.Diagnosis{Cause: model.CauseUnknown}},
		{At: noon.Add(-58 * time.Second), From: model.Suspect, To: model.Normal,
			Diagnosis: model.Diagnosis{Cause: model.CauseJitter, Detail: "The pong came after 1.4 s; the timeout was 0.5 s."}},
	}
	return d
}

// legsOf adds both sides of a proxy to a connection whose upstream is the worse one.
func legsOf(c model.Connection) model.Detail {
	d := detailOf(c)
	for i := range d.Transitions {
		d.Transitions[i].Side = model.UpstreamSide
	}
	well := c
	well.Side, well.State, well.Diagnosis, well.RTT = model.ClientSide, model.Normal, model.Diagnosis{}, 800*time.Microsecond
	d.Legs = []model.Detail{detailOf(well), detailOf(c)}
	return d
}

// clientsOf are the clients of connections, each of which has its own, and one that is away.
func clientsOf(conns []model.Connection) []model.Client {
	clients := make([]model.Client, 0, len(conns)+1)
	for i := range conns {
		c := &conns[i]
		client := model.Client{
			ID: c.Client, Generation: c.Generation, State: model.Away, Since: c.Since,
			FirstSeen: c.Opened, UserAgent: c.UserAgent,
		}
		if c.Open() {
			client.Connection, client.State = c.ID, c.State
		}
		for n := range min(c.Generation-1, model.MaxReconnects) {
			client.Reconnects = append(client.Reconnects, time.Duration(n+1)*1100*time.Millisecond)
		}
		clients = append(clients, client)
	}
	if len(conns) > 0 {
		clients = append(clients, model.Client{ID: "zoe", Generation: 1, State: model.Away,
			Since: noon.Add(-time.Minute), FirstSeen: noon.Add(-time.Hour), UserAgent: "curl/8"})
	}
	slices.SortFunc(clients, func(a, b model.Client) int { return strings.Compare(a.ID, b.ID) })
	return clients
}

// bustle is two minutes with a storm in their middle.
func bustle() []model.Activity {
	bins := make([]model.Activity, 480)
	for i := range bins {
		bins[i] = model.Activity{Connects: uint32(i % 3), Closes: uint32(i % 2)}
		if i > 240 && i < 300 {
			bins[i].Reconnects, bins[i].Refused = uint32(300-i), uint32(i%5)
			bins[i].Connects += bins[i].Reconnects
		}
	}
	return bins
}
