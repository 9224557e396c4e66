package endpoint

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"

	"holter/model"
	"holter/server"
	"holter/server/api"
)

// try asks for an upgrade, and answers the status and after how many seconds to come back.
func (r running) try(t *testing.T, client string) (status, retryAfter int) {
	t.Helper()
	ws, response, err := websocket.DefaultDialer.Dial(r.URL()+"?client="+client, nil)
	if err == nil {
		t.Cleanup(func() { ws.Close() })
		return http.StatusSwitchingProtocols, 0
	}
	if response == nil {
		t.Fatal(err)
	}
	seconds := response.Header.Get("Retry-After")
	if retryAfter, err = strconv.Atoi(seconds); err != nil {
		t.Errorf("status %d with Retry-After %q", response.StatusCode, seconds)
	}
	return response.StatusCode, retryAfter
}

func TestLimits(t *testing.T) {
	for name, limit := range map[string]struct {
		set    func(*server.Options)
		status int
		reason string
		why    model.RefusalReason
	}{
		"connections": {func(o *server.Options) { o.MaxConns = 1 }, 503, "too many connections", model.ReasonConnections},
		"address":     {func(o *server.Options) { o.MaxConnsPerIP = 1 }, 429, "too many connections from this address", model.ReasonAddress},
		"network":     {func(o *server.Options) { o.MaxConnsFrom = []server.NetworkLimit{network(t, "127.0.0.0/8=1")} }, 429, "too many connections from this address", model.ReasonAddress},
		"rate":        {func(o *server.Options) { o.AcceptRate = 1.0 / 3600 }, 503, "too many at once", model.ReasonRate},
	} {
		t.Run(name, func(t *testing.T) {
			r := runServer(t, func(o *server.Options, _ *Options) { limit.set(o) })
			if status, _ := r.try(t, "first"); status != http.StatusSwitchingProtocols {
				t.Fatalf("the first client got status %d", status)
			}
			if status, after := r.try(t, "second"); status != limit.status || after < 1 || after > 11 {
				t.Errorf("status %d, Retry-After %d", status, after)
			}
			e := r.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionRefused })
			if e.Refusal.Client != "second" || e.Refusal.Status != limit.status || e.Refusal.Reason != limit.reason {
				t.Errorf("told of %+v", *e.Refusal)
			}
			var s api.Summary
			if r.call(t, "GET", "/api/v1/summary", &s); s.Refusals[limit.why] != 1 {
				t.Errorf("counted %v, want one for %s", s.Refusals, limit.why)
			}
		})
	}
}

func network(t *testing.T, text string) (n server.NetworkLimit) {
	t.Helper()
	if err := n.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return n
}

// A client has its number of connections and no more, whatever other clients have, and gets a place back when one ends.
func TestLimitPerClient(t *testing.T) {
	r := runServer(t, func(o *server.Options, _ *Options) { o.MaxConnsPerClient = 2 })
	r.dial(t, "ann")
	second := r.dial(t, "ann")
	if status, after := r.try(t, "ann"); status != http.StatusTooManyRequests || after < 1 {
		t.Errorf("a third: status %d, Retry-After %d", status, after)
	}
	if status, _ := r.try(t, "bob"); status != http.StatusSwitchingProtocols {
		t.Errorf("another client: status %d", status)
	}
	second.Close()
	for deadline := time.Now().Add(patienceOfTests); ; {
		if status, _ := r.try(t, "ann"); status == http.StatusSwitchingProtocols {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the place of a connection that ended is not given away")
		}
	}
}

// What a network that counts as one has is its own: an address in it has no limit of its own.
func TestNetworkWithoutLimit(t *testing.T) {
	r := runServer(t, func(o *server.Options, _ *Options) {
		o.MaxConnsPerIP, o.MaxConnsFrom = 1, []server.NetworkLimit{network(t, "127.0.0.1=0")}
	})
	for _, client := range []string{"ann", "bob", "cid"} {
		r.dial(t, client)
	}
}

// A proxy that is trusted names the client; a client that names itself is not believed.
func TestLimitPerAddressBehindAProxy(t *testing.T) {
	for trusted, want := range map[string]int{"127.0.0.1": http.StatusSwitchingProtocols, "192.0.2.0/24": http.StatusTooManyRequests} {
		r := runServer(t, func(o *server.Options, e *Options) { o.MaxConnsPerIP, e.TrustedProxies = 1, []string{trusted} })
		for i, status := range []int{http.StatusSwitchingProtocols, want} {
			header := http.Header{"X-Forwarded-For": {"198.51.100." + strconv.Itoa(i)}}
			ws, response, err := websocket.DefaultDialer.Dial(r.URL()+"?client=c"+strconv.Itoa(i), header)
			if err == nil {
				t.Cleanup(func() { ws.Close() })
			}
			if response == nil || response.StatusCode != status {
				t.Errorf("trusting %s, client %d: %v, %v, want %d", trusted, i, response, err, status)
			}
		}
	}
}

// While memory is short, open connections stay, and no other is let in.
func TestLimitOfMemory(t *testing.T) {
	r := runServer(t, func(o *server.Options, _ *Options) { o.MaxMemory = server.Bytes(1) })
	for deadline := time.Now().Add(patienceOfTests); ; {
		if status, after := r.try(t, "ann"); status == http.StatusServiceUnavailable && after > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("clients are let in")
		}
	}
	e := r.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionRefused })
	if e.Refusal.Why() != model.ReasonMemory {
		t.Errorf("told of %+v", *e.Refusal)
	}
}

