package compare

import (
	"time"

	"holter/model"
)

// scheme is one way to keep a heartbeat.
type scheme struct {
	name string
	ping time.Duration // between two pings of one end
	dead time.Duration // a fixed scheme's limit without a pong; 0 for a scheme of holter's
	who  model.Scheme  // which end beats, in a scheme of holter's

	hurry pace          // of a fixed scheme with Quick; a monitor's times are real
	limit time.Duration // no end takes longer to notice a fault while this process is on time
}

// schemesAt are all schemes, with holter's at an interval. The fixed ones are the chat example of
// gorilla/websocket (examples/chat/client.go: pongWait 60 s, pingPeriod 9/10 of it), and what people write in
// its place.
func schemesAt(interval time.Duration) []scheme {
	limit := 3*interval + 8*time.Second
	return []scheme{
		{name: "holter both", ping: interval, who: model.SchemeBoth, limit: limit},
		{name: "holter server", ping: interval, who: model.SchemeServer, limit: limit},
		{name: "holter client", ping: interval, who: model.SchemeClient, limit: limit},
		{name: "fixed 54s/60s", ping: 54 * time.Second, dead: 60 * time.Second, hurry: 12, limit: 62 * time.Second},
		{name: "fixed 30s/60s", ping: 30 * time.Second, dead: 60 * time.Second, hurry: 12, limit: 62 * time.Second},
		{name: "fixed 5s/15s", ping: 5 * time.Second, dead: 15 * time.Second, hurry: 5, limit: 17 * time.Second},
	}
}

func (s *scheme) fixed() bool { return s.dead > 0 }

// server returns what the server's application does with a connection until that is over.
func (s *scheme) server(p pace) func(*end) {
	if s.fixed() {
		return fixed{ping: p.real(s.ping), wait: p.real(s.dead)}.serve
	}
	return echo // its heartbeat is the monitor's business
}

// client returns what the client does until its connection is over. A client that does not beat, such as a page
// in a browser, notices nothing but the end of its connection.
func (s *scheme) client() func(*end) {
	if s.fixed() || !s.who.ClientBeats() {
		return answer
	}
	return beating{s.ping}.join
}

// pace is how many times faster than real a scheme's time runs.
type pace float64

// real converts a scheme's time to real time.
func (p pace) real(d time.Duration) time.Duration { return time.Duration(float64(d) / float64(p)) }

// scheme converts real time to the scheme's, and keeps never.
func (p pace) scheme(d time.Duration) time.Duration {
	if d == never {
		return never
	}
	return time.Duration(float64(d) * float64(p))
}
