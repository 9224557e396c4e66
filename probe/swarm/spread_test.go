package swarm

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"holter/model"
)

func addresses(texts ...string) (list []netip.Addr) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

// resolves makes all names stand for these addresses.
func resolves(texts ...string) func(context.Context, string, string) ([]netip.Addr, error) {
	return func(context.Context, string, string) ([]netip.Addr, error) { return addresses(texts...), nil }
}

// everywhere are servers on one port of several addresses. It skips the test where these are not the machine's.
func everywhere(t *testing.T, texts ...string) (servers []*echo, port string) {
	t.Helper()
	for _, text := range texts {
		l, err := net.Listen("tcp", net.JoinHostPort(text, port))
		if err != nil && port == "" {
			t.Skip(err)
		}
		if err != nil {
			t.Skip("the port is taken on another address: ", err)
		}
		_, port, _ = net.SplitHostPort(l.Addr().String())
		servers = append(servers, newEchoOn(t, func(h http.Handler) *httptest.Server {
			s := httptest.NewUnstartedServer(h)
			s.Listener.Close()
			s.Listener = l
			s.Start()
			return s
		}))
	}
	return servers, port
}

func (e *echo) clients() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.peers)
}

// The clients take turns with the addresses of a name, of both families.
func TestAllAddressesOfANameAreUsed(t *testing.T) {
	t.Parallel()
	servers, port := everywhere(t, "127.0.0.1", "127.0.0.2", "::1")
	o := one(servers[0], steady, model.Policy{})
	o.URL, o.Clients = "ws://three.test:"+port+"/ws", 30
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	names := &spread{lookup: resolves("::1", "127.0.0.1", "127.0.0.2"), dial: (&sources{}).dial, can: func(netip.Addr) bool { return true }}
	s.way.socket = names.socket
	run(t, s)
	eventually(t, "all clients", func() bool {
		return servers[0].clients()+servers[1].clients()+servers[2].clients() == 30
	})
	for i, e := range servers { // on a busy machine, an address may lose its turn to the next
		if n := e.clients(); n < 7 || n > 13 {
			t.Errorf("address %d has %d clients, want 10", i+1, n)
		}
	}
}

// An address without a listener, and one that never answers, do not keep a client from the others.
func TestDeadAddressesAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	e := newEcho(t)
	u := strings.TrimPrefix(e.URL, "http://")
	_, port, _ := net.SplitHostPort(u)
	hung := make(chan struct{})
	names := &spread{
		lookup: resolves("192.0.2.1", "127.0.0.9", "127.0.0.1"), can: func(netip.Addr) bool { return true },
		dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			switch {
			case strings.HasPrefix(address, "192.0.2.1:"):
				<-ctx.Done()
				close(hung)
				return nil, ctx.Err()
			case strings.HasPrefix(address, "127.0.0.9:"):
				return nil, errors.New("connection refused")
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	begin := time.Now()
	conn, err := names.socket(t.Context(), "tcp", net.JoinHostPort("name.test", port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if took := time.Since(begin); took < headStart || conn.RemoteAddr().String() != u {
		t.Errorf("connected to %s after %s", conn.RemoteAddr(), took)
	}
	select {
	case <-hung:
	default:
		t.Error("something dials on after there is a connection")
	}
}

func TestAllAddressesFail(t *testing.T) {
	names := &spread{lookup: resolves("127.0.0.1", "::1"), can: func(netip.Addr) bool { return true },
		dial: func(_ context.Context, _, address string) (net.Conn, error) { return nil, errors.New(address) }}
	if _, err := names.socket(t.Context(), "tcp", "name.test:7"); err == nil || err.Error() != "127.0.0.1:7" {
		t.Errorf("error %v, want that of the first address", err)
	}
	names.can = func(netip.Addr) bool { return false }
	for _, host := range []string{"name.test:7", "127.0.0.1:7"} {
		if _, err := names.socket(t.Context(), "tcp", host); !errors.Is(err, errNoSource) {
			t.Errorf("error %v, want %v", err, errNoSource)
		}
	}
}

func TestAddressesInTurn(t *testing.T) {
	list := addresses("::1", "::2", "127.0.0.1")
	for n, want := range [][]netip.Addr{
		addresses("::1", "127.0.0.1", "::2"), addresses("::2", "127.0.0.1", "::1"), addresses("127.0.0.1", "::1", "::2"), addresses("::1", "127.0.0.1", "::2"),
	} {
		if got := inTurn(list, uint32(n)); !slices.Equal(got, want) {
			t.Errorf("attempt %d: %v, want %v", n, got, want)
		}
	}
}
