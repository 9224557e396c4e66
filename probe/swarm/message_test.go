package swarm

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"holter/probe/pulse"
)

// speaker returns a session that can make messages of this length in bytes.
func speaker(payload int) *session {
	swarm := &Swarm{clock: pulse.NewClock(), filler: newFiller(payload)}
	return &session{client: &Client{swarm: swarm, role: &Role{Behaviour: Behaviour{Payload: payload}}}, nonce: 0xc0ffee, opened: 1}
}

func TestMessagesAreJSONOfTheGivenLength(t *testing.T) {
	for _, payload := range []int{0, leastPayload, 65, 128, 4096, mostPayload} {
		s := speaker(payload)
		text := slices.Concat(s.message())
		if want := max(payload, leastPayload); len(text) != want || !json.Valid(text) {
			t.Errorf("%d bytes: %d, %.80s", want, len(text), text)
		}
		if took, ok := s.echoTime(text[:leastPayload]); !ok || took < 0 || took > time.Minute {
			t.Errorf("its echo took %s, recognized %t", took, ok)
		}
	}
}

func TestOnlyOwnMessagesAreTimed(t *testing.T) {
	s, other := speaker(0), speaker(0)
	other.nonce++
	text := slices.Concat(other.message())
	now := s.client.swarm.clock.Now()
	for _, foreign := range []string{
		"", "hello", `{"swarm":`, stampStart, string(text),
		fmt.Sprintf(stampFormat, s.nonce, int64(now)+int64(time.Hour)), // from the future
		fmt.Sprintf(stampFormat, s.nonce, 0),                           // from before the connection
		fmt.Sprintf(stampFormat, s.nonce, -1),
		`{"swarm":"00c0ffee","at":99999999999999999999,"fill":"`,
	} {
		if _, ok := s.echoTime([]byte(foreign)); ok {
			t.Errorf("%q is recognized as a message of this session", foreign)
		}
	}
}

func TestJSONPong(t *testing.T) {
	for text, want := range map[string]struct {
		seq uint32
		ok  bool
	}{
		`{"type":"pong","id":7}`:  {7, true},
		`{"type":"pong"}`:         {0, true},
		`{"type":"ping","id":7}`:  {0, false},
		`{"type":"pong","id":-1}`: {0, false},
		`["pong"]`:                {0, false},
		`{"type":"pong`:           {0, false},
	} {
		if seq, ok := parseJSONPong([]byte(text)); seq != want.seq || ok != want.ok {
			t.Errorf("%s: %d, %t", text, seq, ok)
		}
	}
}
