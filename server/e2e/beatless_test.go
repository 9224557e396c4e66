package e2e

import (
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/server/api"
)

// Nothing beats on a path, and nothing else passes there. That is told within five minutes.
func noBeats(t *testing.T) {
	begin := time.Now()
	p := launch(t, "proxy", pinging(t, 0).URL, "--scheme", "none")
	quietClients(t, p, "/silent", 3)
	var all []api.Warning
	eventually(t, 5*time.Minute, "a warning", func() bool {
		all = p.summary(t).Warnings
		return len(all) > 0
	})
	t.Logf("told after %v: %s", time.Since(begin).Round(time.Second), all[0].Detail)
	if w := all[0]; w.Kind != model.NoBeats || w.Path != "/silent" || !strings.HasPrefix(w.Detail, "Neither end beats: for up to ") {
		t.Errorf("%+v", w)
	}
	if n := len(p.connections(t, "state=closed")); n > 0 {
		t.Errorf("%d connections had ended by then", n)
	}
}
