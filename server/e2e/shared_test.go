package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/server/api"
)

// pushers are clients whose library has the same client=js for all, as Pusher's. They come back a second after their
// connection has ended.
func pushers(t *testing.T, url string, n int) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		all.Wait()
	})
	for i := range n {
		all.Go(func() {
			target := fmt.Sprintf("%s?protocol=7&client=js&version=8.4.0&t=%d&device=d%d", url, time.Now().UnixNano(), i)
			for ctx.Err() == nil {
				if c, _, err := websocket.DefaultDialer.DialContext(ctx, target, nil); err == nil {
					stop := context.AfterFunc(ctx, func() { c.Close() })
					for err == nil {
						_, _, err = c.ReadMessage()
					}
					stop()
					c.Close()
				}
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
			}
		})
	}
}

// Clients that all give the same name are as many clients, are warned of once and, when all are kicked, are a storm.
func TestSharedName(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"serve", "proxy"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			const n = 16
			args := []string{"--interval", "500ms"}
			if command == "proxy" {
				app, _ := backend(t)
				app.Start()
				args = append(args, app.URL)
			}
			p := launch(t, command, args...)
			pushers(t, p.websocket, n)
			warning := p.line(t, "shared-identity")
			if warning["level"] != "WARN" || warning["client"] != "js" || warning["identity"] != "query:device" {
				t.Errorf("%v", warning)
			}
			eventually(t, 2*patience, "all clients", func() bool { return len(p.clients(t)) >= n })
			for _, c := range p.clients(t) {
				if c.Shared != "js" || c.ID == "js" {
					t.Errorf("%+v", c)
				}
			}

			p.kick(t, api.Kick{Q: "all", Code: 1012})
			if line := p.line(t, "storm started"); line["clients"] != float64(n) {
				t.Errorf("%v", line)
			}
			var storms []api.StormDetail
			eventually(t, 2*patience, "the end of the storm", func() bool {
				storms = p.storms(t)
				return len(storms) == 1 && storms[0].EndedAt != nil
			})
			if s := storms[0]; s.Clients != n || s.Away != 0 || s.Reconnects != n || s.PeakPerS < n/2 {
				t.Errorf("%+v", s.StormSummary)
			}
			clients := p.clients(t)
			if w := p.summary(t).Warnings; len(clients) != n || len(w) != 1 || w[0].Connections != n || !strings.HasSuffix(w[0].Detail, "--identity query:device tells them apart") {
				t.Errorf("%d clients, %+v", len(clients), w)
			}
		})
	}
}
