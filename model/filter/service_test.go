package filter

import (
	"testing"
	"time"

	"holter/model"
)

func TestFilterOfServices(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	all := []model.Service{
		{ID: "api", Kind: model.Probed, Target: "http://localhost:3000/health", State: model.Failed, Since: now.Add(-time.Minute),
			Diagnosis: model.Diagnosis{Cause: model.CauseStatus, Detail: "It answers 503."}, Status: "503", Missed: 4, Uptime: 0.5, Latency: 30 * time.Millisecond},
		{ID: "mailer", Kind: model.Reported, State: model.Suspect, Since: now.Add(-time.Second), Heard: now.Add(-7 * time.Second),
			Diagnosis: model.Diagnosis{Cause: model.CauseNoHeartbeat}, Status: "draining", Missed: 1, Uptime: 0.9991, TTL: 15 * time.Second, Clock: -time.Hour},
		{ID: "web", Kind: model.Probed, Target: "http://localhost/", State: model.Unknown, Uptime: 1},
		{ID: "bye", Kind: model.Reported, State: model.Closed, Since: now, Uptime: 1},
	}
	for filter, want := range map[string]string{
		"":                         "api mailer web bye ",
		"service=api state=failed": "api ",
		"SERVICE=Api":              "api ",
		"service~^(api|web)$":      "api web ",
		"state=alive":              "mailer ",
		"state!=alive":             "api web bye ",
		"state=unknown":            "web ",
		"state=closed":             "bye ",
		"kind=reported":            "mailer bye ",
		"cause=status":             "api ",
		"why=no-heartbeat":         "mailer ",
		"detail~503":               "api ",
		"says=draining":            "mailer ",
		"uptime<99%":               "api ",
		"uptime<99.95":             "api mailer ",
		"uptime>=0%":               "api mailer bye ", // of one that has not answered yet nothing is known
		"latency>10ms":             "",                // of one that has failed it is not known
		"missed>1":                 "api ",
		"silence>5s":               "mailer ",
		"for>30s":                  "api web ",
		"ttl=15s":                  "mailer ",
		"clock_off>1m":             "mailer ",
		"localhost":                "api web ",
		"drain":                    "mailer ",
		"service=api or mailer":    "api mailer ",
		"all":                      "api mailer web bye ",
	} {
		f, err := Services.Parse(filter)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		got := ""
		for i := range all {
			if f.Selects(Row{Service: &all[i], Now: now}) {
				got += all[i].ID + " "
			}
		}
		if got != want {
			t.Errorf("%s selects %q, want %q", filter, got, want)
		}
	}
}

// The services of events are found by their names too.
func TestFilterOfServicesInEvents(t *testing.T) {
	f, err := EventRows.Parse("service=api cause=refused state=failed")
	if err != nil {
		t.Fatal(err)
	}
	s := model.Service{ID: "api", State: model.Failed, Diagnosis: model.Diagnosis{Cause: model.CauseRefused}}
	if !f.Selects(Row{Event: &Event{Kind: "service"}, Service: &s}) || f.Selects(Row{Event: &Event{Kind: "closed"}, Connection: &model.Connection{}}) {
		t.Error("the event of a service is not found, or that of a connection is")
	}
}
