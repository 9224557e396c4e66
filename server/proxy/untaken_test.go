package proxy

import (
	"runtime"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
	"holter/server"
)

// beatSoon has holter beat often.
func beatSoon(o *server.Options, _ *Options) { o.Interval = 200 * time.Millisecond }

// drown writes messages into c until the test ends or the other end has gone.
func drown(c interface{ Write([]byte) (int, error) }, message string) {
	for {
		if _, err := c.Write([]byte(message)); err != nil {
			return
		}
	}
}

// One end of a proxied connection reads nothing while the other sends. The side that is at fault is suspect, an event
// says so, and the cause is its own: an upstream's application does not read, a client's window is shut. The other side is
// normal and says whom it waits for.
func TestSideThatTakesNothing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the evidence comes from Linux's TCP_INFO")
	}
	message := make([]byte, 60_000)
	for side, test := range map[model.Side]struct {
		cause model.Cause
		fill  func(e ends)
	}{
		model.UpstreamSide: {model.CauseAppNotReading, func(e ends) { drown(e.client, maskedFrame(ws.NewBinaryFrame(message))) }},
		model.ClientSide:   {model.CauseBackpressure, func(e ends) { drown(e.upstream, bareFrame(ws.NewBinaryFrame(message))) }},
	} {
		t.Run(side.String(), func(t *testing.T) {
			t.Parallel()
			e := link(t, beatSoon)
			go test.fill(e) // ends with the socket
			event := e.await(t, func(ev *model.Event) bool { return ev.Type == model.StateChanged && ev.To == model.Suspect })
			if c := event.Connection; c.Side != side || c.Diagnosis.Cause != test.cause {
				t.Errorf("an event about the %s side: %+v", c.Side, c.Diagnosis)
			}
			other := 1 - side
			d := e.state(t, "the reason of the other side", func(d model.Detail) bool {
				return len(d.Legs) == 2 && d.Legs[other].Diagnosis.Cause == test.cause
			})
			if d.Side != side || d.State != model.Suspect || d.Legs[other].State != model.Normal {
				t.Errorf("%s %s, and the other side %s", d.Side, d.State, d.Legs[other].State)
			}
			t.Log(d.Legs[side].Diagnosis.Detail)
			t.Log(d.Legs[other].Diagnosis.Detail)
		})
	}
}
