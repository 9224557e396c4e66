package swarm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// A message carries the nonce of its session and the time at which it was written, so that the client recognizes
// its echo and can time it. It is JSON, which most servers expect.
const (
	stampStart  = `{"swarm":"`
	stampFormat = stampStart + `%08x","at":%d,"fill":"`
	messageEnd  = `"}`

	leastPayload = 64 // in bytes: enough for any stamp and the end
	mostPayload  = readLimit
)

// newFiller makes the bytes that all clients share: each message ends with as many of its last bytes as fit.
func newFiller(payload int) []byte {
	return append(bytes.Repeat([]byte{'x'}, max(payload, leastPayload)), messageEnd...)
}

// message returns the two parts of a message with the present time.
func (s *session) message() (stamp, filler []byte) {
	swarm := s.client.swarm
	stamp = fmt.Appendf(nil, stampFormat, s.nonce, swarm.clock.Now())
	room := max(s.client.role.Payload, leastPayload) - len(stamp)
	return stamp, swarm.filler[len(swarm.filler)-room:]
}

// echoTime returns how long ago the message that begins with text was written, or false if it is not a message
// of this session.
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

// jsonPing is a beat as a message, for clients that cannot send protocol pings.
func jsonPing(seq uint32) []byte { return fmt.Appendf(nil, `{"type":"ping","id":%d}`, seq) }

// parseJSONPong returns the number of the ping that text answers, 0 if the pong has no number, or false if text
// is not a pong.
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

// handleMessage counts a received message, which begins with text, and times it if it is an echo or a pong.
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
