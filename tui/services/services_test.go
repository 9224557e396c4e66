package services

import (
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

func TestClocksThatAreOff(t *testing.T) {
	for off, want := range map[time.Duration]string{-37 * time.Second: "clock 37s behind", time.Hour: "clock 1h00m ahead"} {
		if got := remark(&model.Service{Clock: off}); got != want {
			t.Errorf("%v: %q, want %q", off, got, want)
		}
	}
}
