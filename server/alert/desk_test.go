package alert

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"holter/model"
	"holter/model/alert"
)

func rules(t *testing.T, texts ...string) []alert.Rule {
	t.Helper()
	list := make([]alert.Rule, len(texts))
	for i, text := range texts {
		if err := list[i].UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

var quiet = slog.New(slog.DiscardHandler)

// ward is what a desk watches: a number of failed connections.
type ward struct {
	mu     sync.Mutex
	failed int
	events []model.Event
}

func (w *ward) set(failed int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = failed
}

func (w *ward) snapshot(context.Context) (model.Snapshot, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := model.Snapshot{Time: time.Now()}
	for i := range w.failed {
		s.Connections = append(s.Connections, model.Connection{ID: model.ID(i + 1), State: model.Failed})
	}
	return s, nil
}

func (w *ward) publish(e model.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

// look has a desk judge what the ward has now.
func (w *ward) look(d *Desk) {
	s, _ := w.snapshot(context.Background())
	d.judge(&s)
}

// running runs a desk's outputs until the test ends. The test has it judge.
func running(t *testing.T, o Options, w *ward) *Desk {
	t.Helper()
	d := New(o, "http://127.0.0.1:7071", w.snapshot, w.publish, quiet)
	ctx, cancel := context.WithCancel(context.Background())
	d.outputs.start(ctx)
	t.Cleanup(func() { cancel(); d.outputs.stop()() })
	return d
}

// hook is a receiver that answers with a status, and keeps what it gets.
type hook struct {
	*httptest.Server
	got chan received
}

type received struct {
	header http.Header
	body   []byte
	notice Notice
}

func newHook(t *testing.T, answer http.HandlerFunc) *hook {
	h := &hook{got: make(chan received, 100)}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := received{header: r.Header, body: body}
		if err := json.Unmarshal(body, &got.notice); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		h.got <- got
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) next(t *testing.T) received {
	t.Helper()
	select {
	case got := <-h.got:
		return got
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
	}
	return received{}
}

func (h *hook) nothing(t *testing.T, what string) {
	t.Helper()
	select {
	case got := <-h.got:
		t.Errorf("%s: %s came", what, got.body)
	default:
	}
}

func TestAWebhookIsToldOfTheBeginningAndTheEnd(t *testing.T) {
	h, w := newHook(t, nil), &ward{failed: 6}
	d := running(t, Options{Alert: rules(t, "Many=count(state=failed) > 5"), AlertWebhook: []string{h.URL + "/in?key=secret"}, AlertSecret: "geheim"}, w)
	w.look(d)
	n := h.next(t).notice
	if n.Version != "4" || n.Status != "firing" || n.GroupLabels["alertname"] != "Many" || n.CommonLabels["alertname"] != "Many" || n.GroupKey != `{}:{alertname="Many"}` ||
		len(n.Alerts) != 1 || n.Alerts[0].Status != "firing" || !n.Alerts[0].EndsAt.IsZero() || n.Alerts[0].StartsAt.IsZero() ||
		n.Alerts[0].Annotations["description"] != "count(state=failed) is 6 (> 5)" || n.Alerts[0].GeneratorURL != "http://127.0.0.1:7071/api/v1/alerts" {
		t.Errorf("%+v", n)
	}
	w.look(d) // it goes on
	w.set(0)
	w.look(d)
	end := h.next(t).notice
	if end.Status != "resolved" || len(end.Alerts) != 1 || end.Alerts[0].Fingerprint != n.Alerts[0].Fingerprint || !end.Alerts[0].EndsAt.After(end.Alerts[0].StartsAt) ||
		!end.Alerts[0].StartsAt.Equal(n.Alerts[0].StartsAt) {
		t.Errorf("%+v", end)
	}
	h.nothing(t, "after the end")
	if len(w.events) != 2 || w.events[0].Type != model.AlertChanged || w.events[0].Alert.State != model.AlertFiring || w.events[1].Alert.State != model.AlertResolved {
		t.Errorf("%+v", w.events)
	}
	if out := d.Book().Outputs[0]; strings.Contains(out.Name, "secret") || !strings.HasPrefix(out.Name, "webhook http://127.0.0.1:") {
		t.Errorf("its name is %s", out.Name)
	}
}
