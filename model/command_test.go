package model

import (
	"strings"
	"testing"
	"time"
)

// RFC 6455 section 7.4 reserves some close codes that never stand in a frame, and section 5.5 bounds the reason.
func TestKickThatNoCloseFrameCanSay(t *testing.T) {
	for _, code := range []int{0, 1000, 1001, 1002, 1003, 1007, 1012, 1014, 3000, 4999} {
		if err := (Kick{Code: code}).Validate(); err != nil {
			t.Errorf("code %d: %v", code, err)
		}
	}
	for _, tt := range []struct {
		kick Kick
		says string
	}{
		{Kick{Code: 1004}, "close code 1004 may not be sent"},
		{Kick{Code: 1005}, "write 1000, 1001"},
		{Kick{Code: 1006}, "may not be sent"},
		{Kick{Code: 1015}, "may not be sent"},
		{Kick{Code: 5000}, "may not be sent"},
		{Kick{Code: -1}, "may not be sent"},
		{Kick{Reason: strings.Repeat("x", MaxReason+1)}, "124 bytes"},
		{Kick{Reason: "\xff"}, "not valid UTF-8"},
		{Kick{Over: -time.Second}, "-1s"},
	} {
		err := tt.kick.Validate()
		if err == nil || !strings.Contains(err.Error(), tt.says) || ErrorCode(err) != Invalid {
			t.Errorf("%+v: %v, want one with %q", tt.kick, err, tt.says)
		}
	}
	if err := (Kick{Reason: strings.Repeat("x", MaxReason)}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestSettingsNameTheKnownOnes(t *testing.T) {
	beats := map[Scheme][2]bool{SchemeBoth: {true, true}, SchemeServer: {true, false}, SchemeClient: {false, true}, SchemeNone: {}}
	for scheme, want := range beats {
		if got := [2]bool{scheme.ServerBeats(), scheme.ClientBeats()}; got != want || scheme.Validate() != nil {
			t.Errorf("%s: server and client beat: %v, want %v; %v", scheme, got, want, scheme.Validate())
		}
	}
	for _, err := range []error{Scheme("all").Validate(), OnFail("kill").Validate()} {
		if err == nil || !strings.Contains(err.Error(), "write ") {
			t.Errorf("%v", err)
		}
	}
	for _, o := range []OnFail{OnFailClose, OnFailObserve} {
		if err := o.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestOneOf(t *testing.T) {
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := OneOf(words); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for reason, want := range map[string]time.Duration{
		RestartReason(12340 * time.Millisecond): 12300 * time.Millisecond,
		"retry-after=7":                         7 * time.Second,
		"busy; retry-after=0.5, please":         500 * time.Millisecond,
		"":                                      0,
		"restart":                               0,
		"retry-after=":                          0,
		"retry-after=-3":                        0,
		"retry-after=1.2.3":                     0,
		"retry-after=999999999999999999999":     0,
	} {
		if got := RetryAfter(reason); got != want {
			t.Errorf("%q: %v, want %v", reason, got, want)
		}
	}
	if got := WithoutRetryAfter(RestartReason(time.Minute)); got != "restart" {
		t.Errorf("%q without its time", got)
	}
	if got := WithoutRetryAfter("by retry-after=0.5"); got != "by retry-after=0.5" {
		t.Errorf("%q was another reason", got)
	}
	if n := len(RestartReason(longestRetry)); n > MaxReason {
		t.Errorf("%d bytes", n)
	}
}
