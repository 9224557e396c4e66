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
	"holter/server/plane"
)

// echo sends every message back to whoever sent it. It keeps as little for an idle connection as
// gorilla allows: the handler returns after the upgrade and leaves one goroutine, with 256 bytes to
// read into; all else is borrowed while there is a message.
type echo struct {
	limit    int64 // bytes of a message
	upgrader websocket.Upgrader

	mu       sync.Mutex // guards stopping, and that nothing starts after it
	stopping bool
	running  sync.WaitGroup
}

const (
	// longestKept is the capacity up to which a message buffer is kept for the next message.
	longestKept = 64 << 10

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
	ws, err := e.upgrader.Upgrade(c.Writer, c.Request, nil)
	if err != nil { // gorilla has answered, or the client is gone
		e.running.Done()
		return
	}
	process.Go(func() { e.serve(ws) })
}

func (e *echo) start() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.stopping {
		e.running.Add(1)
	}
	return !e.stopping
}

// stop takes no connection any more, and waits until all have ended or ctx has. Ending them is for
// whoever owns the sockets.
func (e *echo) stop(ctx context.Context) error {
	e.mu.Lock()
	e.stopping = true
	e.mu.Unlock()
	return plane.Wait(ctx, &e.running)
}

func (e *echo) serve(ws *websocket.Conn) {
	defer e.running.Done()
	defer ws.Close()
	ws.SetReadLimit(e.limit)
	// gorilla's own answer to a ping sets a timer and a deadline; nothing else writes here, so that
	// neither is needed.
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
	if _, err := message.ReadFrom(r); err != nil {
		return err
	}
	if kind == websocket.TextMessage {
		return answerText(ws, message.Bytes())
	}
	return ws.WriteMessage(kind, message.Bytes())
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

// keep gives a buffer back, unless a long message would occupy its memory from now on.
func keep(b *bytes.Buffer) {
	if b.Cap() <= longestKept {
		b.Reset()
		messages.Put(b)
	}
}

// refuse tells a peer that broke the rules which one, and ends the connection so that it can read that:
// closing with bytes of the peer's still unread would reset the connection and take the close frame
// with it. For any other err there is nothing to say.
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

// drain says that nothing more will come, and waits for the peer to say the same.
func drain(conn net.Conn, deadline time.Time) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	conn.SetReadDeadline(deadline)
	io.CopyN(io.Discard, conn, drainLimit)
}
