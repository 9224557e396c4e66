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

// alike are clients of one library: each has the address that target makes of its number. They come back a second after
// their connection has ended.
func alike(t *testing.T, n int, target func(i int) string) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		all.Wait()
	})
	for i := range n {
		all.Go(func() {
			url := target(i)
			for ctx.Err() == nil {
				if c, _, err := websocket.DefaultDialer.DialContext(ctx, url, nil); err == nil {
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

// Clients that all give the same name, as Pusher's library does, or that give none and come from one address, are as many
// clients, are warned of once and, when all are kicked, are a storm.
func TestSharedName(t *testing.T) {
	t.Parallel()
	pusher := func(i int) string {
		return fmt.Sprintf("?protocol=7&client=js&version=8.4.0&t=%d&device=d%d", time.Now().UnixNano(), i)
	}
	nameless := func(int) string { return "" }
	for _, tt := range []struct {
		name, command  string
		query          func(i int) string
		shared         string
		identity, tail string // of the warning
	}{
		{"serve", "serve", pusher, "js", "query:device", "--identity query:device tells them apart"},
		{"proxy", "proxy", pusher, "js", "query:device", "--identity query:device tells them apart"},
		{"serve without a name", "serve", nameless, "127.0.0.1 Go-http-client/1.1", "", "nothing in their requests differs"},
		{"proxy without a name", "proxy", nameless, "127.0.0.1 Go-http-client/1.1", "", "nothing in their requests differs"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const n = 16
			args := []string{"--interval", "500ms"}
			if tt.command == "proxy" {
				app, _ := backend(t)
				app.Start()
				args = append(args, app.URL)
			}
			p := launch(t, tt.command, args...)
			alike(t, n, func(i int) string { return p.websocket + tt.query(i) })
			warning := p.line(t, "shared-identity")
			if warning["level"] != "WARN" || warning["client"] != tt.shared || warning["identity"] != tt.identity {
				t.Errorf("%v", warning)
			}
			eventually(t, 2*patience, "all clients", func() bool { return len(p.clients(t)) >= n })
			for _, c := range p.clients(t) {
				if c.Shared != tt.shared || c.Generation != 1 {
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
			if w := p.summary(t).Warnings; len(clients) != n || len(w) != 1 || w[0].Connections != n || !strings.HasSuffix(w[0].Detail, tt.tail) {
				t.Errorf("%d clients, %+v", len(clients), w)
			}
		})
	}
}
