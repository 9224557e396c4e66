package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"holter/model"
	"holter/server"
)

// An application that takes the token from the subprotocols, and has to choose it, shows it to nobody but its client.
func TestMonitorShowsNoSecrets(t *testing.T) {
	for _, show := range []bool{false, true} {
		t.Run(fmt.Sprintf("show %v", show), func(t *testing.T) {
			m := server.New(server.Options{
				Interval: beat, OnFail: model.OnFailObserve, Identity: "header:X-Session-Id", ShowSecrets: show,
				Logger: slog.New(slog.DiscardHandler),
			})
			runUntilEnd(t, m.Run)
			chooses := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				upgrader := ws.HTTPUpgrader{Protocol: func(name string) bool { return name == "s3cret" }}
				conn, _, _, err := upgrader.Upgrade(r, w)
				if err != nil {
					return
				}
				defer conn.Close()
				io.Copy(io.Discard, conn)
			})
			s := serve(t, m.Wrap(chooses), false)
			p := dial(t, s, "/ws?token=s3cret", http.Header{"Sec-Websocket-Protocol": {"chat, s3cret"}, "X-Session-Id": {"s3cret"}, "Apikey": {"s3cret"}})
			if got := p.head.Header.Get("Sec-Websocket-Protocol"); got != "s3cret" {
				t.Errorf("the client was told %q", got)
			}
			snapshot, err := m.Source().Snapshot(t.Context())
			if err != nil || len(snapshot.Connections) != 1 {
				t.Fatalf("%d connections, error %v", len(snapshot.Connections), err)
			}
			c := snapshot.Connections[0]
			detail, err := m.Source().Detail(t.Context(), c.ID)
			if err != nil {
				t.Fatal(err)
			}
			events, err := m.Source().Events(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			said := fmt.Sprintf("%+v %+v", snapshot, detail)
			for _, e := range events {
				said += fmt.Sprintf(" %+v %+v", e, e.Connection)
			}
			if strings.Contains(said, "s3cret") != show {
				t.Errorf("told %s", said)
			}
			if show && (c.Client != "s3cret" || c.Subprotocol != "s3cret") || !show && c.Subprotocol != "(not shown)" {
				t.Errorf("shown as %+v", c)
			}
		})
	}
}
