package endpoint

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server"
	"holter/server/plane"
)

const testLimit = 4096

// beatCounter stands where a tap does, and counts the beats that it is told of.
type beatCounter struct {
	gin.ResponseWriter
	beats *atomic.Int32
}

type countedConn struct {
	net.Conn
	beats *atomic.Int32
}

func (b beatCounter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, brw, err := b.ResponseWriter.Hijack()
	return countedConn{c, b.beats}, brw, err
}

func (c countedConn) PeerBeat() { c.beats.Add(1) }

// serveData runs the data plane without a monitor.
func serveData(t *testing.T, allow ...string) (address string, beats *atomic.Int32) {
	t.Helper()
	beats = new(atomic.Int32)
	d := &endpoint{
		allowOrigin: allow,
		monitor:     func(c *gin.Context) { c.Writer = beatCounter{c.Writer, beats} },
		refused:     func(*http.Request, model.Refusal) {},
		explain:     func(http.ResponseWriter, *http.Request) bool { return false },
		private:     func() bool { return true },
		admin:       func() string { return "" },
		echo:        newEcho(testLimit),
		log:         silent,
	}
	address = servePlane(t, d.routes())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patienceOfTests)
		defer cancel()
		if err := d.echo.stop(ctx); err != nil {
			t.Error("a connection outlived its client:", err)
		}
	})
	return address, beats
}

