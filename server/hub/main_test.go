package hub

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"holter/model"
	"holter/model/heart"
	"holter/server/tap"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	goleak.VerifyTestMain(m)
}

const ms = time.Millisecond

// quick are options to beat every second and to close failed connections.
func quick() Options {
	identity, _ := ParseIdentity("")
	return Options{
		Rhythm: heart.Rhythm{
			Scheme: model.SchemeBoth, Detector: "deviation", Interval: time.Second,
			MinTimeout: 500 * ms, MaxTimeout: 4 * time.Second,
		},
		OnFail: model.OnFailClose, Identity: identity, Linger: time.Minute,
	}
}

// start runs a hub for as long as the test, or until stop is called.
func start(t testing.TB, o Options) (h *Hub, stop func()) {
	t.Helper()
	h = New(o)
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		h.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-over
	}
	t.Cleanup(stop)
	return h, stop
}

// request returns the upgrade request of a client.
func request(client string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/ws?client="+url.QueryEscape(client), nil)
	r.Header.Set("User-Agent", "peer/1")
	return r
}

const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

// connect opens a connection in memory, in a synctest bubble. Its application discards what it reads.
func connect(t testing.TB, h *Hub, client string) *peer {
	t.Helper()
	return connectBy(t, h, request(client))
}

// connectBy is connect with any request.
func connectBy(t testing.TB, h *Hub, r *http.Request) *peer {
	t.Helper()
	server, end := inMemory()
	p := newPeer(end)
	p.app = h.Adopt(r, server, nil, nil)
	p.app.Prove()
	p.server = server
	handled := make(chan struct{})
	go func() {
		defer close(handled)
		io.WriteString(p.app, switching)
		io.Copy(io.Discard, p.app)
		p.app.Close()
	}()
	go p.run()
	t.Cleanup(func() {
		end.Close()
		<-p.over
		<-handled
	})
	synctest.Wait()
	s := snapshot(t, h)
	p.id = s.Connections[len(s.Connections)-1].ID
	return p
}

func snapshot(t testing.TB, h *Hub) model.Snapshot {
	t.Helper()
	s, err := h.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func detail(t testing.TB, h *Hub, id model.ID) model.Detail {
	t.Helper()
	d, err := h.Detail(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// events returns all events that have been published and are still kept.
func events(h *Hub) (all []model.Event) {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	seq := uint64(0)
	for {
		batch, err := h.Events(over, seq)
		if err != nil {
			return all
		}
		all = append(all, batch...)
		seq = batch[len(batch)-1].Seq
	}
}

// story returns the events of one connection, a line for each.
func story(h *Hub, id model.ID) (lines []string) {
	for _, e := range events(h) {
		if e.Connection == nil || e.Connection.ID != id {
			continue
		}
		switch c := e.Connection; e.Type {
		case model.StateChanged:
			lines = append(lines, fmt.Sprintf("%s to %s: %s", e.From, e.To, c.Diagnosis.Cause))
		case model.ConnectionClosed:
			lines = append(lines, fmt.Sprintf("closed %d by %s while %s", c.Close.Code, c.Close.By, c.State))
		default:
			lines = append(lines, string(e.Type))
		}
	}
	return lines
}

func wantStory(t testing.TB, h *Hub, id model.ID, want ...string) {
	t.Helper()
	if got := story(h, id); !slices.Equal(got, want) {
		t.Errorf("the events of %s are\n %q, want\n %q", id, got, want)
	}
}

// wantEmpty checks that nothing open is left in the hub.
func wantEmpty(t testing.TB, h *Hub) {
	t.Helper()
	if n := h.Size(); n != 0 {
		t.Errorf("%d connections are still counted", n)
	}
	if left := h.schedule.popDue(math.MaxInt64, nil); len(left) != 0 {
		t.Errorf("%d connections are still in the schedule", len(left))
	}
}

// forged returns a connection whose socket is in memory and whose application does not read, for benchmarks
// and for tests of one step.
func forged(t testing.TB, h *Hub, client string) (*connection, *tap.Conn, *memory) {
	t.Helper()
	return forgedBy(t, h, request(client))
}

// forgedBy is forged with any request.
func forgedBy(t testing.TB, h *Hub, r *http.Request) (*connection, *tap.Conn, *memory) {
	t.Helper()
	server, end := inMemory()
	c := h.Adopt(r, server, nil, nil)
	c.Prove()
	if _, err := io.WriteString(c, switching); err != nil {
		t.Fatal(err)
	}
	return h.registry.conns[h.registry.last], c, end
}
