package compare

import (
	"errors"
	"os"
	"time"

	"github.com/gorilla/websocket"

	"holter/probe/process"
)

// fixed is the heartbeat of the gorilla chat example: a goroutine that pings, and one that reads with
// a deadline which every pong puts off.
type fixed struct{ ping, wait time.Duration }

// writeWait is the example's.
const writeWait = 10 * time.Second

func (f fixed) serve(e *end) {
	over := make(chan struct{})
	pinging := make(chan struct{})
	process.Go(func() {
		defer close(pinging)
		f.write(e.conn, over)
	})
	f.read(e)
	close(over)
	<-pinging
}

func (f fixed) read(e *end) {
	defer e.conn.Close()
	e.conn.SetReadDeadline(time.Now().Add(f.wait))
	e.conn.SetPongHandler(func(string) error {
		return e.conn.SetReadDeadline(time.Now().Add(f.wait))
	})
	for {
		if _, _, err := e.conn.ReadMessage(); err != nil {
			e.record.over(time.Now(), errors.Is(err, os.ErrDeadlineExceeded))
			return
		}
	}
}

func (f fixed) write(conn *websocket.Conn, over <-chan struct{}) {
	ticker := time.NewTicker(f.ping)
	defer ticker.Stop()
	for {
		select {
		case <-over:
			return
		case <-ticker.C:
			conn.SetWriteDeadline(time.Now().Add(writeWait))
			if err := conn.WriteMessage(websocket.PingMessage, nil); err != nil {
				return
			}
		}
	}
}
