package swarm

import (
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"holter/model"
)

func TestSources(t *testing.T) {
	for text, want := range map[string][]string{
		"127.0.0.1":             {"127.0.0.1"},
		"::1":                   {"::1"},
		"127.0.0.0/30":          {"127.0.0.1", "127.0.0.2"},
		"127.0.0.5/30":          {"127.0.0.5", "127.0.0.6"},
		"127.0.0.4/31":          {"127.0.0.4", "127.0.0.5"},
		"127.0.0.7/32":          {"127.0.0.7"},
		"fd00::/126":            {"fd00::", "fd00::1", "fd00::2", "fd00::3"},
		"127.0.0.1, ::1":        {"127.0.0.1", "::1"},
		"::ffff:127.0.0.1":      {"127.0.0.1"},
		"127.0.0.0/31,10.0.0.1": {"127.0.0.0", "127.0.0.1", "10.0.0.1"},
	} {
		got, err := parseSources(strings.Split(text, ","))
		if err != nil || !slices.Equal(got, addresses(want...)) {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"127.0.0.0/19", "::/64", "0.0.0.0/0"} {
		if _, err := parseSources([]string{text}); err == nil || !strings.Contains(err.Error(), "write a smaller network") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Clients connect from the addresses in turn, and each comes back from the one it has left from.
func TestClientsConnectFromTheirSources(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp", "127.0.0.3:0"); err != nil {
		t.Skip(err)
	} else {
		l.Close()
	}
	e := newEcho(t)
	r := begin(t, e.url(), "-n", "4", "--ramp", "0s", "--json", "--backoff", "fixed:10ms", "--source-addr", "127.0.0.2", "--source-addr", "127.0.0.3")
	for _, id := range []string{"swarm-0001", "swarm-0002", "swarm-0003", "swarm-0004"} {
		first := e.generation(t, id, 1)
		first.conn.NetConn().Close()
		again := e.generation(t, id, 2)
		want := map[bool]string{true: "127.0.0.2", false: "127.0.0.3"}[strings.HasSuffix(id, "2") || strings.HasSuffix(id, "4")]
		for _, p := range []*peer{first, again} {
			if host, _, _ := net.SplitHostPort(p.conn.RemoteAddr().String()); host != want {
				t.Errorf("%s comes from %s, want %s", id, host, want)
			}
		}
	}
	r.end()
}

// A source of the other family is of no use for a server.
func TestSourcesOfOneFamily(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip(err)
	} else {
		l.Close()
	}
	e := newEcho(t)
	o := one(e, steady, model.Policy{})
	o.Sources = addresses("::1")
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.clients[0].dial(t.Context()); !errors.Is(err, errNoSource) || reason(err) != "no source address" {
		t.Errorf("error %v", err)
	}
}

func TestASourceThatIsNotOurs(t *testing.T) {
	for _, address := range []string{"192.0.2.1", "0.0.0.0", "224.0.0.1"} {
		c, err := command("ws://127.0.0.1:1/", "--source-addr", address)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.run(t.Context(), nil, nil); err == nil || !strings.Contains(err.Error(), "source address "+address+" is not an address of this machine") {
			t.Errorf("error %v", err)
		}
	}
}

// Where the ports are used up, the report says what to do.
func TestPortsAreUsedUp(t *testing.T) {
	err := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.EADDRNOTAVAIL}
	if reason(err) != noPort {
		t.Errorf("reason %q, want %q", reason(err), noPort)
	}
	r := Report{Clients: 3, Duration: millis(time.Second), Failed: map[string]int{noPort: 2}}
	var text strings.Builder
	if err := r.Write(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 " + noPort, "--source-addr", "keeps its port for a minute"} {
		if !strings.Contains(text.String(), want) || want[0] == '-' && !strings.Contains(hint(err), want) {
			t.Errorf("%q is missing in\n%s\nor in %s", want, &text, hint(err))
		}
	}
}
