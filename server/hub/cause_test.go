package hub

import (
	"bytes"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

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

// A client that has never answered a ping sends now and then: many messages at once, and then nothing for ten beats. It may be
// suspected before its first message; from then on it stays no-pong, whether it sends or not.
func TestClientThatNeverAnswersComesAndGoes(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the evidence comes from Linux's TCP_INFO")
	}
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := observing()
			o.Rhythm.Interval = 200 * ms
			h, _ := start(t, o)
			c := listen(t, h, secure, echo).dial(t, "ann")
			read := make(chan struct{})
			c.SetPingHandler(func(string) error { return nil })
			go func() {
				defer close(read)
				for _, _, err := c.ReadMessage(); err == nil; _, _, err = c.ReadMessage() {
				}
			}()
			defer func() { c.Close(); <-read }()
			send := func() {
				for range 20 {
					c.WriteMessage(websocket.TextMessage, []byte("hello"))
				}
			}
			eventually(t, "three pings", func() bool { return detail(t, h, 1).PingsSent >= 3 })
			send()
			eventually(t, "no-pong", func() bool { return detail(t, h, 1).Diagnosis.Cause == model.CauseNoPong })
			told := len(story(h, 1))
			for range 4 {
				for until := time.Now().Add(2 * time.Second); time.Now().Before(until); time.Sleep(20 * ms) {
					if d := detail(t, h, 1); d.State != model.Normal || d.Diagnosis.Cause != model.CauseNoPong && d.Diagnosis.Cause != model.CauseHostBusy {
						t.Fatalf("%s: %+v", d.State, d.Diagnosis)
					}
				}
				send()
			}
			if all := story(h, 1); len(all) != told {
				t.Errorf("%q", all[told:])
			}
			if d := detail(t, h, 1); !strings.Contains(d.Diagnosis.Detail, "was ever answered") {
				t.Errorf("%+v", d.Diagnosis)
			}
			h.lookForAdvice()
			if list := advised(t, h); len(list) != 1 || list[0].Kind != model.NeverPongs || list[0].At.Query != "id=c1" {
				t.Errorf("the advice is %+v", list)
			}
		})
	}
}
