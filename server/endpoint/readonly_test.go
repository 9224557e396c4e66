package endpoint

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/server"
)

// Neither over the API nor from a screen in the process can anything be changed.
func TestReadOnly(t *testing.T) {
	s := runServer(t, func(o *server.Options, _ *Options) { o.ReadOnly = true })
	s.dial(t, "ann")
	opened := s.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionOpened })
	id := opened.Connection.ID
	for _, c := range [][3]string{
		{"DELETE", "/api/v1/connections/" + id.String(), ""},
		{"POST", "/api/v1/kick", `{"q":"all"}`},
		{"PUT", "/api/v1/connections/" + id.String() + "/faults", `{"faults":["freeze"]}`},
		{"POST", "/api/v1/faults", `{"q":"all","faults":["freeze"]}`},
		{"POST", "/api/v1/refuse", `{"for_ms":1000}`},
		{"DELETE", "/api/v1/advice/a1", ""},
		{"DELETE", "/api/v1/connections/nobody", ""}, // what is wrong with these does not matter
		{"POST", "/api/v1/kick", `{"q":`},
		{"PUT", "/api/v1/connections/nobody/faults", ""},
		{"POST", "/api/v1/faults", `{"faults":"freeze"}`},
		{"POST", "/api/v1/refuse", `{}`},
	} {
		status, answer, _ := call(t, s.AdminURL(), c[0], c[1], c[2])
		if status != http.StatusForbidden || !strings.Contains(wantError(t, answer), "--read-only") {
			t.Errorf("%s %s: status %d, %s", c[0], c[1], status, answer)
		}
	}
	source := s.monitor.Source()
	_, kick := source.Kick(t.Context(), model.Kick{Query: "all"})
	_, faults := source.SetFaults(t.Context(), model.FaultOrder{Query: "all", Faults: model.Faults{Freeze: true}})
	refuse := source.Refuse(t.Context(), time.Second)
	for _, err := range []error{kick, faults, refuse, source.Dismiss(t.Context(), "a1")} {
		if model.ErrorCode(err) != model.Forbidden {
			t.Errorf("error %v", err)
		}
	}
	now, err := source.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := now.Connections[0]; !c.Open() || !c.Faults.None() || !now.Monitor.RefusingUntil.IsZero() {
		t.Errorf("%+v, refusing until %v", c, now.Monitor.RefusingUntil)
	}
}
