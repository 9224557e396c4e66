package ginmonitor_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"holter/model"
	"holter/server"
	"holter/server/ginmonitor"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	goleak.VerifyTestMain(m)
}

// application is one on Gin, of a route that upgrades and closes, behind the middleware.
func application(t *testing.T, m *server.Monitor) *httptest.Server {
	t.Helper()
	var upgrader websocket.Upgrader
	r := gin.New()
	r.Use(ginmonitor.Middleware(m))
	r.GET("/ws", func(c *gin.Context) {
		ws, err := upgrader.Upgrade(c.Writer, c.Request, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		ws.ReadMessage()
	})
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return s
}

// Gin prints what an application does with it in debug mode, and nothing for the monitor's sake, whose package
// leaves that mode as it is.
func TestMiddlewarePrintsNothing(t *testing.T) {
	gin.SetMode(gin.DebugMode)
	writer, errors := gin.DefaultWriter, gin.DefaultErrorWriter
	defer func() {
		gin.DefaultWriter, gin.DefaultErrorWriter = writer, errors
		gin.SetMode(gin.ReleaseMode)
	}()
	var out bytes.Buffer
	gin.DefaultWriter, gin.DefaultErrorWriter = &out, &out
	m := server.New(server.Options{Admin: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	s := application(t, m)
	own := out.String() // what it prints of the application's routes

	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if !strings.Contains(own, "/ws") || strings.Contains(own, "/api/v1") || out.String() != own {
		t.Errorf("printed %s", &out)
	}
	if mode := gin.Mode(); mode != gin.DebugMode {
		t.Errorf("Gin is in mode %s", mode)
	}
}

// A request that the monitor refuses is answered, and reaches no handler.
func TestMiddlewareRefuses(t *testing.T) {
	m := server.New(server.Options{Logger: slog.New(slog.DiscardHandler)})
	if err := m.Source().Refuse(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	s := application(t, m)
	_, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/ws", nil)
	if err == nil || response == nil || response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("error %v, answer %v", err, response)
	}
	events, err := m.Source().Events(t.Context(), 0)
	if err != nil || events[0].Type != model.ConnectionRefused {
		t.Errorf("events %v, error %v", events, err)
	}
}
