package endpoint

import (
	"fmt"
	"net"
	"testing"

	"holter/server"

	"github.com/gobwas/ws"
	"github.com/gorilla/websocket"
)

// BenchmarkEcho is one message after another over one connection, to the server and back, with all
// monitoring in between.
func BenchmarkEcho(b *testing.B) {
	for _, size := range []int{64, 16 << 10} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			s := runServer(b, func(_ *server.Options, d *Options) { d.ReadLimit = 1 << 20 })
			c, _, err := websocket.DefaultDialer.Dial(s.URL(), nil)
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			message := ws.MustCompileFrame(ws.MaskFrame(ws.NewBinaryFrame(make([]byte, size))))
			answer := make([]byte, len(ws.MustCompileFrame(ws.NewBinaryFrame(make([]byte, size)))))
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				echoOnce(b, c.NetConn(), message, answer)
			}
		})
	}
}

// echoOnce ignores that holter's pings come in between: they are rare and shorter than an answer, so
// what is left of the last answer is read with the next.
func echoOnce(b *testing.B, c net.Conn, message, answer []byte) {
	if _, err := c.Write(message); err != nil {
		b.Fatal(err)
	}
	for n := 0; n < len(answer); {
		m, err := c.Read(answer[n:])
		if err != nil {
			b.Fatal(err)
		}
		n += m
	}
}
