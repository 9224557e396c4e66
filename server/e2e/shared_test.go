package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
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

// ask reads an answer of the admin plane.
func ask(t *testing.T, p *program, path string, answer any) {
	t.Helper()
	_, body := fetch(t, p.admin+"/api/v1"+path, "application/json")
	if err := json.Unmarshal([]byte(body), answer); err != nil {
		t.Fatal(err)
	}
}

// until polls until a condition holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for late := time.Now().Add(2 * patience); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("waited in vain for ", what)
		}
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
				app, ends := backend(t)
				app.Start()
				go func() {
					for {
						select {
						case <-ends:
						case <-t.Context().Done():
							return
						}
					}
				}()
				args = append(args, app.URL)
			}
			p := launch(t, command, args...)
			pushers(t, p.websocket, n)
			warning := p.line(t, "shared-identity")
			if warning["level"] != "WARN" || warning["client"] != "js" || warning["identity"] != "query:device" {
				t.Errorf("%v", warning)
			}
			var clients api.Clients
			until(t, "all clients", func() bool {
				ask(t, p, "/clients", &clients)
				return len(clients.Clients) >= n
			})
			for _, c := range clients.Clients {
				if c.Shared != "js" || c.ID == "js" {
					t.Errorf("%+v", c)
				}
			}

			response, err := http.Post(p.admin+"/api/v1/kick", "application/json", strings.NewReader(`{"q": "all", "code": 1012}`))
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if line := p.line(t, "storm started"); line["clients"] != float64(n) {
				t.Errorf("%v", line)
			}
			var storms api.Storms
			until(t, "the end of the storm", func() bool {
				ask(t, p, "/storms", &storms)
				return len(storms.Storms) == 1 && storms.Storms[0].EndedAt != nil
			})
			if s := storms.Storms[0]; s.Clients != n || s.Away != 0 || s.Reconnects != n || s.PeakPerS < n/2 {
				t.Errorf("%+v", s.StormSummary)
			}
			ask(t, p, "/clients", &clients)
			var summary api.Summary
			ask(t, p, "/summary", &summary)
			if w := summary.Warnings; len(clients.Clients) != n || len(w) != 1 || w[0].Connections != n || !strings.HasSuffix(w[0].Detail, "--identity query:device tells them apart") {
				t.Errorf("%d clients, %+v", len(clients.Clients), w)
			}
		})
	}
}
