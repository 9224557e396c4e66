package tui

import (
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
)

func TestFaultsAreSetShownAndEnded(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 120, 30).press("f", "right")
	s.line("far away")
	s.press("tab", "tab", "tab", "enter").line("faults of demo-0007 (c7): latency=200ms±50ms")
	s.refresh()
	s.line("1 FAULT")
	s.line("ƒ latency")
	s.press("enter").line("ƒ latency=200ms±50ms on purpose")
	s.press("f").line("far away") // what is on it is where it begins
	s.press("0").refresh()
	s.lacks("FAULT")
	if n := len(f.orders); n != 2 || f.orders[0].Faults.Up.Latency != 200*time.Millisecond || f.orders[1].Faults != (model.Faults{}) {
		t.Errorf("orders %+v", f.orders)
	}
}

func TestFaultsOfManyNeedTheCountTyped(t *testing.T) {
	f := newFake(ward(100)...)
	s := newScreen(t, f, 80, 24).press("f", "up", "right").press("tab", "tab")
	s.press("drop=1/3", "tab", "tab", "tab", "enter").line("to disturb 94, type 94")
	s.press("94", "enter", "enter").line("faults of all 94: drop=1/3 (94 were there)")
	if len(f.orders) != 1 || f.orders[0].Faults.Drop != 3 || len(f.orders[0].IDs) != 94 {
		t.Errorf("orders %+v", f.orders)
	}
}

func TestMarksComeFirstForFaults(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 80, 24).press("space", "space", "f")
	s.line("Faults of 2 marked")
	s.press("up", "right").line("Faults of demo-0020")
}

func TestBadFaultsAreExplained(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("f", "tab", "latency=fast")
	s.line("is not a fault")
	golden.RequireEqual(t, []byte(s.text()))
	s.press("tab", "tab", "enter").line("Cancel")
	if len(f.orders) > 0 {
		t.Errorf("orders %+v", f.orders)
	}
	newScreenWith(t, f, 80, 24, utf8Locale, true).press("f").line("read-only: this screen changes nothing")
}

// TestPresetsCanBeRead guards against a preset that cannot be set.
func TestPresetsCanBeRead(t *testing.T) {
	for i, preset := range faultPresets {
		f, err := model.ParseFaults(preset.text)
		if err != nil || fitting(preset.text) != i {
			t.Errorf("%s: %+v, %v", preset.name, f, err)
		}
	}
}
