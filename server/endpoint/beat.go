package endpoint

import (
	"bytes"
	"encoding/json"
)

// longestBeat is the length in bytes above which a message is not taken for a beat.
const longestBeat = 512

// answerBeat returns the answer to a beat, {"type":"ping"}, with the beat's id and ts as they came. Clients send
// it that cannot send protocol pings, such as scripts in a browser. It returns nil for any other message, most of
// which it does not decode.
func answerBeat(text []byte) []byte {
	if len(text) > longestBeat || !bytes.HasPrefix(text, []byte("{")) || !bytes.Contains(text, []byte(`"ping"`)) {
		return nil
	}
	var beat map[string]json.RawMessage // not a struct, whose names match in any case
	if json.Unmarshal(text, &beat) != nil || string(beat["type"]) != `"ping"` {
		return nil
	}
	pong := append(make([]byte, 0, len(text)+len(`{"type":"pong"}`)), `{"type":"pong"`...)
	for _, field := range []string{"id", "ts"} {
		if value, ok := beat[field]; ok {
			pong = append(append(append(append(pong, `,"`...), field...), `":`...), value...)
		}
	}
	return append(pong, '}')
}
