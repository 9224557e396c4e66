package server_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/gorilla/websocket"
	"github.com/lxzan/gws"
	"github.com/olahol/melody"
	xnet "golang.org/x/net/websocket"
)

// library is an application written on a WebSocket library, in that library's usual way. It sends
// every message back, but for three: "ping X" makes it send a ping, "close" makes it close, and the
// query idle=DURATION makes it close a connection on which no pong came for so long. It says
// "pong X" for each pong that the library tells it of.
type library struct {
	name    string
	handler func(t testing.TB) http.Handler
	pongs   bool // it is told of pongs
	mute    bool // but not what they say
	returns bool // its handler returns while the connection lives
	code    int  // with which it closes
}

var libraries = []library{
	{name: "gorilla", handler: gorillaApp, pongs: true, code: 4001},
	{name: "coder", handler: coderApp, pongs: true, code: 4001},
	{name: "gobwas", handler: gobwasApp, pongs: true, returns: true, code: 4001},
	{name: "gws", handler: gwsApp, pongs: true, returns: true, code: 4001},
	{name: "melody", handler: melodyApp, pongs: true, mute: true, code: 4001},
	{name: "xnet", handler: xnetApp, code: 1000},
}

// idle is how long a connection may go without a pong, 0 for ever.
func idle(r *http.Request) time.Duration {
	d, _ := time.ParseDuration(r.URL.Query().Get("idle"))
	return d
}

// extend gives a connection another idle time.
func extend(c interface{ SetReadDeadline(time.Time) error }, idle time.Duration) {
	if idle > 0 {
		c.SetReadDeadline(time.Now().Add(idle))
	}
}

// running are goroutines that outlive their handlers. The test waits for them: a connection must have
// ended by then.
func running(t testing.TB) *sync.WaitGroup {
	var g sync.WaitGroup
	t.Cleanup(g.Wait)
	return &g
}

func gorillaApp(testing.TB) http.Handler {
	upgrader := websocket.Upgrader{Subprotocols: []string{"chat"}, EnableCompression: true}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		extend(c, idle(r))
		c.SetPongHandler(func(payload string) error {
			extend(c, idle(r))
			return c.WriteMessage(websocket.TextMessage, []byte("pong "+payload))
		})
		for {
			kind, message, err := c.ReadMessage()
			if err != nil {
				return
			}
			ping, isPing := strings.CutPrefix(string(message), "ping ")
			switch {
			case isPing:
				err = c.WriteControl(websocket.PingMessage, []byte(ping), time.Now().Add(time.Second))
			case string(message) == "close":
				err = c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "app"))
			default:
				err = c.WriteMessage(kind, message)
			}
			if err != nil {
				return
			}
		}
	})
}

func coderApp(t testing.TB) http.Handler {
	pings := running(t)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		limit := time.AfterFunc(time.Hour, cancel)
		defer limit.Stop()
		if idle(r) > 0 {
			limit.Reset(idle(r))
		}
		var c *coder.Conn
		c, err := coder.Accept(w, r, &coder.AcceptOptions{
			Subprotocols: []string{"chat"}, CompressionMode: coder.CompressionContextTakeover,
			OnPongReceived: func(ctx context.Context, payload []byte) {
				if idle(r) > 0 {
					limit.Reset(idle(r))
				}
				c.Write(ctx, coder.MessageText, append([]byte("pong "), payload...))
			},
		})
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(-1)
		for {
			kind, message, err := c.Read(ctx)
			if err != nil {
				return
			}
			switch {
			case strings.HasPrefix(string(message), "ping "):
				pings.Go(func() { c.Ping(ctx) }) // says what it likes
			case string(message) == "close":
				c.Close(4001, "app")
				return
			default:
				if c.Write(ctx, kind, message) != nil {
					return
				}
			}
		}
	})
}

func gobwasApp(t testing.TB) http.Handler {
	loops := running(t)
	upgrader := ws.HTTPUpgrader{Protocol: func(p string) bool { return p == "chat" }}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, _, err := upgrader.Upgrade(r, w)
		if err != nil {
			return
		}
		limit := idle(r)
		loops.Go(func() {
			defer c.Close()
			extend(c, limit)
			for {
				messages, err := wsutil.ReadClientMessage(c, nil)
				if err != nil {
					return
				}
				for _, m := range messages {
					if err := gobwasAnswer(c, limit, m); err != nil {
						return
					}
				}
			}
		})
	})
}

