package describe

import (
	"testing"
	"time"

	"holter/model"
)

func TestUnanswered(t *testing.T) {
	for want, d := range map[string]model.Detail{
		"":         {Evidence: model.Evidence{Unanswered: 1, PingAge: 300 * time.Millisecond}}, // on its way
		"4 in all": {Connection: model.Connection{PingsSent: 9, PongsReceived: 4}, Evidence: model.Evidence{Unanswered: 1, PingAge: 300 * time.Millisecond}},
		"1 in all   1 in a row now, the oldest for 0.6s": {
			Evidence: model.Evidence{Unanswered: 1, PingAge: 600 * time.Millisecond}},
		"5 in all   3 in a row now, 2 of them probes, the oldest for 4.6s": {
			Connection: model.Connection{PingsSent: 9, PongsReceived: 4},
			Evidence:   model.Evidence{Unanswered: 3, Probes: 2, PingAge: 4600 * time.Millisecond}},
		"2 in all": {Connection: model.Connection{State: model.Closed, PingsSent: 9, PongsReceived: 7}},
	} {
		if d.PingsSent == 0 {
			d.PingsSent, d.PongsReceived = 9, 8
		}
		d.Timeout = 500 * time.Millisecond
		text := Text{Of: &d}
		if got := text.unanswered(); got != want {
			t.Errorf("%q instead of %q", got, want)
		}
	}
}
