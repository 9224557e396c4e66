package compare

import (
	"time"

	"holter/model"
	"holter/model/heart"
)

// scheme is one way to keep a heartbeat.
type scheme struct {
	name string
	ping time.Duration // between two pings of one end
	dead time.Duration // a fixed scheme's limit without a pong; 0 for a scheme of holter's
	who  model.Scheme  // which end beats, where it is holter's

	hurry float64       // how far Quick compresses its times
	limit time.Duration // nobody takes longer to notice a fault while this process is on time
}

// The fixed ones are the chat example of gorilla/websocket (examples/chat/client.go: pongWait 60 s,
// pingPeriod 9/10 of it), and what people write in its place.
var schemes = []scheme{
	{name: "holter both", ping: 5 * time.Second, who: model.SchemeBoth, hurry: 5, limit: 25 * time.Second},
	{name: "holter server", ping: 5 * time.Second, who: model.SchemeServer, hurry: 5, limit: 25 * time.Second},
	{name: "holter client", ping: 5 * time.Second, who: model.SchemeClient, hurry: 5, limit: 25 * time.Second},
	{name: "fixed 54s/60s", ping: 54 * time.Second, dead: 60 * time.Second, hurry: 12, limit: 62 * time.Second},
	{name: "fixed 30s/60s", ping: 30 * time.Second, dead: 60 * time.Second, hurry: 12, limit: 62 * time.Second},
	{name: "fixed 5s/15s", ping: 5 * time.Second, dead: 15 * time.Second, hurry: 5, limit: 17 * time.Second},
}

func (s *scheme) fixed() bool { return s.dead > 0 }

// rhythm is how a heart of holter's beats at one end, with the defaults of holter serve.
func (s *scheme) rhythm(who model.Scheme) *heart.Rhythm {
	r := heart.DefaultRhythm()
	r.Scheme, r.Interval = who, s.ping
	return &r
}

// serve keeps the server's end until its connection is over.
func (s *scheme) serve(e *end) {
	if s.fixed() {
		fixed{ping: e.clock.real(s.ping), wait: e.clock.real(s.dead)}.serve(e)
		return
	}
	newBeating(e, s.rhythm(s.who)).run()
}

// join keeps the client's end until its connection is over. A client that does not beat has nothing
// to notice by but the end of its connection: it is what a browser does for a page.
func (s *scheme) join(e *end) {
	if s.fixed() || !s.who.ClientBeats() {
		answer(e)
		return
	}
	newBeating(e, s.rhythm(model.SchemeServer)).run() // at its own end it is the one that beats
}
