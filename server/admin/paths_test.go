package admin

import (
	"encoding/json"
	"strings"
	"testing"

	"holter/server/api"
)

func TestPaths(t *testing.T) {
	a := serveAdmin(t, newFakeSource(), "")
	status, answer, _ := call(t, a.URL(), "GET", "/api/v1/paths", "")
	var all api.Paths
	if err := json.Unmarshal([]byte(answer), &all); err != nil || status != 200 || len(all.Paths) != 2 || all.Paths[0].Margin != nil || all.Paths[1].ID != "p7" || *all.Paths[1].Margin != 1.5 {
		t.Errorf("status %d, %s", status, answer)
	}
	status, answer, _ = call(t, a.URL(), "GET", "/api/v1/paths/p7", "")
	var one api.Path
	if err := json.Unmarshal([]byte(answer), &one); err != nil || status != 200 || one.Path != "/ocpp/*" {
		t.Errorf("status %d, %s", status, answer)
	}
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/api/v1/paths/p8":  {404, "there is no path p8"},
		"/api/v1/paths/8":   {400, "write it like p3"},
		"/api/v1/paths/p-1": {400, "write it like p3"},
		"/api/v1/paths?q=a": {400, "there is no parameter"},
	} {
		if status, answer, _ := call(t, a.URL(), "GET", path, ""); status != want.status || !strings.Contains(answer, want.says) {
			t.Errorf("%s: status %d, %s", path, status, answer)
		}
	}
}
