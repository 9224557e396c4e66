package admin

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"holter/model"
	"holter/model/filter"
	"holter/server/api"
)

func (f *fakeSource) SetFaults(_ context.Context, o model.FaultOrder) (int, error) {
	if err := o.Faults.Validate(); err != nil {
		return 0, err
	}
	if _, err := filter.ParseSelection(o.Query); len(o.IDs) == 0 && err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, o)
	return max(1, len(o.IDs)), nil
}

func TestFaults(t *testing.T) {
	s := newFakeSource()
	a := serveAdmin(t, s, "")
	for _, c := range []struct{ method, path, body, want string }{
		{"PUT", "/api/v1/connections/c1/faults", `{"faults":["latency=200ms±50ms,down","freeze"]}`, "c1: latency=200ms±50ms,down freeze"},
		{"PUT", "/api/v1/connections/c1/faults", `{"faults":[]}`, "c1: none"},
		{"POST", "/api/v1/faults", `{"ids":["c1","c2"],"faults":["cut=1011"]}`, "c1 c2: cut=1011"},
		{"POST", "/api/v1/faults", `{"q":"rtt>100ms","faults":["drop=1/3 reset"]}`, "rtt>100ms: drop=1/3 reset"},
	} {
		status, answer, _ := call(t, a.URL(), c.method, c.path, c.body)
		var got api.Disturbed
		if err := json.Unmarshal([]byte(answer), &got); err != nil || status != 200 || got.Disturbed == 0 {
			t.Errorf("%s %s: %d %s", c.path, c.body, status, answer)
			continue
		}
		o := s.faults[len(s.faults)-1]
		who := []string{o.Query}
		if len(o.IDs) > 0 {
			who = who[:0]
		}
		for _, id := range o.IDs {
			who = append(who, id.String())
		}
		if order := strings.Join(who, " ") + ": " + o.Faults.String(); order != c.want {
			t.Errorf("%s %s is %q, want %q", c.path, c.body, order, c.want)
		}
	}
}

func TestFaultsErrors(t *testing.T) {
	s := newFakeSource()
	a := serveAdmin(t, s, "")
	const one, many = "/api/v1/connections/c1/faults", "/api/v1/faults"
	for _, c := range []struct{ method, path, body, message string }{
		{"PUT", one, `{}`, "or [] to end them"},
		{"PUT", one, `{"faults":["lag"]}`, "latency"},
		{"PUT", one, `{"faults":["latency=1"]}`, "latency=200ms"},
		{"PUT", one, `{"faults":["cut=1006"]}`, "1006"},
		{"PUT", one, `{"faults":[],"q":"all"}`, "POST /api/v1/faults"},
		{"PUT", one, `{"fault":[]}`, "fault"},
		{"PUT", "/api/v1/connections/17/faults", `{"faults":[]}`, "c17"},
		{"POST", many, `{"faults":["freeze"]}`, `"all"`},
		{"POST", many, `{"faults":["freeze"],"q":"all","ids":["c1"]}`, "write one of them"},
		{"POST", many, `{"faults":["freeze"],"q":"rtt>"}`, "position 4"},
		{"POST", many, `freeze`, "JSON"},
	} {
		status, answer, _ := call(t, a.URL(), c.method, c.path, c.body)
		if message := wantError(t, answer); status != 400 || !strings.Contains(message, c.message) {
			t.Errorf("%s %s: %d %s, want 400 with %q", c.path, c.body, status, answer, c.message)
		}
	}
	if len(s.faults) > 0 {
		t.Errorf("set all the same: %+v", s.faults)
	}
}
