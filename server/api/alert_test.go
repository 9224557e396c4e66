package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/model/alert"
)

var sampleAlert = model.Alert{
	ID: "3f9a0c41d2b7aaaa", Rule: "Race", State: model.AlertResolved, BuiltIn: true,
	Labels:      []model.Label{{Name: "alertname", Value: "Race"}, {Name: "path", Value: "/rooms/*"}},
	Annotations: []model.Label{{Name: "summary", Value: "a race"}},
	Detail:      "margin is 1.1 (< 1.3)", Value: 1.1, Since: at, Fired: at.Add(time.Minute), Resolved: at.Add(time.Hour),
	Acknowledged: at.Add(2 * time.Minute), SilencedUntil: at.Add(2 * time.Hour), At: model.Place{Page: model.PathsPage, Query: "/rooms/*"},
}

func TestAlertsComeBackAsTheyWere(t *testing.T) {
	book := model.AlertBook{
		Alerts: []model.Alert{sampleAlert},
		Rules: []model.AlertRule{{Name: "Race", Condition: "margin < 1.3", For: time.Minute, KeepFiringFor: time.Second, Labels: sampleAlert.Labels, Annotations: sampleAlert.Annotations,
			BuiltIn: true, State: model.AlertPending, Alerts: 3, LeftOut: 4, SilencedUntil: at}},
		Log:     []model.AlertChange{{Time: at, Alert: sampleAlert}},
		Outputs: []model.AlertOutput{{Name: "webhook", Sent: 1, Waiting: 2, Dropped: 3, Failing: "it answers 500", Since: at}},
	}
	wire, err := json.Marshal(FromAlertBook(&book))
	if err != nil {
		t.Fatal(err)
	}
	var w Alerts
	if err := json.Unmarshal(wire, &w); err != nil {
		t.Fatal(err)
	}
	if got := w.Model(); !reflect.DeepEqual(got, book) {
		t.Errorf("%s becomes\n%+v", wire, got)
	}
}

// A picture has all alerts when one of them is new or changed, and none when nothing is.
func TestAlertsInPictures(t *testing.T) {
	var wire bytes.Buffer
	w, r := NewSnapshotWriter(&wire), NewSnapshotReader(&wire)
	other := sampleAlert
	other.ID, other.State = "4", model.AlertFiring
	worse := other
	worse.Detail = "margin is 0.9 (< 1.3)"
	for i, alerts := range [][]model.Alert{nil, {sampleAlert}, {sampleAlert}, {other, sampleAlert}, {worse, sampleAlert}, {worse}, nil, nil} {
		if err := w.Write(&model.Snapshot{Time: at, Alerts: alerts}); err != nil {
			t.Fatal(err)
		}
		if has, want := strings.Contains(wire.String(), `"alerts"`), i != 0 && i != 2 && i != 7; has != want {
			t.Errorf("picture %d has alerts: %v", i, has)
		}
		got, err := r.Read()
		if err != nil || len(got.Alerts) != len(alerts) || len(alerts) > 0 && !reflect.DeepEqual(got.Alerts, alerts) {
			t.Errorf("picture %d: %+v, %v", i, got.Alerts, err)
		}
	}
}

func TestAlertsOfAnotherKind(t *testing.T) {
	for text, want := range map[string]int{
		`{"summary":{},"alerts":[{"id":"a"},{"rule":"no id"},7,null]}`:   1,
		`{"summary":{},"alerts":"none"}`:                                 0,
		`{"summary":{},"alerts":[{"id":"a","labels":{"x":["y"]}}]}`:      1,
		`{"summary":{},"alerts":[{"id":"a\u0007","since":"yesterday"}]}`: 1,
	} {
		s, err := NewSnapshotReader(strings.NewReader(text)).Read()
		if err != nil || len(s.Alerts) != want {
			t.Errorf("%s: %+v, %v", text, s.Alerts, err)
		}
	}
	many := `{"summary":{},"alerts":[` + strings.Repeat(`{"id":"a"},`, model.MaxAlerts) + `{"id":"b"}]}`
	if _, err := NewSnapshotReader(strings.NewReader(many)).Read(); err == nil {
		t.Error("more alerts than there can be were taken")
	}
}

// The rules of the user, as many as there may be, leave room for those that come with holter.
func TestAllRulesComeBack(t *testing.T) {
	var b model.AlertBook
	for range model.MaxAlertRules {
		b.Rules = append(b.Rules, model.AlertRule{Name: "Own"})
	}
	for range alert.BuiltIn() {
		b.Rules = append(b.Rules, model.AlertRule{Name: "WithHolter", BuiltIn: true})
	}
	w := FromAlertBook(&b)
	if got := len(w.Model().Rules); got != len(b.Rules) {
		t.Errorf("%d of %d rules", got, len(b.Rules))
	}
}
