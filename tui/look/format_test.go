package look

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
		{Brief, 0, "-"}, {Brief, -s, "-"}, {Brief, 421 * time.Microsecond, "0.42ms"}, {Brief, 1249 * time.Microsecond, "1.2ms"},
		{Brief, 31*ms + 900*time.Microsecond, "31ms"}, {Brief, 999 * ms, "999ms"}, {Brief, 1100 * ms, "1.10s"}, {Brief, 61 * s, "1m01s"},
		{Seconds, 520 * ms, "0.52s"}, {Seconds, 4 * s, "4.00s"}, {Seconds, 12400 * ms, "12.4s"}, {Seconds, 59990 * ms, "59.9s"},
		{Silence, 0, "0.0s"}, {Silence, 812 * ms, "0.8s"}, {Silence, 59999 * ms, "59.9s"}, {Silence, 4*m + 12*s, "4m12s"},
		{Span, -s, "0s"}, {Span, 41 * s, "41s"}, {Span, 59*m + 59*s, "59m59s"}, {Span, 3*h + 7*m, "3h07m"},
		{Span, 12*day + 4*h, "12d04h"}, {Span, 250 * day, "250d"}, {Span, 1200 * day, "3y"}, {Span, math.MaxInt64, "292y"},
		{Uptime, 12*m + 41*s, "12:41"}, {Uptime, 3*h + 7*m + 9*s, "3:07:09"},
		{Interval, 5 * s, "5s"}, {Interval, 90 * s, "1m30s"}, {Interval, 0, "-"},
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
		if got := Amount(v); got != want || Width(got) > 4 {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}
