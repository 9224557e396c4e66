package e2e

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server/api"
)

// box is a TCP proxy that cuts connections, as many stand between a client and a server.
type box struct {
	from, to string // an address of its own towards the server, and the server
	silence  time.Duration
	data     time.Duration
	age      time.Duration

	listener net.Listener
	pipes    sync.WaitGroup

	mu   sync.Mutex // protects all following
	open map[net.Conn]bool
}

// place puts a box in front of a server until the test ends.
func (b *box) place(t *testing.T) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.listener, b.open = l, map[net.Conn]bool{}
	b.pipes.Go(b.serve)
	t.Cleanup(func() {
		l.Close()
		b.reload()
		b.pipes.Wait()
	})
	return "ws://" + l.Addr().String() + "/ws"
}

func (b *box) serve() {
	for {
		client, err := b.listener.Accept()
		if err != nil {
			return
		}
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(b.from)}}
		server, err := d.Dial("tcp", b.to)
		if err != nil {
			client.Close()
			continue
		}
		b.keep(client, server)
		b.pipes.Go(func() { b.join(client, server) })
	}
}

func (b *box) keep(conns ...net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range conns {
		b.open[c] = true
	}
}

// reload closes all connections at once.
func (b *box) reload() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.open {
		c.Close()
	}
	clear(b.open)
}

// join copies in both directions until an end is gone or the box cuts.
func (b *box) join(client, server net.Conn) {
	var bytes, data *time.Timer
	end := func() { client.Close(); server.Close() }
	stops := func(d time.Duration) *time.Timer {
		if d == 0 {
			return time.NewTimer(time.Hour)
		}
		return time.AfterFunc(d, end)
	}
	bytes, data, age := stops(b.silence), stops(b.data), stops(b.age)
	var both sync.WaitGroup
	carry := func(from, to net.Conn) {
		defer end()
		in := bufio.NewReader(io.TeeReader(from, writerOf(func(p []byte) (int, error) {
			if b.silence > 0 {
				bytes.Reset(b.silence)
			}
			return to.Write(p)
		})))
		for line := ""; line != "\r\n"; {
			var err error
			if line, err = in.ReadString('\n'); err != nil {
				return
			}
		}
		for {
			h, err := ws.ReadHeader(in)
			if err != nil {
				return
			}
			if b.data > 0 && !h.OpCode.IsControl() {
				data.Reset(b.data)
			}
			if _, err = io.CopyN(io.Discard, in, h.Length); err != nil {
				return
			}
		}
	}
	both.Go(func() { carry(client, server) })
	both.Go(func() { carry(server, client) })
	both.Wait()
	for _, timer := range []*time.Timer{bytes, data, age} {
		timer.Stop()
	}
}

type writerOf func([]byte) (int, error)

func (w writerOf) Write(p []byte) (int, error) { return w(p) }

// traveller is a client behind a box. It answers pings, says something again and again for a while, and stays.
func travel(t *testing.T, to, name string, every, during time.Duration) (leave func()) {
	t.Helper()
	c, _, err := websocket.DefaultDialer.DialContext(t.Context(), to+"?client="+url.QueryEscape(name), http.Header{"User-Agent": {name[:1]}})
	if err != nil {
		t.Fatal(err)
	}
	var over sync.WaitGroup
	gone := make(chan struct{})
	over.Go(func() {
		defer close(gone)
		defer c.NetConn().Close()
		for {
			if _, _, err := c.NextReader(); err != nil {
				return
			}
		}
	})
	over.Go(func() {
		tick, quiet := time.NewTicker(every), time.After(during)
		defer tick.Stop()
		for {
			select {
			case <-gone:
				return
			case <-quiet:
				return
			case <-tick.C:
				c.WriteMessage(websocket.TextMessage, []byte("hello"))
			}
		}
	})
	t.Cleanup(func() { c.NetConn().Close(); over.Wait() })
	return func() { c.NetConn().Close() }
}

// crowdOf sends n clients on their way, one after the other within a span of time.
func crowdOf(t *testing.T, n int, within time.Duration, to, name string, every time.Duration, during func() time.Duration) (leave []func()) {
	t.Helper()
	for i := range n {
		leave = append(leave, travel(t, to, fmt.Sprintf("%s-%02d", name, i), every, during()))
		pause := time.NewTimer(time.Duration(rand.Float64() * 2 * float64(within) / float64(n)))
		<-pause.C
	}
	return leave
}

// causesOf are the causes of the clients whose names begin so.
func (p *program) causesOf(t *testing.T, name string) (counts map[model.Cause]int) {
	t.Helper()
	counts = map[model.Cause]int{}
	for _, c := range p.connections(t, "state=closed") {
		if strings.HasPrefix(c.Client, name) {
			counts[c.Diagnosis.Cause]++
		}
	}
	return counts
}

