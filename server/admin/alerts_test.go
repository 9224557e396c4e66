package admin

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/server/api"
)

func TestAlertsAreListed(t *testing.T) {
	source := newFakeSource()
	source.snapshot.Alerts = []model.Alert{{ID: "3f9a", Rule: "Many", State: model.AlertFiring, Labels: []model.Label{{Name: "alertname", Value: "Many"}}, Fired: time.Now()}}
	a := serveAdmin(t, source, "")
	status, answer, _ := call(t, a.URL(), "GET", "/api/v1/alerts", "")
	var list api.Alerts
	if err := json.Unmarshal([]byte(answer), &list); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s: %v", status, answer, err)
	}
	if len(list.Alerts) != 1 || list.Alerts[0].Labels["alertname"] != "Many" || list.Alerts[0].FiredAt == nil || list.Alerts[0].ResolvedAt != nil {
		t.Errorf("%s", answer)
	}
	for _, empty := range []string{`"rules":[]`, `"log":[]`, `"outputs":[]`} {
		if !strings.Contains(answer, empty) {
			t.Errorf("no %s in %s", empty, answer)
		}
	}
}

func TestAlertsAreAcknowledgedAndSilenced(t *testing.T) {
	source := newFakeSource()
	a := serveAdmin(t, source, "")
	for _, c := range []struct{ method, path, body string }{
		{"PUT", "/api/v1/alerts/3f9a/acknowledgement", ""},
		{"DELETE", "/api/v1/alerts/Many/acknowledgement", ""},
		{"PUT", "/api/v1/alerts/Many/silence", `{"for_ms": 3600000}`},
		{"PUT", "/api/v1/alerts/Many/silence", `{"for_ms": 0}`},
		{"DELETE", "/api/v1/alerts/Many/silence", ""},
	} {
		if status, answer, _ := call(t, a.URL(), c.method, c.path, c.body); status != http.StatusOK {
			t.Errorf("%v: %d %s", c, status, answer)
		}
	}
	want := []model.AlertOrder{{Target: "3f9a", Do: model.Acknowledge}, {Target: "Many", Do: model.Unacknowledge},
		{Target: "Many", Do: model.Silence, For: time.Hour}, {Target: "Many", Do: model.Silence}, {Target: "Many", Do: model.Silence}}
	if !reflect.DeepEqual(source.orders, want) {
		t.Errorf("%+v", source.orders)
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"PUT", "/api/v1/alerts/nothing/acknowledgement", "", http.StatusNotFound, "there is no alert"},
		{"PUT", "/api/v1/alerts/Many/acknowledgement", "{}", http.StatusBadRequest, "takes no body"},
		{"PUT", "/api/v1/alerts/Many/silence", "{}", http.StatusBadRequest, "for_ms is missing"},
		{"PUT", "/api/v1/alerts/Many/silence", `{"for_ms": -1}`, http.StatusBadRequest, "a silence of -1ms"},
		{"PUT", "/api/v1/alerts/Many/silence", `{"for_ms": 1e300}`, http.StatusBadRequest, "write a time up to"},
		{"PUT", "/api/v1/alerts/Many/silence", `{"for": "1h"}`, http.StatusBadRequest, "only for_ms"},
		{"DELETE", "/api/v1/alerts/Many/silence", `{"for_ms": 5}`, http.StatusBadRequest, "takes no body"},
		{"GET", "/api/v1/alerts?foo=1", "", http.StatusBadRequest, "there is no parameter"},
		{"POST", "/api/v1/alerts", "{}", http.StatusMethodNotAllowed, ""},
	} {
		if status, answer, _ := call(t, a.URL(), c.method, c.path, c.body); status != c.status || !strings.Contains(answer, c.want) {
			t.Errorf("%v: %d %s", c, status, answer)
		}
	}
}

// A screen that is attached sees the alerts, and its orders reach the source.
func TestAttachedAlerts(t *testing.T) {
	s := newFakeSource()
	s.snapshot.Alerts = []model.Alert{{ID: "3f9a", Rule: "Many", State: model.AlertFiring, Fired: time.Now()}}
	a := serveAdmin(t, s, "s3cret")
	remote, err := api.Attach(t.Context(), a.plane.Listener.Addr().String(), "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	now, err := remote.Snapshot(t.Context())
	if err != nil || len(now.Alerts) != 1 || now.Alerts[0].Rule != "Many" {
		t.Errorf("%+v, %v", now.Alerts, err)
	}
	book, err := remote.Alerts(t.Context())
	if err != nil || len(book.Alerts) != 1 || book.Alerts[0].ID != "3f9a" {
		t.Errorf("%+v, %v", book, err)
	}
	want := []model.AlertOrder{{Target: "3f9a", Do: model.Acknowledge}, {Target: "3f9a", Do: model.Unacknowledge}, {Target: "Many", Do: model.Silence, For: time.Hour}}
	for _, o := range want {
		if _, err := remote.OrderAlert(t.Context(), o); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if !reflect.DeepEqual(s.orders, want) {
		t.Errorf("%+v", s.orders)
	}
	if _, err := remote.OrderAlert(t.Context(), model.AlertOrder{Target: "nothing", Do: model.Acknowledge}); model.ErrorCode(err) != model.NotFound {
		t.Errorf("%v", err)
	}
}
