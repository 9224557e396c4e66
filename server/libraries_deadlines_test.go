package server_test

import (
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// The pattern of every chat example: the application gives up a client from whom no pong has come for
// some time. That a pong came for holter must not count, and one for the application must.
func TestLibrariesKeepTheirDeadlines(t *testing.T) {
	for _, l := range libraries {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			a := watch(t, l, doors[1])
			t.Run("without pongs", func(t *testing.T) {
				p := a.dial(t, "idle=1s")
				p.awaitBeat(t)
				for range p.frames { // to the end; the application's pings stay unanswered
				}
				if c, ok := a.seen(t); !ok || c.PongsReceived == 0 {
					t.Errorf("holter got no pong until the deadline: %+v", c)
				}
			})
			if !l.pongs {
				return
			}
			t.Run("with pongs", func(t *testing.T) {
				p := a.dial(t, "idle=1s")
				go func() {
					for f := range p.frames {
						if f.Header.OpCode == ws.OpPing {
							p.send(ws.NewPongFrame(f.Payload))
						}
					}
				}()
				for end := time.Now().Add(2 * time.Second); time.Now().Before(end); p.awaitBeat(t) {
					p.send(ws.NewPongFrame([]byte("alive")))
				}
				if c, _ := a.seen(t); !c.Open() {
					t.Errorf("closed: %+v", c.Close)
				}
				p.text("close")
			})
		})
	}
}
