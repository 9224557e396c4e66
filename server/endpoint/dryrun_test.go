package endpoint

import (
	"net/http"
	"strings"
	"testing"

	"holter/model"
)

// A dry run says what the call would do, on real sockets, and does nothing.
func TestDryRun(t *testing.T) {
	s := runServer(t, nil)
	for _, client := range []string{"ann", "ben", "cid"} {
		s.dial(t, client)
		s.await(t, func(e *model.Event) bool {
			return e.Type == model.ConnectionOpened && e.Connection.Client == client
		})
	}
	for _, c := range []struct{ method, path, body, want string }{
		{"POST", "/api/v1/kick", `{"q":"all","dry_run":true}`, `{"dry_run":true,"matches":3,"ids":["c1","c2","c3"]}`},
		{"POST", "/api/v1/kick", `{"q":"!all","dry_run":true}`, `{"dry_run":true,"matches":0,"ids":[]}`},
		{"POST", "/api/v1/kick", `{"q":"!ben","code":4001,"over_ms":1000,"dry_run":true}`, `{"dry_run":true,"matches":2,"ids":["c1","c3"]}`},
		{"POST", "/api/v1/kick", `{"ids":["c3","c3","c99"],"dry_run":true}`, `{"dry_run":true,"matches":1,"ids":["c3"],"error":{"code":"not_found",`},
		{"POST", "/api/v1/faults", `{"q":"client=ben or client=cid","faults":["freeze"],"dry_run":true}`, `{"dry_run":true,"matches":2,"ids":["c2","c3"]}`},
		{"PUT", "/api/v1/connections/c1/faults", `{"faults":["cut=1011"],"dry_run":true}`, `{"dry_run":true,"matches":1,"ids":["c1"]}`},
		// What would fail fails, and without the field nothing is matched that need not be.
		{"POST", "/api/v1/kick", `{"q":"all","code":1006,"dry_run":true}`, `"close code 1006 may not be sent`},
		{"POST", "/api/v1/kick", `{"dry_run":true}`, `write \"all\" for every connection`},
		{"POST", "/api/v1/kick", `{"ids":["c99"],"dry_run":true}`, `"not_found"`},
		{"POST", "/api/v1/faults", `{"q":"all","faults":["drop=1/-1"],"dry_run":true}`, `"invalid"`},
		{"POST", "/api/v1/refuse", `{"for_ms":1000,"dry_run":true}`, `no field \"dry_run\" here`},
		{"POST", "/api/v1/kick", `{"q":"!all"}`, `{"kicked":0}`},
		{"POST", "/api/v1/faults", `{"q":"all !all","faults":["cut=1011"]}`, `{"disturbed":0}`},
	} {
		if _, answer, _ := call(t, s.AdminURL(), c.method, c.path, c.body); !strings.Contains(answer, c.want) {
			t.Errorf("%s %s %s: %.300s; want %s", c.method, c.path, c.body, answer, c.want)
		}
	}
	now, err := s.monitor.Source().Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range now.Connections {
		if !c.Open() || !c.Faults.None() {
			t.Errorf("%s: open %t, faults %s", c.ID, c.Open(), c.Faults)
		}
	}
	if status, answer, _ := call(t, s.AdminURL(), "POST", "/api/v1/kick", `{"q":"all !ben","dry_run":false}`); status != http.StatusOK || answer != `{"kicked":2}` {
		t.Errorf("the kick itself: %d, %s", status, answer)
	}
}
