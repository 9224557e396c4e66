package tui

import (
	"math"
	"testing"
	"time"
)

func TestFormats(t *testing.T) {
	const ms, s, m, h, day = time.Millisecond, time.Second, time.Minute, time.Hour, 24 * time.Hour
	for _, test := range []struct {
		format func(time.Duration) string
		d      time.Duration
		want   string
	}{
		{brief, 0, "-"}, {brief, -s, "-"}, {brief, 421 * time.Microsecond, "0.42ms"}, {brief, 1249 * time.Microsecond, "1.2ms"},
		{brief, 31*ms + 900*time.Microsecond, "31ms"}, {brief, 999 * ms, "999ms"}, {brief, 1100 * ms, "1.10s"}, {brief, 61 * s, "1m01s"},
		{seconds, 520 * ms, "0.52s"}, {seconds, 4 * s, "4.00s"}, {seconds, 12400 * ms, "12.4s"}, {seconds, 59990 * ms, "59.9s"},
		{silence, 0, "0.0s"}, {silence, 812 * ms, "0.8s"}, {silence, 59999 * ms, "59.9s"}, {silence, 4*m + 12*s, "4m12s"},
		{span, -s, "0s"}, {span, 41 * s, "41s"}, {span, 59*m + 59*s, "59m59s"}, {span, 3*h + 7*m, "3h07m"},
		{span, 12*day + 4*h, "12d04h"}, {span, 250 * day, "250d"}, {span, 1200 * day, "3y"}, {span, math.MaxInt64, "292y"},
		{uptime, 12*m + 41*s, "12:41"}, {uptime, 3*h + 7*m + 9*s, "3:07:09"},
		{interval, 5 * s, "5s"}, {interval, 90 * s, "1m30s"}, {interval, 0, "-"},
	} {
		if got := test.format(test.d); got != test.want {
			t.Errorf("%v: %q, want %q", test.d, got, test.want)
		}
	}
}

func TestAmount(t *testing.T) {
	for v, want := range map[float64]string{
		-1: "0", 0: "0", 7: "7", 999: "999", 999.6: "1.0k", 1200: "1.2k", 9960: "10k", 310e3: "310k", 1.2e6: "1.2M", 3e12: "3.0T", 1e300: "999E",
	} {
		if got := amount(v); got != want || width(got) > 4 {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}

func TestGauge(t *testing.T) {
	for _, test := range []struct {
		share float64
		want  string
	}{{-1, "▐    ▌"}, {0, "▐    ▌"}, {0.25, "▐█   ▌"}, {0.5625, "▐██▎ ▌"}, {1, "▐████▌"}, {7, "▐████▌"}, {math.Inf(1), "▐████▌"}} {
		if got := gauge(test.share, 6, &unicodeGlyphs); got != test.want {
			t.Errorf("%v: %q, want %q", test.share, got, test.want)
		}
	}
}
