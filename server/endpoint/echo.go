package endpoint

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"holter/probe/process"
	"holter/server/pass"
	"holter/server/plane"
)

// echo sends every message back to the client that sent it. It keeps as little for an idle connection as gorilla
// allows: the handler returns after the upgrade and leaves one goroutine with a read buffer of 256 bytes. All
// other buffers come from a pool while there is a message.
type echo struct {
	limit    int64 // bytes of a message
	upgrader websocket.Upgrader

	mu       sync.Mutex // protects stopping; nothing is added to running after it is set
	stopping bool
	running  sync.WaitGroup
}

const (
	// longestWhole is how many bytes of a message are in memory at most. A longer one goes back in parts while it comes in:
	// otherwise clients that send long messages slowly, or never end them, could take any amount of memory.
	longestWhole = 16 << 10

	closeTimeout = time.Second // for our close frame to leave, and then for the peer's end
	drainLimit   = 4 << 20     // bytes that are read and thrown away meanwhile
)

var (
	messages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

	errNotUTF8 = errors.New("a text message must be valid UTF-8")
)

func newEcho(limit int64) *echo {
	return &echo{limit: limit, upgrader: websocket.Upgrader{
		ReadBufferSize:  256,
		WriteBufferSize: 4096,
		WriteBufferPool: new(sync.Pool),
		CheckOrigin:     func(*http.Request) bool { return true }, // the route has done so
		// No compression: a few bytes of it could unpack to any number.
	}}
}

// handle upgrades a request that has passed requireUpgrade.
func (e *echo) handle(c *gin.Context) {
	if !e.start() {
		fail(c, plane.ErrStopping)
		return
	}
	ws, err := e.upgrader.Upgrade(c.Writer, c.Request, chosen(c.Request))
	if err != nil { // gorilla has answered, or the client is gone
		e.running.Done()
		return
	}
	process.Go(func() { e.serve(ws) })
}

// chosen is a header with the subprotocol to choose, which a browser needs that has sent its token as one. The endpoint
// speaks none.
func chosen(r *http.Request) http.Header {
	if p := pass.Of(r); p != nil && p.Subprotocol != "" {
		return http.Header{"Sec-Websocket-Protocol": {p.Subprotocol}}
	}
	return nil
}

func (e *echo) start() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.stopping {
		e.running.Add(1)
	}
	return !e.stopping
}

// stop refuses new connections, and waits until all others have ended or ctx has. It does not end them: the
// monitor does.
func (e *echo) stop(ctx context.Context) error {
	e.mu.Lock()
	e.stopping = true
	e.mu.Unlock()
	return plane.Wait(ctx, &e.running)
}

func (e *echo) serve(ws *websocket.Conn) {
	defer e.running.Done()
	defer ws.Close()
	if t, ok := ws.NetConn().(interface{ Prove() }); ok {
		t.Prove()
	}
	ws.SetReadLimit(e.limit)
	// gorilla's own answer to a ping sets a timer and a deadline. Neither is needed, as only this goroutine
	// writes.
	ws.SetPingHandler(func(payload string) error {
		return ws.WriteMessage(websocket.PongMessage, []byte(payload))
	})
	for {
		if err := answerOne(ws); err != nil {
			refuse(ws, err)
			return
		}
	}
}

// answerOne reads a message and answers it.
func answerOne(ws *websocket.Conn) error {
	kind, r, err := ws.NextReader()
	if err != nil {
		return err
	}
	message := messages.Get().(*bytes.Buffer)
	defer keep(message)
	if _, err := message.ReadFrom(io.LimitReader(r, longestWhole+1)); err != nil {
		return err
	}
	switch {
	case message.Len() > longestWhole:
		return answerInParts(ws, kind, message, r)
	case kind == websocket.TextMessage:
		return answerText(ws, message.Bytes())
	}
	return ws.WriteMessage(kind, message.Bytes())
}

// answerInParts answers a long message, of which part holds the beginning. Each part goes out as a fragment before the next
// one is read.
func answerInParts(ws *websocket.Conn, kind int, part *bytes.Buffer, r io.Reader) error {
	w, err := ws.NextWriter(kind)
	if err != nil {
		return err
	}
	usual := ws.PingHandler()
	ws.SetPingHandler(func(payload string) error { // WriteMessage would end the message that is under way
		return ws.WriteControl(websocket.PongMessage, []byte(payload), time.Time{})
	})
	defer ws.SetPingHandler(usual)
	for check := (textCheck{}); ; {
		if kind == websocket.TextMessage && !check.goesOn(part.Bytes()) {
			return errNotUTF8
		}
		if _, err := w.Write(part.Bytes()); err != nil {
			return err
		}
		part.Reset()
		n, err := part.ReadFrom(io.LimitReader(r, longestWhole))
		switch {
		case err != nil:
			return err
		case n == 0 && check.n > 0: // it ends within a character
			return errNotUTF8
		case n == 0:
			return w.Close()
		}
	}
}

// textCheck checks that a text which comes in parts is valid UTF-8.
type textCheck struct {
	begun [utf8.UTFMax]byte // of a character whose rest is in the next part
	n     int
}

// goesOn reports whether the text is valid with its next part.
func (t *textCheck) goesOn(part []byte) bool {
	for t.n > 0 && len(part) > 0 {
		t.begun[t.n] = part[0]
		t.n++
		part = part[1:]
		if begun := t.begun[:t.n]; utf8.FullRune(begun) {
			if !utf8.Valid(begun) {
				return false
			}
			t.n = 0
		}
	}
	whole := len(part)
	for back := 1; back <= min(utf8.UTFMax-1, len(part)); back++ {
		if last := part[len(part)-back:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				whole -= back
			}
			break
		}
	}
	if !utf8.Valid(part[:whole]) {
		return false
	}
	t.n += copy(t.begun[t.n:], part[whole:])
	return true
}

func answerText(ws *websocket.Conn, text []byte) error {
	if !utf8.Valid(text) {
		return errNotUTF8
	}
	if pong := answerBeat(text); pong != nil {
		if t, ok := ws.NetConn().(interface{ PeerBeat() }); ok {
			t.PeerBeat()
		}
		text = pong
	}
	return ws.WriteMessage(websocket.TextMessage, text)
}

// keep gives a buffer back, which is never much longer than longestWhole.
func keep(b *bytes.Buffer) {
	b.Reset()
	messages.Put(b)
}

// refuse sends a peer that broke a rule a close frame that says which, and ends the connection so that the peer
// can read it: a close while bytes of the peer are unread would reset the connection, and the close frame would
// be lost. If err is not a broken rule it does nothing.
func refuse(ws *websocket.Conn, err error) {
	if ended(err) {
		return
	}
	code := websocket.CloseProtocolError
	switch {
	case errors.Is(err, errNotUTF8):
		code = websocket.CloseInvalidFramePayloadData
	case errors.Is(err, websocket.ErrReadLimit):
		code = websocket.CloseMessageTooBig
	}
	// Where gorilla has sent a close frame itself this one is not sent.
	deadline := time.Now().Add(closeTimeout)
	ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, err.Error()), deadline)
	drain(ws.NetConn(), deadline)
}

// ended reports whether err is the end of a connection rather than a broken rule.
func ended(err error) bool {
	if _, ok := errors.AsType[*websocket.CloseError](err); ok {
		return true
	}
	_, broken := errors.AsType[net.Error](err)
	return broken || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// drain closes our direction, and reads until the peer closes its own.
func drain(conn net.Conn, deadline time.Time) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	conn.SetReadDeadline(deadline)
	io.CopyN(io.Discard, conn, drainLimit)
}