// Boxes of four kinds cut connections, some clients just go, and each death is named by what it died of: those before the
// limit was known too.
func TestCutsAreNamed(t *testing.T) {
	long(t, "a busy machine blurs the times by which cuts are known")
	t.Parallel()
	const n, named = 20, 15 // a busy machine cuts a few later, and they are not named
	quiet := start(t, "--scheme", "none", "--linger", "5m")
	beating := start(t, "--interval", "500ms", "--min-timeout", "2s", "--linger", "5m") // a busy machine stalls its clients for less
	told := quiet.record(t)
	host := func(p *program) string { return strings.TrimSuffix(strings.TrimPrefix(p.websocket, "ws://"), "/ws") }
	idle := &box{from: "127.0.0.2", to: host(quiet), silence: 3 * time.Second}
	aged := &box{from: "127.0.0.3", to: host(quiet), age: 5 * time.Second}
	loaded := &box{from: "127.0.0.4", to: host(quiet)}
	idleData := &box{from: "127.0.0.5", to: host(beating), data: 3 * time.Second}
	toIdle, toAged, toLoaded, toIdleData := idle.place(t), aged.place(t), loaded.place(t), idleData.place(t)

	upTo := func(d time.Duration) func() time.Duration {
		return func() time.Duration { return time.Duration(rand.Float64() * float64(d)) }
	}
	for_ := func(d time.Duration) func() time.Duration { return func() time.Duration { return d } }
	var sent sync.WaitGroup
	// In no number of these steps is a client silent for three seconds at the age of five: that would be either.
	const step = 270 * time.Millisecond
	sent.Go(func() { crowdOf(t, n, 5*time.Second, toIdle, "idle", step, upTo(4*time.Second)) })
	sent.Go(func() { crowdOf(t, n, 5*time.Second, toAged, "aged", 300*time.Millisecond, for_(time.Minute)) })
	sent.Go(func() { crowdOf(t, n, 5*time.Second, toLoaded, "loaded", 700*time.Millisecond, for_(time.Minute)) })
	sent.Go(func() { crowdOf(t, n, 5*time.Second, toIdleData, "data", 200*time.Millisecond, upTo(4*time.Second)) })
	var left atomic.Int32
	sent.Go(func() {
		for _, leave := range crowdOf(t, n, 5*time.Second, quiet.websocket, "random", 400*time.Millisecond, for_(time.Minute)) {
			time.AfterFunc(time.Duration(rand.Float64()*float64(6*time.Second)), func() { leave(); left.Add(1) })
		}
	})
	sent.Wait()
	eventually(t, patience, "the boxes have cut and clients have left", func() bool {
		return len(quiet.connections(t, "state=closed")) == 3*n && len(beating.connections(t, "state=closed")) == n
	})
	loaded.reload()

	want := map[string]model.Cause{"idle": model.CauseIdleCut, "aged": model.CauseAgeCut, "loaded": model.CauseProxyReload, "data": model.CauseIdleCut}
	program := map[string]*program{"idle": quiet, "aged": quiet, "loaded": quiet, "data": beating}
	for name, cause := range want {
		eventually(t, patience, name+" is named "+string(cause), func() bool { return program[name].causesOf(t, name)[cause] >= named })
	}
	for name, cause := range want {
		counts := program[name].causesOf(t, name)
		t.Logf("%s: %v", name, counts)
		for got, k := range counts {
			if got != cause && got != "" && got != model.CauseUnknown {
				t.Errorf("%d of %s are %s and not %s", k, name, got, cause)
			}
		}
	}
	if counts := quiet.causesOf(t, "random"); counts[""]+counts[model.CauseUnknown] != n {
		t.Errorf("those that just left: %v", counts)
	}
	checkCohorts(t, quiet, beating)
	after := told.since(t, time.Time{}, func(e *api.Event) bool { return e.Type == model.CauseFound })
	if len(after) < 3 || after[0].Diagnosis == nil || after[0].Diagnosis.Detail == "" {
		t.Errorf("%d ends were named after the fact: %+v", len(after), after)
	}
}

// checkCohorts compares the cohorts with the boxes of TestCutsAreNamed.
func checkCohorts(t *testing.T, quiet, beating *program) {
	t.Helper()
	want := map[model.CohortKind]string{model.CohortSilence: "127.0.0.2", model.CohortAge: "127.0.0.3", model.CohortMoment: "127.0.0.4", model.CohortData: "127.0.0.5"}
	for _, p := range []*program{quiet, beating} {
		var all api.Cohorts
		p.ask(t, http.MethodGet, "/api/v1/cohorts", nil, &all)
		for _, c := range all.Cohorts {
			t.Log(c.Detail)
			if c.Cause == model.CauseUnknown && c.Kind == model.CohortMoment { // many that leave at the same time, by chance
				continue
			}
			if len(c.Traits) == 0 || c.Traits[0] != (api.Trait{Kind: model.TraitAddress, Value: want[c.Kind]}) {
				t.Errorf("%s of %s: %+v", c.Kind, want[c.Kind], c)
			}
			delete(want, c.Kind)
		}
	}
	if len(want) > 0 {
		t.Errorf("no cohorts of %v", want)
	}
}