// servePlane serves a handler as a plane does, until the test is over.
func servePlane(t *testing.T, handler http.Handler) (address string) {
	t.Helper()
	p := plane.New(handler, silent)
	p.Listener = listenLoopback(t)
	done := make(chan error, 1)
	go func() { done <- p.Serve() }()
	t.Cleanup(func() {
		p.Stop(context.Background())
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p.Listener.Addr().String()
}

func dialWebSocket(t *testing.T, address string) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial("ws://"+address+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	ws.SetReadDeadline(time.Now().Add(patienceOfTests))
	return ws
}

func TestEcho(t *testing.T) {
	address, _ := serveData(t)
	ws := dialWebSocket(t, address)
	for _, m := range []struct {
		kind int
		data string
	}{
		{websocket.TextMessage, ""},
		{websocket.TextMessage, "hello, wörld"},
		{websocket.BinaryMessage, "\x00\xff\xfe"},
		{websocket.TextMessage, strings.Repeat("x", testLimit)},
	} {
		if err := ws.WriteMessage(m.kind, []byte(m.data)); err != nil {
			t.Fatal(err)
		}
		kind, data, err := ws.ReadMessage()
		if err != nil || kind != m.kind || string(data) != m.data {
			t.Errorf("kind %d %.20q came back as kind %d %.20q, error %v", m.kind, m.data, kind, data, err)
		}
	}
}

func TestEchoAnswersPings(t *testing.T) {
	address, _ := serveData(t)
	ws := dialWebSocket(t, address)
	var pong string
	ws.SetPongHandler(func(payload string) error { pong = payload; return errors.New("enough") })
	if err := ws.WriteMessage(websocket.PingMessage, []byte("are you there")); err != nil {
		t.Fatal(err)
	}
	if ws.NextReader(); pong != "are you there" {
		t.Errorf("pong %q", pong)
	}
}

func TestEchoAnswersBeats(t *testing.T) {
	address, beats := serveData(t)
	ws := dialWebSocket(t, address)
	for i, text := range []string{"no beat", `{"type":"ping","id":1,"ts":2.5}`} {
		ws.WriteMessage(websocket.TextMessage, []byte(text))
		_, data, err := ws.ReadMessage()
		if want := []string{text, `{"type":"pong","id":1,"ts":2.5}`}[i]; err != nil || string(data) != want {
			t.Errorf("%s: answer %s, error %v", text, data, err)
		}
		if got := beats.Load(); got != int32(i) {
			t.Errorf("%s: told of %d beats", text, got)
		}
	}
}

func TestAnswerBeat(t *testing.T) {
	for text, want := range map[string]string{
		`{"type":"ping"}`: `{"type":"pong"}`,
		`{ "ts": 1e3, "id": "ü", "type" : "ping" }`:    `{"type":"pong","id":"ü","ts":1e3}`,
		`{"type":"ping","id":{"a":[1, 2]},"ts":null}`:  `{"type":"pong","id":{"a":[1, 2]},"ts":null}`,
		`{"type":"ping","id":12345678901234567890.50}`: `{"type":"pong","id":12345678901234567890.50}`,
		`{"type":"ping","more":true}`:                  `{"type":"pong"}`,
		`{"Type":"ping"}`:                              "",
		`{"type":["ping"]}`:                            "",
		`{"type":1,"is":"ping"}`:                       "",
		`{"type":"pong","was":"ping"}`:                 "",
		`{"type":"ping"`:                               "",
		`{"type":"ping"} {}`:                           "",
		`[{"type":"ping"}]`:                            "",
		`"ping"`:                                       "",
		`{}`:                                           "",
		``:                                             "",
		`{"type":"ping","id":"` + strings.Repeat("x", 512) + `"}`: "",
	} {
		if got := answerBeat([]byte(text)); string(got) != want {
			t.Errorf("%s is answered by %s, want %s", text, got, want)
		}
	}
}

// frame is a masked frame, whose mask is 0 for legibility.
func frame(first byte, payload string) string {
	return string([]byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}) + payload
}

func TestEchoRefuses(t *testing.T) {
	const text, binary, ping, fin = 0x1, 0x2, 0x9, 0x80
	long := string([]byte{fin | binary, 0x80 | 127, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0}) + strings.Repeat("x", 2<<20)
	for name, c := range map[string]struct {
		frames string
		code   int
	}{
		"invalid UTF-8":                 {frame(fin|text, "\xc3\x28"), websocket.CloseInvalidFramePayloadData},
		"invalid UTF-8 over two frames": {frame(text, "\xc3") + frame(fin, "\x28"), websocket.CloseInvalidFramePayloadData},
		"half a character at the end":   {frame(fin|text, "\xc3"), websocket.CloseInvalidFramePayloadData},
		"too long":                      {long, websocket.CloseMessageTooBig},
		"too long in pieces":            {frame(binary, "x") + strings.Repeat(frame(0, strings.Repeat("x", 125)), 40), websocket.CloseMessageTooBig},
		"an impossible length":          {string([]byte{fin | binary, 0x80 | 127, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), websocket.CloseMessageTooBig},
		"no mask":                       {string([]byte{fin | text, 1, 'x'}), websocket.CloseProtocolError},
		"reserved bit":                  {frame(fin|0x40|text, "x"), websocket.CloseProtocolError},
		"reserved bit on a ping":        {frame(fin|0x40|ping, "x"), websocket.CloseProtocolError},
		"unknown opcode":                {frame(fin|0x3, "x"), websocket.CloseProtocolError},
		"ping in fragments":             {frame(ping, "x"), websocket.CloseProtocolError},
		"continuation of nothing":       {frame(fin, "x"), websocket.CloseProtocolError},
		"message within a message":      {frame(text, "x") + frame(fin|text, "y"), websocket.CloseProtocolError},
		"reserved close code":           {frame(fin|0x8, "\x03\xee"), websocket.CloseProtocolError},
	} {
		t.Run(name, func(t *testing.T) {
			address, _ := serveData(t)
			ws := dialWebSocket(t, address)
			if _, err := ws.NetConn().Write([]byte(c.frames)); err != nil {
				t.Fatal("cut off while it was still sending: ", err)
			}
			_, _, err := ws.ReadMessage()
			if closed, ok := errors.AsType[*websocket.CloseError](err); !ok || closed.Code != c.code {
				t.Errorf("ended with %v, want close code %d", err, c.code)
			}
		})
	}
}

func TestEchoAnswersCloseFrames(t *testing.T) {
	address, _ := serveData(t)
	ws := dialWebSocket(t, address)
	ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "bye"))
	_, _, err := ws.ReadMessage()
	if closed, ok := errors.AsType[*websocket.CloseError](err); !ok || closed.Code != 4001 {
		t.Errorf("ended with %v", err)
	}
}

