package swarm

import (
	"testing"
	"time"

	"holter/model"
)

// Delayed pongs keep their order. If there are too many, the oldest are dropped.
func TestHeldPongs(t *testing.T) {
	now := model.Instant(time.Hour)
	s := &session{client: &Client{random: dice(1), role: &Role{Behaviour: Behaviour{Wobble: Span{0, time.Second}}}}}
	for i := range 2 * maxHeldPongs {
		s.holdPong(string(rune('a'+i)), now)
	}
	if len(s.held) != maxHeldPongs || s.held[maxHeldPongs-1].payload != string(rune('a'+2*maxHeldPongs-1)) {
		t.Errorf("%d pongs are held: %v", len(s.held), s.held)
	}
	for i, p := range s.held[1:] {
		if p.due < s.held[i].due {
			t.Errorf("pong %d is due before the previous one", i+1)
		}
	}
	if s.due[actHeldPong] != s.held[0].due {
		t.Error("the act is not due when the first pong is")
	}
}
