package model

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParsePolicy(t *testing.T) {
	for _, test := range []struct {
		backoff, jitter string
		want            Policy
		text            string
	}{
		{"none", "none", Policy{Kind: PolicyNone, Jitter: JitterNone}, "none"},
		{"none", "", Policy{Kind: PolicyNone}, "none"},
		{"fixed:1s", "none", Policy{Kind: PolicyFixed, Base: time.Second, Jitter: JitterNone}, "fixed:1s"},
		{"fixed:250ms", "full", Policy{Kind: PolicyFixed, Base: 250 * time.Millisecond, Jitter: JitterFull, Share: 1}, "fixed:250ms full"},
		{"exponential:1s,2,60s", "equal",
			Policy{Kind: PolicyExponential, Base: time.Second, Factor: 2, Cap: time.Minute, Jitter: JitterEqual, Share: 1. / 3}, "exponential:1s,2,1m equal"},
		{"exponential:100ms,1.5,1h30m", "decorrelated",
			Policy{Kind: PolicyExponential, Base: 100 * time.Millisecond, Factor: 1.5, Cap: 90 * time.Minute, Jitter: JitterDecorrelated},
			"exponential:100ms,1.5,1h30m decorrelated"},
		{"steps:0s,2s,1m", "none",
			Policy{Kind: PolicySteps, Steps: []time.Duration{0, 2 * time.Second, time.Minute}, Jitter: JitterNone}, "steps:0s,2s,1m"},
		{"steps:1s", "full", Policy{Kind: PolicySteps, Steps: []time.Duration{time.Second}, Jitter: JitterFull, Share: 1}, "steps:1s full"},
	} {
		got, err := ParsePolicy(test.backoff, test.jitter)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("ParsePolicy(%q, %q) = %+v, %v; want %+v", test.backoff, test.jitter, got, err, test.want)
		}
		if got.String() != test.text {
			t.Errorf("%+v as text: %q, want %q", got, got, test.text)
		}
	}
}

func TestParsePolicySaysWhatToWrite(t *testing.T) {
	for _, test := range []struct{ backoff, jitter, says string }{
		{"", "none", "write none, fixed:1s, exponential:1s,2,60s or steps:0s,2s,10s"},
		{"linear:1s", "none", "write none, fixed:1s, exponential:1s,2,60s or steps:0s,2s,10s"},
		{"none:1s", "none", "write none, without a delay"},
		{"fixed", "none", "write fixed:DELAY such as fixed:1s"},
		{"fixed:soon", "none", "write fixed:DELAY"},
		{"fixed:5", "none", "write fixed:DELAY"},
		{"fixed:0s", "none", "must be above 0"},
		{"fixed:-1s", "none", "must be above 0"},
		{"exponential:1s", "none", "write exponential:BASE,FACTOR,CAP such as exponential:1s,2,60s"},
		{"exponential:1s,2,60s,4", "none", "write exponential:BASE,FACTOR,CAP"},
		{"exponential:1s,two,60s", "none", "write exponential:BASE,FACTOR,CAP"},
		{"exponential:0s,2,60s", "none", "base must be above 0"},
		{"exponential:1s,0.5,60s", "none", "factor must be 1 or more"},
		{"exponential:1s,NaN,60s", "none", "factor must be 1 or more"},
		{"exponential:1s,+Inf,60s", "none", "factor must be 1 or more"},
		{"exponential:1m,2,30s", "none", "cap must not be below the base"},
		{"steps", "none", "write steps:DELAY,DELAY,…"},
		{"steps:", "none", "write steps:DELAY,DELAY,…"},
		{"steps:1s,soon", "none", "write steps:DELAY,DELAY,…"},
		{"steps:1s,-2s", "none", "no step may be below 0"},
		{"steps:1s,2s", "decorrelated", "write --backoff exponential:1s,2,60s"},
		{"fixed:1s", "some", "write none, full, equal or decorrelated"},
		{"fixed:1s", "decorrelated", "write --backoff exponential:1s,2,60s"},
		{"none", "full", "write --backoff fixed:1s or exponential:1s,2,60s"},
	} {
		_, err := ParsePolicy(test.backoff, test.jitter)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("ParsePolicy(%q, %q): %v; want an error with %q", test.backoff, test.jitter, err, test.says)
		}
	}
}

func TestPolicyAttempts(t *testing.T) {
	if err := (Policy{MaxAttempts: -1}).Validate(); err == nil {
		t.Error("a negative number of attempts is accepted")
	}
	if err := (Policy{}).Validate(); err != nil {
		t.Errorf("the zero policy is not valid: %v", err)
	}
}

// A policy that is accepted has delays within bounds, and its text is accepted too.
func FuzzParsePolicy(f *testing.F) {
	f.Add("none", "none")
	f.Add("fixed:2562047h47m16s", "full")
	f.Add("exponential:1ns,1e308,2562047h47m16s", "decorrelated")
	f.Add("steps:1s,2562047h47m16s,0s", "equal")
	f.Add("exponential:1s,2,60s", "around50")
	f.Add("fixed:1s", "around20")
	f.Fuzz(func(t *testing.T, backoff, jitter string) {
		p, err := ParsePolicy(backoff, jitter)
		if err != nil {
			return
		}
		longest := 1.2 * float64(max(p.Base, p.Cap, slices.Max(append(p.Steps, 0)))) // as around20 allows
		random, before := rand.New(rand.NewPCG(1, 0)), time.Duration(0)
		for k := 1; k <= 20; k++ {
			before = p.Draw(k, before, random)
			if before < 0 || float64(before) > longest*(1+1e-9)+1 {
				t.Fatalf("%s: delay %d is %s", p, k, before)
			}
		}
		text, shake, _ := strings.Cut(p.String(), " ")
		if _, err := ParsePolicy(text, shake); err != nil && p.Factor < math.MaxFloat32 {
			t.Fatalf("%s is not accepted again: %v", p, err)
		}
	})
}
