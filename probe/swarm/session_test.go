package swarm

import (
	"testing"
	"time"

	"holter/model"
)

// Answers that are held back keep their order, and of too many the oldest are forgotten.
func TestHeldAnswers(t *testing.T) {
	now := model.Instant(time.Hour)
	s := &session{client: &Client{random: dice(1), role: &Role{Behaviour: Behaviour{Wobble: Span{0, time.Second}}}}}
	for i := range 2 * maxHeldPongs {
		s.holdPong(string(rune('a'+i)), now)
	}
	if len(s.held) != maxHeldPongs || s.held[maxHeldPongs-1].payload != string(rune('a'+2*maxHeldPongs-1)) {
		t.Errorf("held are %d: %v", len(s.held), s.held)
	}
	for i, p := range s.held[1:] {
		if p.due < s.held[i].due {
			t.Errorf("answer %d is due before the one before it", i+1)
		}
	}
	if s.due[actHeldPong] != s.held[0].due {
		t.Error("the first answer is not the one that is due")
	}
}
