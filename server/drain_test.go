package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	coder "github.com/coder/websocket"

	"holter/server"
)

// An application drains its monitor before it stops. Its clients hear of a restart, whatever library it uses.
func TestDrainOfAnApplication(t *testing.T) {
	monitor := server.New(server.Options{})
	defer run(monitor)()
	application := httptest.NewServer(monitor.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := coder.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow()
		ws.Read(r.Context())
	})))
	defer application.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ends := make(chan error, 10)
	for range cap(ends) {
		c, _, err := coder.Dial(ctx, strings.Replace(application.URL, "http", "ws", 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		go func() {
			_, _, err := c.Read(ctx)
			ends <- err
		}()
	}
	begin := time.Now()
	if err := monitor.Drain(ctx, 500*time.Millisecond); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took < 450*time.Millisecond || took > patience/2 {
		t.Errorf("drained in %v", took)
	}
	words := regexp.MustCompile(`restart; retry-after=[0-9]+\.[0-9]`)
	for range cap(ends) {
		if err := <-ends; coder.CloseStatus(err) != coder.StatusServiceRestart || !words.MatchString(err.Error()) {
			t.Errorf("a client saw %v", err)
		}
	}
	_, answer, err := coder.Dial(ctx, strings.Replace(application.URL, "http", "ws", 1), nil)
	if err == nil || answer == nil || answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("a newcomer got %+v, %v", answer, err)
	}
	if res, err := http.Get(application.URL + "/plain"); err != nil || res.StatusCode == http.StatusServiceUnavailable {
		t.Errorf("a plain request got %+v, %v", res, err)
	} else {
		res.Body.Close()
	}
}

// A monitor with invalid options watches nothing, and so has nothing to drain.
func TestDrainOfNothing(t *testing.T) {
	monitor := server.New(server.Options{Scheme: "none of these"})
	if err := monitor.Drain(t.Context(), time.Hour); err != nil {
		t.Error(err)
	}
}