func gobwasAnswer(c net.Conn, limit time.Duration, m wsutil.Message) error {
	ping, isPing := strings.CutPrefix(string(m.Payload), "ping ")
	switch {
	case m.OpCode == ws.OpPong:
		extend(c, limit)
		return wsutil.WriteServerText(c, append([]byte("pong "), m.Payload...))
	case m.OpCode.IsControl():
		return wsutil.HandleClientControlMessage(c, m)
	case isPing:
		return wsutil.WriteServerMessage(c, ws.OpPing, []byte(ping))
	case string(m.Payload) == "close":
		wsutil.WriteServerMessage(c, ws.OpClose, ws.NewCloseFrameBody(4001, "app"))
		return net.ErrClosed
	}
	return wsutil.WriteServerMessage(c, m.OpCode, m.Payload)
}

func gwsApp(t testing.TB) http.Handler {
	upgrader := gws.NewUpgrader(gwsEvents{}, &gws.ServerOption{
		SubProtocols: []string{"chat", ""}, CheckUtf8Enabled: true,
		PermessageDeflate: gws.PermessageDeflate{Enabled: true},
	})
	plain := gws.NewUpgrader(gwsEvents{}, &gws.ServerOption{
		CheckUtf8Enabled: true, PermessageDeflate: gws.PermessageDeflate{Enabled: true},
	})
	loops := running(t)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := plain // with subprotocols of its own, gws refuses a client that asks for none
		if r.Header.Get("Sec-WebSocket-Protocol") != "" {
			u = upgrader
		}
		c, err := u.Upgrade(w, r)
		if err != nil {
			return
		}
		c.Session().Store("idle", idle(r))
		loops.Go(func() {
			defer c.NetConn().Close()
			defer func() { recover() }() // a length with the highest bit set makes gws panic
			c.ReadLoop()
		})
	})
}

type gwsEvents struct{ gws.BuiltinEventHandler }

func (gwsEvents) OnOpen(c *gws.Conn) { gwsExtend(c) }

func gwsExtend(c *gws.Conn) {
	limit, _ := c.Session().Load("idle")
	extend(c, limit.(time.Duration))
}

func (gwsEvents) OnPing(c *gws.Conn, payload []byte) { c.WritePong(payload) }

func (gwsEvents) OnPong(c *gws.Conn, payload []byte) {
	gwsExtend(c)
	c.WriteString("pong " + string(payload))
}

func (gwsEvents) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	ping, isPing := strings.CutPrefix(string(m.Bytes()), "ping ")
	switch {
	case isPing:
		c.WritePing([]byte(ping))
	case string(m.Bytes()) == "close":
		c.WriteClose(4001, []byte("app"))
	default:
		c.WriteMessage(m.Opcode, m.Bytes())
	}
}

// melodyApp pings by itself, as melody always does, beside holter.
func melodyApp(t testing.TB) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := melody.New()
		defer m.Close()
		m.Upgrader.Subprotocols = []string{"chat"}
		m.Config.MaxMessageSize = 16 << 20
		if idle(r) > 0 {
			m.Config.PongWait, m.Config.PingPeriod = idle(r), idle(r)/8
		}
		m.HandlePong(func(s *melody.Session) { s.Write([]byte("pong ")) })
		m.HandleMessage(func(s *melody.Session, message []byte) {
			if string(message) == "close" {
				s.CloseWithMsg(melody.FormatCloseMessage(4001, "app"))
				return
			}
			s.Write(message)
		})
		m.HandleMessageBinary(func(s *melody.Session, message []byte) { s.WriteBinary(message) })
		m.HandleRequest(w, r)
	})
}

func xnetApp(testing.TB) http.Handler {
	type message struct {
		kind byte
		data []byte
	}
	codec := xnet.Codec{
		Marshal:   func(v any) ([]byte, byte, error) { m := v.(message); return m.data, m.kind, nil },
		Unmarshal: func(data []byte, kind byte, v any) error { *v.(*message) = message{kind, data}; return nil },
	}
	return xnet.Server{
		Handshake: func(config *xnet.Config, _ *http.Request) error { return nil },
		Handler: func(c *xnet.Conn) {
			defer c.Close()
			c.MaxPayloadBytes = 64 << 20
			extend(c, idle(c.Request()))
			for {
				var m message
				if codec.Receive(c, &m) != nil || string(m.data) == "close" {
					return
				}
				if ping, isPing := strings.CutPrefix(string(m.data), "ping "); isPing {
					m = message{xnet.PingFrame, []byte(ping)}
				}
				if codec.Send(c, m) != nil {
					return
				}
			}
		},
	}
}
