package eventlog

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"holter/model"
)

func TestAlertsInTheLog(t *testing.T) {
	a := model.Alert{Rule: "Many", State: model.AlertFiring, Detail: "count(state=failed) is 6 (> 5)", Value: 6, Fired: time.Unix(100, 0),
		Labels: []model.Label{{Name: "alertname", Value: "Many"}, {Name: "severity", Value: "page"}}}
	var out bytes.Buffer
	w := &writer{log: slog.New(slog.NewTextHandler(&out, nil)), second: time.Now()}
	w.write(&model.Event{Type: model.AlertChanged, Alert: &a})
	over, builtin := a, a
	over.State, over.Resolved = model.AlertResolved, time.Unix(160, 0)
	builtin.BuiltIn = true
	w.write(&model.Event{Type: model.AlertChanged, Alert: &over})
	w.write(&model.Event{Type: model.AlertChanged, Alert: &builtin})
	for i, want := range []string{
		`level=WARN msg="alert firing" event=alert.changed rule=Many value=6 detail="count(state=failed) is 6 (> 5)" labels.severity=page`,
		`level=INFO msg="alert resolved" event=alert.changed rule=Many value=6 detail="count(state=failed) is 6 (> 5)" labels.severity=page for_ms=60000`,
	} {
		if got := strings.Split(out.String(), "\n")[i]; !strings.HasSuffix(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	if n := strings.Count(out.String(), "\n"); n != 2 {
		t.Errorf("%d lines: %s", n, &out)
	}
}
