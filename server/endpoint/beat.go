package endpoint

import (
	"bytes"
	"encoding/json"
)

// longestBeat bounds what is looked at as a beat, in bytes.
const longestBeat = 512

// answerBeat answers a beat of a client that cannot send protocol pings, as a script in a browser
// cannot: {"type":"ping"}, whose id and ts come back as they were. It is nil for any other message,
// which it finds out about without decoding most.
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
