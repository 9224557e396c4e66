package swarm

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	s, err := New(Options{URL: "ws://127.0.0.1:1/ws", Clients: 7, Prefix: "c", Cast: []Role{{steady, politePolicy, 1}}})
	if err != nil {
		t.Fatal(err)
	}
	s.record.sent.Add(50)
	for name, test := range map[string]struct {
		width        func() int
		every        time.Duration
		first, clear string
	}{
		"log":      {nil, interval, "0/7 connected  0 stayed  0 flapping  0 connecting  0 waiting  0 gave up  0 failed  0 attempts/s  10 messages/s\n", ""},
		"terminal": {func() int { return 30 }, refresh, "…\x1b[K", "\r\x1b[K"},
	} {
		var out bytes.Buffer
		begin := time.Now()
		p := &progress{out: &out, width: test.width, every: test.every, lastShown: begin}
		p.show(s, begin.Add(test.every-1))
		if out.Len() > 0 {
			t.Errorf("%s: too soon: %q", name, &out)
		}
		p.show(s, begin.Add(5*time.Second))
		if !strings.HasSuffix(out.String(), test.first) {
			t.Errorf("%s: %q", name, &out)
		}
		out.Reset()
		p.clear()
		if out.String() != test.clear {
			t.Errorf("%s: at the end %q", name, &out)
		}
	}
}

// A swarm whose output goes into a file says soon that it runs.
func TestFirstProgressComesSoon(t *testing.T) {
	s, err := New(Options{URL: "ws://127.0.0.1:1/ws", Clients: 7, Prefix: "c", Cast: []Role{{steady, politePolicy, 1}}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	p := newProgress(&out)
	begin := p.lastShown
	for at, want := range []int{0, 1, 1, 1, 1, 1, 2} {
		p.show(s, begin.Add(time.Duration(at)*time.Second))
		if n := strings.Count(out.String(), "\n"); n != want {
			t.Errorf("%d lines after %d s, want %d", n, at, want)
		}
	}
}

func TestPrettyDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 999 * time.Nanosecond: "1µs", 123 * time.Microsecond: "123µs", 1234 * time.Microsecond: "1.23ms",
		12345 * time.Microsecond: "12.3ms", 123456 * time.Microsecond: "123ms", 1234567 * time.Microsecond: "1.23s",
		12345 * time.Millisecond: "12.3s", 95 * time.Second: "1m35s",
	} {
		if got := pretty(millis(d)); got != want {
			t.Errorf("%d ns: %s, want %s", d, got, want)
		}
	}
}
