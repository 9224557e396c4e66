package model

import (
	"math"
	"math/rand/v2"
	"reflect"
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
		{"steps:0s,0s..5s,3.1s", "none",
			Policy{Kind: PolicySteps, Steps: []time.Duration{0, 0, 3100 * time.Millisecond}, Ends: []time.Duration{0, 5 * time.Second, 3100 * time.Millisecond}, Jitter: JitterRanges},
			"steps:0s,0s..5s,3.1s"},
		{"linear:0s,1s,5s", "none", Policy{Kind: PolicyLinear, Step: time.Second, Cap: 5 * time.Second, Jitter: JitterNone}, "linear:0s,1s,5s"},
		{"exponential:1s,2,16s", "added:300ms..3s",
			Policy{Kind: PolicyExponential, Base: time.Second, Factor: 2, Cap: 16 * time.Second, Jitter: JitterAdded, AddedFrom: 300 * time.Millisecond, AddedTo: 3 * time.Second},
			"exponential:1s,2,16s added:300ms..3s"},
		{"steps:10s,20s,40s,80s", "carried-added:0s..10s",
			Policy{Kind: PolicySteps, Steps: []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second}, Jitter: JitterAdded, AddedTo: 10 * time.Second, Carried: true},
			"steps:10s,20s,40s,1m20s carried-added:0s..10s"},
		{"exponential:3s,1.3,10s", "once:50%", Policy{Kind: PolicyExponential, Base: 3 * time.Second, Factor: 1.3, Cap: 10 * time.Second, Jitter: JitterOnce, Share: 0.5}, "exponential:3s,1.3,10s once:50%"},
		{"exponential:1.5s,1.5,5m", "carried-normal:10%",
			Policy{Kind: PolicyExponential, Base: 1500 * time.Millisecond, Factor: 1.5, Cap: 5 * time.Minute, Jitter: JitterNormal, Share: 0.1, Carried: true}, "exponential:1.5s,1.5,5m carried-normal:10%"},
		{"fixed:2s", "partial:25%", Policy{Kind: PolicyFixed, Base: 2 * time.Second, Jitter: JitterPartial, Share: 0.25}, "fixed:2s partial:25%"},
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
		{"", "none", "write none, fixed:1s, exponential:1s,2,60s, linear:0s,1s,5s or steps:0s,2s,10s"},
		{"quadratic:1s", "none", "write none, fixed:1s, exponential:1s,2,60s, linear:0s,1s,5s or steps:0s,2s,10s"},
		{"linear:1s", "none", "write linear:BASE,STEP,CAP such as linear:0s,1s,5s"},
		{"linear:0s,0s,5s", "none", "the step must be above 0"},
		{"linear:-1s,1s,5s", "none", "the base must not be below 0"},
		{"linear:6s,1s,5s", "none", "the cap must not be below the base"},
		{"steps:5s..1s", "none", "the range 5s..1s must end after it begins"},
		{"steps:0s..", "none", "write steps:DELAY,DELAY,…"},
		{"steps:0s..1s", "full", "which have their own: write --jitter none"},
		{"fixed:1s", "full:5%", "unknown jitter"},
		{"fixed:1s", "partial", "unknown jitter"},
		{"fixed:1s", "partial:120%", "write a share from 0 to 1"},
		{"fixed:1s", "partial:NaN", "write a share from 0 to 1"},
		{"fixed:1s", "added:3s..1s", "write what is added as a range"},
		{"linear:0s,1s,5s", "once:50%", "write --backoff fixed:1s or exponential:1s,2,60s"},
		{"fixed:1s", "carried-full", "only added, normal and partial can be carried"},
		{"fixed:1s", "ranges", "unknown jitter"},
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
		{"fixed:1s", "some", "write none, full, equal, decorrelated, partial:20%"},
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

// A policy that is accepted has delays where its Span says, and its text is accepted too.
func FuzzParsePolicy(f *testing.F) {
	f.Add("none", "none")
	f.Add("fixed:2562047h47m16s", "full")
	f.Add("exponential:1ns,1e308,2562047h47m16s", "decorrelated")
	f.Add("steps:1s,2562047h47m16s,0s", "equal")
	f.Add("exponential:1s,2,60s", "around50")
	f.Add("fixed:1s", "around20")
	f.Add("linear:0s,1s,5s", "partial:20%")
	f.Add("steps:0s,0s..5s,3s", "none")
	f.Add("exponential:1s,2,16s", "added:300ms..3s")
	f.Add("steps:10s,20s,40s,80s", "carried-added:0s..10s")
	f.Add("exponential:3s,1.3,10s", "once:67%")
	f.Add("exponential:1.5s,1.5,5m", "carried-normal:10%")
	f.Fuzz(func(t *testing.T, backoff, jitter string) {
		p, err := ParsePolicy(backoff, jitter)
		if err != nil {
			return
		}
		random, before := rand.New(rand.NewPCG(1, 0)), time.Duration(0)
		for k := 1; k <= 20; k++ {
			s := p.Span(k, before)
			before = p.Draw(k, before, random)
			top := min(s.High, s.Limit, MaxDelay.Seconds())
			if s.Bell {
				top = min(s.Limit, MaxDelay.Seconds())
			}
			if before < 0 || before.Seconds() > top*(1+1e-9)+1e-6 {
				t.Fatalf("%s: delay %d is %s", p, k, before)
			}
		}
		text, shake, _ := strings.Cut(p.String(), " ")
		if _, err := ParsePolicy(text, shake); err != nil && p.Factor < math.MaxFloat32 {
			t.Fatalf("%s is not accepted again: %v", p, err)
		}
	})
}
