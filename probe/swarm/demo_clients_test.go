package swarm

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
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
