package eventlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

// feed is a source whose events the test puts in.
type feed chan []model.Event

func (f feed) Events(ctx context.Context, _ uint64) ([]model.Event, error) {
	select {
	case events, ok := <-f:
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}
		return events, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

var connection = model.Connection{
	ID: 17, Client: "kiosk", Generation: 2, Remote: netip.MustParseAddrPort("10.0.0.1:4711"), Path: "/ws",
	Silence: 1200 * time.Millisecond, Timeout: 500 * time.Millisecond,
	Diagnosis: model.Diagnosis{Cause: model.CauseNoPong, Detail: "no pong has ever come"},
}

func events(n int, e model.Event) []model.Event {
	list := make([]model.Event, n)
	for i := range list {
		e.Seq++
		list[i] = e
	}
	return list
}

// lines are those that run has logged by its end.
func lines(t *testing.T, run func(*slog.Logger)) []map[string]any {
	t.Helper()
	var text bytes.Buffer
	run(slog.New(slog.NewJSONHandler(&text, nil)))
	var list []map[string]any
	for decoder := json.NewDecoder(&text); decoder.More(); {
		var l map[string]any
		if err := decoder.Decode(&l); err != nil {
			t.Fatal(err)
		}
		list = append(list, l)
	}
	return list
}

func TestEachEventInWords(t *testing.T) {
	gone := connection
	gone.Opened = time.Unix(100, 0)
	gone.Close = &model.Close{Code: 1001, Reason: "bye", By: model.ByHolter, At: time.Unix(102, 0)}
	types := map[string]string{} // of each field
	for _, tc := range []struct {
		event model.Event
		want  map[string]any
	}{
		{model.Event{Type: model.ConnectionOpened, Connection: &connection},
			map[string]any{"level": "INFO", "msg": "connection opened", "connection": "c17", "client": "kiosk", "generation": 2.0, "remote": "10.0.0.1:4711", "path": "/ws"}},
		{model.Event{Type: model.ConnectionClosed, Connection: &gone},
			map[string]any{"level": "INFO", "msg": "connection closed", "code": 1001.0, "reason": "bye", "by": "holter", "age_ms": 2000.0}},
		{model.Event{Type: model.StateChanged, Connection: &connection, From: model.Normal, To: model.Suspect},
			map[string]any{"level": "WARN", "msg": "connection suspect", "from": "normal", "silence_ms": 1200.0, "timeout_ms": 500.0, "cause": "no-pong", "detail": "no pong has ever come"}},
		{model.Event{Type: model.StateChanged, Connection: &connection, From: model.Suspect, To: model.Normal},
			map[string]any{"level": "INFO", "msg": "connection normal"}},
		{model.Event{Type: model.ConnectionRefused, Refusal: &model.Refusal{Remote: "10.0.0.9:1", Status: 403, Reason: "foreign origin"}},
			map[string]any{"level": "WARN", "msg": "connection refused", "remote": "10.0.0.9:1", "status": 403.0, "reason": "foreign origin"}},
		{model.Event{Type: model.ConnectionRefused, Refusal: &model.Refusal{
			Status: 426, By: model.RefusedByUpstream, Diagnosis: model.Diagnosis{Cause: model.CauseHandshakeBroken, Detail: "no Upgrade"},
		}},
			map[string]any{"status": 426.0, "by": "upstream", "cause": "handshake-broken", "detail": "no Upgrade"}},
		{model.Event{Type: model.StormStarted, Storm: &model.Storm{ID: 3, Clients: 900}},
			map[string]any{"level": "WARN", "msg": "storm started", "storm": 3.0, "clients": 900.0}},
		{model.Event{Type: model.StormStarted, Storm: &model.Storm{ID: 1, Restart: true}},
			map[string]any{"msg": "storm started", "storm": 1.0, "after": "a restart: these were the clients of the server that listened here before"}},
		{model.Event{Type: model.StormFlapping, Storm: &model.Storm{ID: 3, Clients: 900, Flapping: 500, FlapRate: 76.25, Flaps: []model.StormCause{{Code: 4401, By: model.ByApp, Count: 500}}}},
			map[string]any{"level": "WARN", "msg": "storm does not end: clients flap", "storm": 3.0, "clients": 900.0, "flapping": 500.0, "flaps_per_s": 76.25, "code": 4401.0, "by": "app"}},
		{model.Event{Type: model.StormEnded, Storm: &model.Storm{ID: 3, Flapping: 1, GaveUp: 2, NeverIn: 3}},
			map[string]any{"msg": "storm ended", "flapping": 1.0, "gave_up": 2.0, "never_in": 3.0}},
		{model.Event{Type: model.StormEnded, Storm: &model.Storm{ID: 3, Clients: 900, Refused: 41, Peak: 318, Back99: 31 * time.Second}},
			map[string]any{"level": "INFO", "msg": "storm ended", "clients": 900.0, "refused": 41.0, "peak_per_s": 318.0, "back_99_ms": 31000.0}},
		{model.Event{Type: model.WarningRaised, Warning: &model.Warning{Kind: model.BetterDetector, Touched: 90, Detail: "sooner"}},
			map[string]any{"level": "INFO", "msg": "better-detector", "urgency": "hint", "touched": 90.0, "detail": "sooner", "client": nil, "path": nil}},
		{model.Event{Type: model.WarningRaised, Warning: &model.Warning{Kind: model.ResetsAtOpen, Urgency: model.Harm, Path: "/ws", Agent: "old/1", Detail: "anew"}},
			map[string]any{"level": "WARN", "msg": "resets-at-open", "urgency": "harm", "path": "/ws", "user_agent": "old/1", "client": nil}},
		{model.Event{Type: model.WarningRaised, Warning: &model.Warning{Kind: model.SharedIdentity, Urgency: model.Risk, Client: "js", Connections: 16, Identity: "query:device", Detail: "16 at once"}},
			map[string]any{"level": "WARN", "msg": "shared-identity", "client": "js", "connections": 16.0, "identity": "query:device", "detail": "16 at once"}},
		{model.Event{Type: model.ServiceChanged, From: model.Suspect, To: model.Failed, Service: &model.Service{
			ID: "api", Kind: model.Probed, Target: "http://api/health", Status: "503", Diagnosis: model.Diagnosis{Cause: model.CauseStatus, Detail: "it answers 503"}}},
			map[string]any{"level": "WARN", "msg": "service failed", "event": "service.changed", "service": "api", "kind": "probed", "target": "http://api/health", "answer": "503", "from": "suspect", "cause": "status"}},
		{model.Event{Type: model.CohortFound, Cohort: &model.Cohort{ID: 4, Kind: model.CohortMoment, Cause: model.CauseUnknown, Count: 8, Of: 9, Traits: []model.Trait{{Kind: model.TraitCode, Value: "none"}}}},
			map[string]any{"level": "WARN", "msg": "cohort found", "cohort": 4.0, "cause": "unknown"}},
		{model.Event{Type: model.CohortFound, Cohort: &model.Cohort{ID: 5, Kind: model.CohortMoment, Count: 9, Of: 9, Traits: []model.Trait{{Kind: model.TraitCode, Value: "1001 by app"}}}}, // as at a shutdown
			map[string]any{"level": "INFO", "msg": "cohort found", "cohort": 5.0}},
		{model.Event{Type: model.Dropped, Count: 9},
			map[string]any{"level": "WARN", "msg": "events lost", "count": 9.0}},
	} {
		got := lines(t, func(log *slog.Logger) {
			w := writer{log: log}
			w.write(&tc.event)
		})
		if len(got) != 1 {
			t.Fatalf("%s: %d lines", tc.event.Type, len(got))
		}
		for k, v := range tc.want {
			if got[0][k] != v {
				t.Errorf("%s: %s is %v, want %v", tc.event.Type, k, got[0][k], v)
			}
		}
		for k, v := range got[0] {
			if before, known := types[k]; known && before != fmt.Sprintf("%T", v) {
				t.Errorf("%s: %s is a %T, and a %s in other lines", tc.event.Type, k, v, before)
			}
			types[k] = fmt.Sprintf("%T", v)
		}
	}
}

func TestHostSamplesAreNoNews(t *testing.T) {
	if _, ok := describe(&model.Event{Type: model.HostSampled, Host: &model.Host{}}); ok {
		t.Error("a line for a sample of the host")
	}
}

// refusals are n of different clients.
func refusals(n int) []model.Event {
	list := make([]model.Event, n)
	for i := range list {
		list[i] = model.Event{Seq: uint64(i + 1), Type: model.ConnectionRefused, Refusal: &model.Refusal{
			Remote: "10.0.0.9:1", Client: fmt.Sprintf("demo-%04d", i), Status: 503, Reason: "too many at once"}}
	}
	return list
}

// said are the lines with a message.
func said(lines []map[string]any, message string) []map[string]any {
	return slices.DeleteFunc(slices.Clone(lines), func(l map[string]any) bool { return l["msg"] != message })
}

func TestStormIsOneLineEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := make(feed)
		got := lines(t, func(log *slog.Logger) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- Run(ctx, source, log) }()
			source <- refusals(412)
			source <- events(3, model.Event{Type: model.StateChanged, Connection: &connection, To: model.Failed})
			for range 3 { // it goes on
				time.Sleep(time.Second)
				source <- refusals(100)
			}
			time.Sleep(2 * time.Second)
			source <- refusals(2)
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		if n := len(said(got, "connection refused")); n != maxPerSecond+2 {
			t.Errorf("%d refusals have a line, want the first %d and the last 2", n, maxPerSecond)
		}
		if n := len(said(got, "connection failed")); n != 3 {
			t.Errorf("%d failures have a line, want 3", n)
		}
		storm := said(got, "connections refused")
		if len(storm) != 4 || storm[0]["count"] != 402.0 || storm[1]["count"] != 100.0 || storm[3]["count"] != 100.0 {
			t.Fatalf("storm %v", storm)
		}
		if want := "demo-0010, demo-0011, demo-0012, demo-0013, demo-0014, demo-0015, demo-0016, demo-0017 and 394 more"; storm[0]["names"] != want || storm[0]["clients"] != 402.0 || storm[0]["event"] != "connection.refused" {
			t.Errorf("clients %v, want %s", storm[0]["clients"], want)
		}
		if storm[0]["reasons"] != "503: too many at once (402)" || storm[0]["level"] != "WARN" {
			t.Errorf("storm %v", storm[0])
		}
	})
}

