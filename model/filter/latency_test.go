package filter

import (
	"testing"
	"time"

	"holter/model"
)

// What has failed, said goodbye or never answered has no latency, also if it had one before.
func TestLatencyIsOfTheLiving(t *testing.T) {
	f, err := Services.Parse("latency>1ms")
	if err != nil {
		t.Fatal(err)
	}
	for state, want := range map[model.State]bool{model.Normal: true, model.Suspect: true, model.Failed: false, model.Closed: false, model.Unknown: false} {
		if got := f.Selects(Row{Service: &model.Service{State: state, Latency: time.Second}}); got != want {
			t.Errorf("%s: %v", state, got)
		}
	}
}
