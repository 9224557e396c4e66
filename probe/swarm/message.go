package swarm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// A message says which connection it is from and when it was written, so that its client knows it
// again if the server sends it back. It is JSON, as most servers expect.
const (
	stampStart  = `{"swarm":"`
	stampFormat = stampStart + `%08x","at":%d,"fill":"`
	messageEnd  = `"}`

	leastPayload = 64 // has room for any stamp, and the end
	mostPayload  = readLimit
)

// newFiller is what the messages of all clients end with: as much of its end as there is room for.
func newFiller(payload int) []byte {
	return append(bytes.Repeat([]byte{'x'}, max(payload, leastPayload)), messageEnd...)
}

// message is the two parts of a message that is written now.
func (s *session) message() (stamp, filler []byte) {
	swarm := s.client.swarm
	stamp = fmt.Appendf(nil, stampFormat, s.nonce, swarm.clock.Now())
	room := max(s.client.role.Payload, leastPayload) - len(stamp)
	return stamp, swarm.filler[len(swarm.filler)-room:]
}

// echoTime is how long a message was under way that begins with text, and false if it is not from this
// connection.
func (s *session) echoTime(text []byte) (time.Duration, bool) {
	rest, ok := bytes.CutPrefix(text, []byte(stampStart))
	if !ok {
		return 0, false
	}
	nonce, rest, _ := bytes.Cut(rest, []byte(`","at":`))
	if n, err := strconv.ParseUint(string(nonce), 16, 32); err != nil || uint32(n) != s.nonce {
		return 0, false
	}
	digits, _, _ := bytes.Cut(rest, []byte(","))
	at, err := strconv.ParseInt(string(digits), 10, 64)
	now := s.client.swarm.clock.Now()
	if err != nil || at < int64(s.opened) || at > int64(now) {
		return 0, false
	}
	return time.Duration(int64(now) - at), true
}

// jsonPing is the beat of a client that cannot send protocol pings.
func jsonPing(seq uint32) []byte { return fmt.Appendf(nil, `{"type":"ping","id":%d}`, seq) }

// parseJSONPong is the number of the ping that text answers, 0 if it does not say, and false if it is no
// answer at all.
func parseJSONPong(text []byte) (uint32, bool) {
	var pong struct {
		Type string `json:"type"`
		ID   uint32 `json:"id"`
	}
	if err := json.Unmarshal(text, &pong); err != nil || pong.Type != "pong" {
		return 0, false
	}
	return pong.ID, true
}

// handleMessage takes in the beginning of a message.
func (s *session) handleMessage(text []byte) {
	if s.client.role.JSONBeat {
		if seq, ok := parseJSONPong(text); ok {
			s.pulse.Answered(seq)
			return
		}
	}
	record := s.client.swarm.record
	record.received.Add(1)
	if took, ok := s.echoTime(text); ok {
		record.message.add(took)
	}
}
