package plane

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"holter/model"
)

// guests is a plane with room for few connections that no handler has.
type guests struct {
	address  string
	crowd    *crowd
	mu       sync.Mutex
	refusals []model.Refusal
}

func (g *guests) refused(_ *http.Request, r model.Refusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refusals = append(g.refusals, r)
}

func (g *guests) count(limit model.RefusalLimit) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.refusals {
		if r.Limit == limit {
			n++
		}
	}
	return n
}

func (g *guests) waiting() int {
	g.crowd.mu.Lock()
	defer g.crowd.mu.Unlock()
	return g.crowd.heads.n + g.crowd.idle.n
}

func receive(t *testing.T, most int, keeps time.Duration) *guests {
	t.Helper()
	g := &guests{crowd: &crowd{most: most, keeps: keeps}}
	queue := newAcceptQueue(listenLoopback(t), handshakes, silent)
	g.address = queue.Addr().String()
	s := &http.Server{
		ConnContext: enter, MaxHeaderBytes: 1 << 20, ReadHeaderTimeout: patienceOfTests,
		ConnState: func(c net.Conn, state http.ConnState) { proceed(c, state); queue.release(c, state) },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handled(r)
			io.WriteString(w, "here")
		}),
	}
	served := make(chan error, 1)
	go func() {
		served <- s.Serve(visitors{queue, &turnAway{patienceOfTests, g.refused}, g.crowd, queue.closing})
	}()
	t.Cleanup(func() { s.Close(); <-served })
	return g
}

func (g *guests) come(t *testing.T, says string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", g.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patienceOfTests))
	io.WriteString(c, says)
	return c
}

const whole = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

// One that takes its time makes room for one that comes, and hears that. Those that come after it are served at once.
func TestSlowestMakesRoom(t *testing.T) {
	t.Parallel()
	g := receive(t, 2, time.Millisecond)
	slow := g.come(t, "GET / HT")
	until(t, func() bool { return g.waiting() == 1 })
	silent := g.come(t, "")
	until(t, func() bool { return g.waiting() == 2 })
	<-time.After(2 * time.Millisecond)
	for range 5 {
		if answer, err := io.ReadAll(g.come(t, whole)); err != nil || !strings.HasSuffix(string(answer), "here") {
			t.Errorf("%q, %v", answer, err)
		}
	}
	answer, err := io.ReadAll(slow)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 503 ") || !strings.Contains(string(answer), "\r\nRetry-After: ") || !strings.Contains(string(answer), "--max-handshakes") {
		t.Errorf("the slow one hears %q, %v", answer, err)
	}
	silent.Close()
	until(t, func() bool { return g.waiting() == 0 })
	if n := g.count(model.LimitWaiting); n != 1 {
		t.Errorf("%d refusals, want that of the slow one: %+v", n, g.refusals)
	}
}

// One that has only come keeps its place for a while, and a newcomer waits.
func TestNewcomersWaitTheirTurn(t *testing.T) {
	t.Parallel()
	const keeps = 300 * time.Millisecond
	g := receive(t, 1, keeps)
	begun := time.Now()
	first := g.come(t, "GET / HT")
	until(t, func() bool { return g.waiting() == 1 })
	if answer, err := io.ReadAll(g.come(t, whole)); err != nil || !strings.HasSuffix(string(answer), "here") {
		t.Errorf("%q, %v", answer, err)
	}
	if took := time.Since(begun); took < keeps {
		t.Errorf("the first lost its place after %v", took)
	}
	if answer, _ := io.ReadAll(first); !strings.HasPrefix(string(answer), "HTTP/1.1 503 ") {
		t.Errorf("the first hears %q", answer)
	}
}

// A connection that is idle between two requests goes before one that is about to make its first.
func TestIdleOnesGoFirst(t *testing.T) {
	t.Parallel()
	g := receive(t, 2, time.Hour)
	first := g.come(t, "GET / HT")
	until(t, func() bool { return g.waiting() == 1 })
	idle := g.come(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	until(t, func() bool { g.crowd.mu.Lock(); defer g.crowd.mu.Unlock(); return g.crowd.idle.n == 1 })
	if answer, err := io.ReadAll(g.come(t, whole)); err != nil || !strings.HasSuffix(string(answer), "here") {
		t.Errorf("%q, %v", answer, err)
	}
	if answer, _ := io.ReadAll(idle); !strings.HasSuffix(string(answer), "here") {
		t.Errorf("the idle one had %q", answer)
	}
	io.WriteString(first, "TP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if answer, err := io.ReadAll(first); err != nil || !strings.HasSuffix(string(answer), "here") {
		t.Errorf("the first hears %q, %v", answer, err)
	}
	if len(g.refusals) > 0 {
		t.Errorf("refused: %+v", g.refusals)
	}
}

// Long heads are turned away when all of them together take too much, short ones are not.
func TestLongHeadsAreBoundedTogether(t *testing.T) {
	t.Parallel()
	g := receive(t, 100, time.Hour)
	g.crowd.bytes.Add(mostHeadBytes) // of others
	long := g.come(t, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: "+strings.Repeat("x", 2*usualHead))
	if answer, _ := io.ReadAll(long); !strings.HasPrefix(string(answer), "HTTP/1.1 503 ") {
		t.Errorf("the long one hears %.100q", answer)
	}
	if answer, err := io.ReadAll(g.come(t, whole)); err != nil || !strings.HasSuffix(string(answer), "here") {
		t.Errorf("%q, %v", answer, err)
	}
	until(t, func() bool { return g.waiting() == 0 })
	if n := g.crowd.bytes.Load(); n != mostHeadBytes {
		t.Errorf("%d bytes are counted of heads that are gone", n-mostHeadBytes)
	}
}

// A plane that stops does not wait for a place.
func TestFullPlaneStops(t *testing.T) {
	t.Parallel()
	g := receive(t, 1, time.Hour)
	g.come(t, "GET / HT")
	until(t, func() bool { return g.waiting() == 1 })
	g.come(t, whole)
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfTests)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("it never came")
		case <-time.After(time.Millisecond):
		}
	}
}

func BenchmarkCrowd(b *testing.B) {
	c := &crowd{most: 1000, keeps: yieldAfter}
	for b.Loop() {
		v := &visitor{crowd: c}
		c.enter(v)
		c.grew(v, 200)
		c.leave(v)
	}
}