func TestEchoDeclinesCompression(t *testing.T) {
	address, _ := serveData(t)
	dialer := websocket.Dialer{EnableCompression: true}
	ws, response, err := dialer.Dial("ws://"+address+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if extensions := response.Header.Get("Sec-WebSocket-Extensions"); extensions != "" {
		t.Errorf("agreed to %s", extensions)
	}
}

func TestEchoStop(t *testing.T) {
	e := newEcho(testLimit)
	if !e.start() {
		t.Fatal("does not start")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped with one running: %v", err)
	}
	if e.start() {
		t.Error("started after stop")
	}
	e.running.Done()
	if err := e.stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// A long message comes back whole, though holter never has more than a part of it.
func TestEchoOfLongMessages(t *testing.T) {
	r := runServer(t, func(_ *server.Options, o *Options) { o.ReadLimit = 2 << 20 })
	for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
		ws := r.dial(t, "ann")
		for _, n := range []int{longestWhole - 1, longestWhole, longestWhole + 1, 2 * longestWhole, 2*longestWhole + 1, 1 << 20} {
			message := []byte(strings.Repeat("aü€𐍈", n/10+1)[:n/10*10] + "0123456789"[:n%10])
			if err := ws.WriteMessage(kind, message); err != nil {
				t.Fatal(err)
			}
			if got, back, err := ws.ReadMessage(); err != nil || got != kind || !bytes.Equal(back, message) {
				t.Fatalf("%d bytes came back as %d, kind %d, %v", n, len(back), got, err)
			}
		}
	}
}

// A ping between the fragments of a long message is answered, and the message comes back whole.
func TestPingWithinALongMessage(t *testing.T) {
	ws := runServer(t, func(_ *server.Options, o *Options) { o.ReadLimit = 1 << 20 }).dial(t, "ann")
	pongs := 0
	ws.SetPongHandler(func(string) error { pongs++; return nil })
	message := bytes.Repeat([]byte("0123456789"), longestWhole)
	w, err := ws.NextWriter(websocket.BinaryMessage)
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(message, longestWhole) {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := ws.WriteControl(websocket.PingMessage, []byte("well?"), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, back, err := ws.ReadMessage(); err != nil || !bytes.Equal(back, message) || pongs != 10 {
		t.Errorf("%d bytes came back of %d, with %d pongs: %v", len(back), len(message), pongs, err)
	}
}

// A long text that is none is closed as a short one is, wherever the fault is.
func TestLongTextIsChecked(t *testing.T) {
	r := runServer(t, func(_ *server.Options, o *Options) { o.ReadLimit = 2 << 20 })
	long := strings.Repeat("x", 3*longestWhole)
	for name, message := range map[string]string{"at the end": long + "\xe2\x82", "at the beginning": "\xff" + long, "between parts": long[:longestWhole] + "\xff" + long} {
		ws := r.dial(t, "ann")
		if err := ws.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseInvalidFramePayloadData) {
			t.Errorf("a fault %s: %v, want 1007", name, err)
		}
	}
}

// The parts of a text are checked as the whole would be.
func TestTextInParts(t *testing.T) {
	for _, s := range []string{"", "a", "ü", "€", "𐍈", "aü€𐍈z", "\xff", "a\xe2\x82", "\xe2\x82a", "\xed\xa0\x80", "\xf0\x90", "\xf4\x90\x80\x80", "\xc0\x80", "ü\x80"} {
		for cut := range len(s) + 1 {
			for second := cut; second <= len(s); second++ {
				var check textCheck
				ok := check.goesOn([]byte(s[:cut])) && check.goesOn([]byte(s[cut:second])) && check.goesOn([]byte(s[second:])) && check.n == 0
				if ok != utf8.ValidString(s) {
					t.Errorf("%q in parts %q, %q, %q: valid is %v", s, s[:cut], s[cut:second], s[second:], ok)
				}
			}
		}
	}
}

func FuzzTextInParts(f *testing.F) {
	f.Add([]byte("aü€𐍈"), 2)
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		step = max(1, step%7)
		var check textCheck
		ok := true
		for i := 0; ok && i < len(b); i += step {
			ok = check.goesOn(b[i:min(i+step, len(b))])
		}
		if ok = ok && check.n == 0; ok != utf8.Valid(b) {
			t.Errorf("%q in steps of %d: valid is %v", b, step, ok)
		}
	})
}
