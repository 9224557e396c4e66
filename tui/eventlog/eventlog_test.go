package eventlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/netip"
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
	for _, tc := range []struct {
		event model.Event
		want  map[string]any
	}{
		{model.Event{Type: model.ConnectionOpened, Connection: &connection},
			map[string]any{"level": "INFO", "msg": "connection opened", "id": "c17", "client": "kiosk", "generation": 2.0, "remote": "10.0.0.1:4711", "path": "/ws"}},
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
	}
}

func TestHostSamplesAreNoNews(t *testing.T) {
	if _, ok := describe(&model.Event{Type: model.HostSampled, Host: &model.Host{}}); ok {
		t.Error("a line for a sample of the host")
	}
}

func TestStormIsSummarisedEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := make(feed)
		got := lines(t, func(log *slog.Logger) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- Run(ctx, source, log) }()
			source <- events(9000, model.Event{Type: model.ConnectionClosed, Connection: &connection})
			source <- events(3, model.Event{Type: model.StateChanged, Connection: &connection, To: model.Failed})
			time.Sleep(1500 * time.Millisecond)
			source <- events(2, model.Event{Type: model.ConnectionOpened, Connection: &connection})
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		if len(got) != maxPerSecond+1+2 {
			t.Fatalf("%d lines, want %d, a summary and 2", len(got), maxPerSecond)
		}
		if s := got[maxPerSecond]; s["closed"] != 9000.0-maxPerSecond || s["failed"] != 3.0 || s["opened"] != nil {
			t.Errorf("summary %v", s)
		}
	})
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
		if len(got) != maxPerSecond+1 {
			t.Errorf("%d lines, want %d and a summary", len(got), maxPerSecond)
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
