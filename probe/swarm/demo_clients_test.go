package swarm

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"holter/model"
)

func TestDemoClientsStartOnce(t *testing.T) {
	e := newEcho(t)
	d, err := DemoOptions{}.Clients(e.url(), func(time.Duration) { t.Error("upgrades were refused for clients that were started later") })
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	if err := d.Start(1); err != nil {
		t.Error(err)
	}
	if err := d.Start(1); err == nil || err.Error() != "demo clients are already running" {
		t.Errorf("second start: %v", err)
	}
	eventually(t, "a client is there", func() bool { return len(e.generations("demo-0001")) > 0 })
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestDemoClientsOfTheFlag(t *testing.T) {
	d, err := DemoOptions{Demo: 2}.Clients("ws://127.0.0.1:1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(1); err == nil {
		t.Error("clients were started twice, by the flag and by Start")
	}
	if err := (DemoOptions{Demo: -1}).Validate(); err == nil {
		t.Error("a negative number of clients is accepted")
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := d.Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestDemoBeatsQuicklyUnlessToldOtherwise(t *testing.T) {
	for _, test := range []struct {
		args string
		env  string
		want time.Duration
	}{
		{"", "", 5 * time.Second},
		{"--demo=200", "", demoInterval},
		{"--demo=200 --interval=5s", "", 5 * time.Second},
		{"--demo=5000", "", 5 * time.Second},
		{"--demo=200", "7s", 7 * time.Second},
	} {
		var o struct {
			Interval time.Duration `default:"5s" env:"TEST_DEMO_INTERVAL"`
			Demo     DemoOptions   `embed:""`
		}
		if test.env != "" {
			t.Setenv("TEST_DEMO_INTERVAL", test.env)
		}
		if _, err := kong.Must(&o).Parse(strings.Fields(test.args)); err != nil {
			t.Fatal(err)
		}
		if o.Interval != test.want {
			t.Errorf("%q with %q in the environment: an interval of %s, want %s", test.args, test.env, o.Interval, test.want)
		}
	}
}

// The demo's own connections are told from all others, also from one that gets the port of an earlier one.
func TestForeignConnectionsOfADemo(t *testing.T) {
	e := newEcho(t)
	var none *DemoClients
	if !none.Foreign(&model.Connection{}) {
		t.Error("without a demo there are connections that are not foreign")
	}
	d, err := DemoOptions{Demo: 1}.Clients(e.url(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	eventually(t, "the client is there", func() bool { return len(e.generations("demo-0001")) > 0 })
	p := e.generations("demo-0001")[0]
	own := netip.MustParseAddrPort(p.conn.RemoteAddr().String())
	mapped := netip.AddrPortFrom(netip.AddrFrom16(own.Addr().As16()), own.Port())
	other := netip.AddrPortFrom(own.Addr(), own.Port()^1)
	foreign := func(remote netip.AddrPort, opened time.Time) bool {
		return d.Foreign(&model.Connection{Remote: remote, Opened: opened})
	}
	if foreign(own, p.opened) || foreign(mapped, p.opened) || !foreign(other, p.opened) {
		t.Errorf("foreign: own %t, mapped %t, another port %t", foreign(own, p.opened), foreign(mapped, p.opened), foreign(other, p.opened))
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if foreign(own, p.opened) || !foreign(own, time.Now()) {
		t.Error("a connection that has ended is foreign, or one that came over its port later is not")
	}
}
