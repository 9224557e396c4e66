package proxy

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/gorilla/websocket"

	"holter/server"
)

// Chargers and kernels are named in the path, and some clients by the user of Basic authentication: each of them is
// a client of its own, and the same one when it comes back.
func TestProxyClientsNamedByPathAndUser(t *testing.T) {
	upstream := echoBackend(t).URL
	for identity, path := range map[string]string{"path:2": "ocpp/%s/events", "path:-1": "ocpp/%s?client=all", "basic": "ocpp"} {
		t.Run(identity, func(t *testing.T) {
			p := runProxy(t, upstream, func(o *server.Options, _ *Options) { o.Identity = identity })
			for _, name := range []string{"CP1", "CP2", "CP3", "CP4", "CP5", "CP5"} {
				target := p.URL() + path
				if identity != "basic" {
					target = fmt.Sprintf(target, name)
				}
				r := http.Request{Header: http.Header{}}
				r.SetBasicAuth(name, "s3cret")
				ws, _, err := websocket.DefaultDialer.Dial(target, r.Header)
				if err != nil {
					t.Fatal(err)
				}
				defer ws.Close()
			}
			s, err := p.monitor.Source().Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			open := make(map[string]int)
			for _, c := range s.Connections {
				open[c.Client]++
			}
			if len(s.Clients) != 5 || open["CP1"] != 1 || open["CP5"] != 2 {
				t.Errorf("%d clients with these connections: %v", len(s.Clients), open)
			}
		})
	}
}
