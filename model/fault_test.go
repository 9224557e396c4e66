package model

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseFaults(t *testing.T) {
	const ms = time.Millisecond
	slow := Line{Latency: 200 * ms, Jitter: 50 * ms}
	for _, tc := range []struct {
		text  string
		want  Faults
		shown string // "" if it is text
	}{
		{"", Faults{}, "none"},
		{"none", Faults{}, ""},
		{"latency=200ms", Faults{Up: Line{Latency: 200 * ms}, Down: Line{Latency: 200 * ms}}, ""},
		{"latency=200ms±50ms", Faults{Up: slow, Down: slow}, ""},
		{"latency=0.2s+-50ms,down", Faults{Down: slow}, "latency=200ms±50ms,down"},
		{"latency=200ms±50ms,up latency=1s,down", Faults{Up: slow, Down: Line{Latency: time.Second}}, ""},
		{"latency=1s,down latency=1s,up", Faults{Up: Line{Latency: time.Second}, Down: Line{Latency: time.Second}}, "latency=1s"},
		{"rate=64KiB", Faults{Up: Line{Rate: 64 << 10}, Down: Line{Rate: 64 << 10}}, "rate=64KiB/s"},
		{"rate=1000/s,up rate=1MiB/s,down", Faults{Up: Line{Rate: 1000}, Down: Line{Rate: 1 << 20}}, "rate=1000B/s,up rate=1MiB/s,down"},
		{" freeze  swallow-pongs ", Faults{Freeze: true, SwallowPongs: true}, "freeze swallow-pongs"},
		{"reset half-open", Faults{HalfOpen: true, Reset: true}, "half-open reset"},
		{"cut=1011 slow-close=5s drop=1/10", Faults{Cut: 1011, SlowClose: 5 * time.Second, Drop: 10}, "drop=1/10 slow-close=5s cut=1011"},
	} {
		f, err := ParseFaults(tc.text)
		if err != nil || f != tc.want {
			t.Errorf("%q is %+v, %v", tc.text, f, err)
		}
		if tc.shown == "" {
			tc.shown = tc.text
		}
		if f.String() != tc.shown {
			t.Errorf("%q shows as %q, want %q", tc.text, f.String(), tc.shown)
		}
	}
}

// Errors say what to write.
func TestParseFaultsErrors(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"latency", `"latency" is not a fault: write latency=200ms, latency=200ms±50ms or latency=200ms,down`},
		{"latency=200", "write latency=200ms"},
		{"latency=0s", "write latency=200ms"},
		{"latency=-1s", "write latency=200ms"},
		{"latency=1s±", "write latency=200ms"},
		{"latency=1s,sideways", "write latency=200ms"},
		{"latency=2m", "a duration up to 1m0s"},
		{"latency=1s±2s", "the jitter cannot be more than the latency"},
		{"latency=1s latency=2s,up", "comes on top of another latency"},
		{"rate=0", "write rate=64KiB"},
		{"rate=fast", "write rate=64KiB"},
		{"freeze=1", `"freeze=1" is not a fault: write freeze`},
		{"freeze freeze", "comes on top of another freeze"},
		{"freeze half-open", "write one of them"},
		{"drop=10", "write drop=1/10"},
		{"drop=1/0", "write drop=1/10"},
		{"slow-close=1h", "a duration up to 1m0s"},
		{"cut=7", "may not be sent"},
		{"cut=1006", "may not be sent"},
		{"cut=-7", "write cut=1011"},
		{"cut=1011 reset", "write one of them"},
		{"lag=1s", `there is no fault "lag": write one of latency, rate, freeze, half-open, swallow-pongs, drop, slow-close, cut, reset`},
		{"none freeze", `there is no fault "none"`},
	} {
		_, err := ParseFaults(tc.text)
		if err == nil || !strings.Contains(err.Error(), tc.want) || ErrorCode(err) != Invalid {
			t.Errorf("%q: %v, want %q", tc.text, err, tc.want)
		}
	}
}

func TestLasting(t *testing.T) {
	f := Faults{Cut: 1011, Reset: true, Freeze: true}
	if f.Lasting() != (Faults{Freeze: true}) || f.None() || !(*Faults)(nil).None() {
		t.Error(f.Lasting())
	}
}

// ParseFaults reads what String writes.
func FuzzParseFaults(f *testing.F) {
	for _, seed := range []string{"latency=200ms±50ms,down rate=64KiB", "freeze drop=1/10 slow-close=5s", "cut=1011", "±=,+-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseFaults(text)
		if err != nil {
			return
		}
		if b, err := ParseFaults(a.String()); err != nil || a != b {
			t.Errorf("%q is %+v; shown as %q that is %+v, %v", text, a, a.String(), b, err)
		}
	})
}

// Faults of another version stay as they are, beside those that are known.
func TestReadFaults(t *testing.T) {
	for words, want := range map[string]string{
		"":                                   "none",
		"freeze latency=1s":                  "latency=1s freeze",
		"gravity=2g freeze tilt":             "freeze gravity=2g tilt",
		"freeze half-open":                   "freeze half-open",
		"latency=9h cut=1011":                "cut=1011 latency=9h",
		"rate=1KiB,up rate=2KiB,up rate=3KB": "rate=1KiB/s,up rate=2KiB,up rate=3KB",
	} {
		f := ReadFaults(strings.Fields(words))
		if got := f.String(); got != want {
			t.Errorf("%s became %s, want %s", words, got, want)
		}
		if again := ReadFaults(f.Words()); again != f {
			t.Errorf("%s became %+v, then %+v", words, f, again)
		}
	}
	if f := ReadFaults([]string{"gravity=2g", "freeze"}); !slices.Equal(f.Kinds(), []string{"freeze", "gravity"}) || !f.Freeze {
		t.Errorf("%+v", f)
	}
}
