package hub

import (
	"bytes"
	"net"
	"runtime"
	"testing"

	"github.com/gorilla/websocket"

	"holter/model"
)

// The kernel's figures show why a real peer does not answer.
func TestCauseFromTheKernel(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the evidence comes from Linux's TCP_INFO")
	}
	o := quick()
	o.OnFail = model.OnFailObserve
	for name, test := range map[string]struct {
		handle func(ws *websocket.Conn, over <-chan struct{})
		act    func(t *testing.T, c net.Conn)
		want   model.Cause
		state  model.State
	}{
		"the peer reads nothing": {
			func(ws *websocket.Conn, _ <-chan struct{}) { echo(ws) },
			func(*testing.T, net.Conn) {}, model.CausePeerStalled, model.Suspect,
		},
		"the application reads nothing": {
			func(_ *websocket.Conn, over <-chan struct{}) { <-over },
			func(t *testing.T, c net.Conn) { c.Write(bytes.Repeat([]byte("\x82\x80\x00\x00\x00\x00"), 200)) },
			model.CauseAppNotReading, model.Normal,
		},
		"an echo waits for its peer": {
			func(ws *websocket.Conn, _ <-chan struct{}) {
				ws.WriteMessage(websocket.BinaryMessage, make([]byte, 64<<20))
			},
			func(t *testing.T, c net.Conn) { c.Write(bytes.Repeat([]byte("\x82\x80\x00\x00\x00\x00"), 200)) },
			model.CauseBackpressure, model.Suspect,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := start(t, o)
			over := make(chan struct{})
			e := listen(t, h, false, func(ws *websocket.Conn) { test.handle(ws, over) })
			t.Cleanup(func() { close(over) })
			c := e.dial(t, "ann").NetConn() // and reads nothing from now on
			test.act(t, c)
			eventually(t, string(test.want), func() bool { return detail(t, h, 1).Diagnosis.Cause == test.want })
			if d := detail(t, h, 1); d.State != test.state {
				t.Errorf("%s: %+v", d.State, d.Diagnosis)
			}
		})
	}
}