// A client that sends too long a message is told so, whatever the application would take.
func TestLongestMessage(t *testing.T) {
	r := runServer(t, func(o *server.Options, e *Options) { o.MaxMessage, e.ReadLimit = 1000, 1<<20 })
	ws := r.dial(t, "ann")
	for _, n := range []int{1000, 1001} {
		if err := ws.WriteMessage(websocket.BinaryMessage, make([]byte, n)); err != nil {
			t.Fatal(err)
		}
	}
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
				t.Errorf("%v, want 1009", err)
			}
			break
		}
	}
	e := r.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionClosed })
	if end := e.Connection.Close; end.Code != websocket.CloseMessageTooBig || end.By != model.ByHolter || !strings.Contains(end.Reason, "1000 bytes") {
		t.Errorf("closed: %+v", *end)
	}
}

// As many clients as there are places find one each, also if they come in the same moment and others ask meanwhile why
// nobody is let in.
func TestAllPlacesAreGivenAway(t *testing.T) {
	const places = 100
	r := runServer(t, func(o *server.Options, _ *Options) { o.MaxConns = places })
	var clients errgroup.Group
	for i := range places {
		clients.Go(func() error {
			if resp, err := http.Get(r.PageURL() + "ws"); err == nil {
				resp.Body.Close()
			}
			ws, _, err := websocket.DefaultDialer.Dial(r.URL()+"?client=c"+strconv.Itoa(i), nil)
			if err == nil {
				t.Cleanup(func() { ws.Close() })
			}
			return err
		})
	}
	if err := clients.Wait(); err != nil {
		t.Errorf("a client found no place: %v", err)
	}
	if status, _ := r.try(t, "late"); status != http.StatusServiceUnavailable {
		t.Errorf("one more than there are places: status %d", status)
	}
}

// A place that becomes free is given away again.
func TestLimitPerAddressCountsOpenConnections(t *testing.T) {
	r := runServer(t, func(o *server.Options, _ *Options) { o.MaxConnsPerIP = 2 })
	r.dial(t, "ann")
	bob := r.dial(t, "bob")
	if status, _ := r.try(t, "cid"); status != http.StatusTooManyRequests {
		t.Errorf("a third from one address: status %d", status)
	}
	bob.Close()
	for deadline := time.Now().Add(patienceOfTests); ; {
		if status, _ := r.try(t, "cid"); status == http.StatusSwitchingProtocols {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the place of a connection that ended is not given away")
		}
	}
}

func TestRefuse(t *testing.T) {
	r := runServer(t, nil)
	refuse := func(body string) string {
		t.Helper()
		status, answer, _ := call(t, r.AdminURL(), "POST", "/api/v1/refuse", body)
		if status != http.StatusOK {
			t.Fatalf("refuse %s: status %d, %s", body, status, answer)
		}
		return answer
	}
	if answer := refuse(`{"for_ms": 30000}`); !strings.HasPrefix(answer, `{"refusing_until":"2`) {
		t.Error(answer)
	}
	for range 5 {
		if status, after := r.try(t, "ann"); status != http.StatusServiceUnavailable || after < 1 || after > 6 {
			t.Errorf("status %d, Retry-After %d", status, after)
		}
	}
	var s api.Summary
	if r.call(t, "GET", "/api/v1/summary", &s); s.RefusingUntil == nil || time.Until(*s.RefusingUntil) < 10*time.Second {
		t.Errorf("refusing until %v", s.RefusingUntil)
	}
	if answer := refuse(`{"for_ms": 0}`); answer != `{"refusing_until":null}` {
		t.Error(answer)
	}
	r.dial(t, "ann")
	s = api.Summary{}
	if r.call(t, "GET", "/api/v1/summary", &s); s.RefusingUntil != nil {
		t.Errorf("still refusing until %v", s.RefusingUntil)
	}
}

// A request without an upgrade hears what an upgrade would hear, and counts as nothing.
func TestWhyUpgradesAreRefused(t *testing.T) {
	r := runServer(t, nil)
	ask := func() *http.Response {
		t.Helper()
		resp, err := http.Get(r.PageURL() + "ws")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	if resp := ask(); resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("status %d while upgrades are let in", resp.StatusCode)
	}
	if err := r.monitor.Source().Refuse(t.Context(), 30*time.Second); err != nil {
		t.Fatal(err)
	}
	if resp := ask(); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q while they are refused", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	r.try(t, "ann")
	events, err := r.monitor.Source().Events(t.Context(), 0)
	if err != nil || len(events) != 1 || events[0].Refusal == nil || events[0].Refusal.Client != "ann" {
		t.Errorf("%v, %v, want that ann was refused and nothing else", events, err)
	}
}

// The page names the admin plane, which only this machine can reach.
func TestPageKnowsTheAdminPlane(t *testing.T) {
	r := runServer(t, nil)
	resp, err := http.Get(r.PageURL())
	if err != nil {
		t.Fatal(err)
	}
	if text := body(t, resp); !strings.Contains(text, `data-admin="`+r.AdminURL()+`"`) {
		t.Errorf("no %s in %.200s", r.AdminURL(), text)
	}
}

// A head may have as many bytes as --header-limit says, and not one more.
func TestHeaderLimit(t *testing.T) {
	s := runServer(t, func(_ *server.Options, o *Options) { o.HeaderLimit = 8 << 10 })
	address := strings.TrimSuffix(strings.TrimPrefix(s.URL(), "ws://"), "/ws")
	for length, want := range map[int]int{8 << 10: 101, 8<<10 + 1: 431} {
		head := handshake("GET /ws HTTP/1.1", "X-Long: ")
		head = strings.Replace(head, "X-Long: ", "X-Long: "+strings.Repeat("x", length-len(head)), 1)
		if response := exchange(t, address, head); len(head) != length || response.StatusCode != want {
			t.Errorf("%d bytes: status %d, want %d", len(head), response.StatusCode, want)
		}
	}
}
