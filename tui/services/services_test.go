package services

import (
	"strings"
	"testing"
	"time"

	"holter/model"
)

func TestCausesHaveWords(t *testing.T) {
	for _, c := range model.ServiceCauses {
		if causeHelp[c] == "" {
			t.Errorf("%s has no words", c)
		}
	}
	if len(causeHelp) != len(model.ServiceCauses) {
		t.Errorf("words for %d causes, of %d", len(causeHelp), len(model.ServiceCauses))
	}
}

func TestUptime(t *testing.T) {
	for share, want := range map[float64]string{1: "100%", 0.99999: "99.99%", 0.9979: "99.79%", 0.5: "50.0%", 0.0004: "<0.1%", 0: "0.0%"} {
		if got := Uptime(&model.Service{State: model.Failed, Uptime: share}); got != want {
			t.Errorf("%v: %s, want %s", share, got, want)
		}
	}
	if got := Uptime(&model.Service{State: model.Unknown, Uptime: 1}); got != "-" {
		t.Errorf("of one that has not answered yet %s", got)
	}
}

// A service that is known for less than an hour has an uptime of that time.
func TestUptimeSaysOfWhat(t *testing.T) {
	now := time.Now()
	for since, want := range map[time.Duration]string{3*time.Minute + 5*time.Second: "74.1% of the last 3m05s", time.Hour: "74.1% of the last hour"} {
		got := strings.Join(figures(&model.Service{State: model.Normal, Uptime: 0.741, Known: now.Add(-since)}, now), "  ")
		if !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestClocksThatAreOff(t *testing.T) {
	for off, want := range map[time.Duration]string{-37 * time.Second: "clock 37s behind", time.Hour: "clock 1h00m ahead"} {
		if got := remark(&model.Service{Clock: off}); got != want {
			t.Errorf("%v: %q, want %q", off, got, want)
		}
	}
}