// Each client of a drain is asked to wait for another time. That is no other reason to close.
func TestDrainIsOneReason(t *testing.T) {
	var c crowd
	for i := range 100 {
		reason := model.RestartReason(time.Duration(i) * time.Second)
		c.add(&model.Event{Type: model.ConnectionClosed, Connection: &model.Connection{Client: "c", Close: &model.Close{Code: 1012, Reason: reason, By: model.ByHolter}}})
	}
	if why := c.why(); why != "1012 restart by holter (100)" {
		t.Errorf("reasons %s", why)
	}
}

// The crowd of each kind has a line of its own.
func TestCrowdsOfAllKinds(t *testing.T) {
	gone := connection
	gone.Close = &model.Close{Code: 1012, Reason: "deploy", By: model.ByHolter}
	got := lines(t, func(log *slog.Logger) {
		w := writer{log: log, crowded: map[string]bool{"closed": true, "opened": true, "suspect": true, "disturbed": true}}
		for _, e := range []model.Event{
			{Type: model.ConnectionClosed, Connection: &gone},
			{Type: model.ConnectionOpened, Connection: &connection},
			{Type: model.ConnectionOpened, Connection: &connection},
			{Type: model.StateChanged, Connection: &connection, To: model.Suspect},
			{Type: model.FaultSet, Connection: &connection},
			{Type: model.Dropped, Count: 3},
		} {
			w.write(&e)
		}
		w.summarise()
	})
	for message, want := range map[string]map[string]any{
		"connections closed":    {"count": 1.0, "clients": 1.0, "names": "kiosk", "reasons": "1012 deploy by holter (1)", "level": "INFO"},
		"connections opened":    {"count": 2.0, "clients": 1.0, "names": "kiosk"},
		"connections suspect":   {"count": 1.0, "reasons": "no-pong (1)", "level": "WARN"},
		"connections disturbed": {"count": 1.0},
		"events lost":           {"count": 3.0},
	} {
		one := said(got, message)
		if len(one) != 1 {
			t.Errorf("%s: %d lines", message, len(one))
			continue
		}
		for k, v := range want {
			if one[0][k] != v {
				t.Errorf("%s: %s is %v, want %v", message, k, one[0][k], v)
			}
		}
	}
}

func TestShutdownIsStillLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := make(feed, 1)
		got := lines(t, func(log *slog.Logger) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			source <- events(100, model.Event{Type: model.ConnectionClosed, Connection: &connection})
			if err := Run(ctx, source, log); err != nil {
				t.Error(err)
			}
		})
		if len(got) != maxPerSecond+1 || got[maxPerSecond]["count"] != 100.0-maxPerSecond {
			t.Errorf("%d lines, want %d and one for the others", len(got), maxPerSecond)
		}
	})
}

func TestSourceThatFails(t *testing.T) {
	source := make(feed)
	close(source)
	if err := Run(t.Context(), source, slog.New(slog.DiscardHandler)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
}
