package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"holter/server/api"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	goleak.VerifyTestMain(m)
}

var silent = slog.New(slog.DiscardHandler)

// patienceOfTests is how long a test waits for what must happen.
const patienceOfTests = 10 * time.Second

func listenLoopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dial(t *testing.T, address net.Addr) net.Conn {
	t.Helper()
	c, err := net.DialTimeout("tcp", address.String(), patienceOfTests)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patienceOfTests))
	return c
}

// runUntilEnd calls run until the test is over or the returned function is called, which answers what
// run does. The test fails with an error of run's.
func runUntilEnd(t testing.TB, run func(context.Context) error) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patienceOfTests):
			return errors.New("what runs does not stop")
		}
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return stop
}

// call sends one request, with header lines of the form "Name: value".
func call(t *testing.T, url, method, path, content string, header ...string) (status int, answer string, got http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if r.Header.Set(name, value); name == "Host" {
			r.Host = value
		}
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patienceOfTests}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode, body(t, response), response.Header
}

// wantError wants answer to be an error of the API, and short.
func wantError(t *testing.T, answer string) (message string) {
	t.Helper()
	var e api.Error
	if err := json.Unmarshal([]byte(answer), &e); err != nil || e.Error.Code == "" || e.Error.Message == "" || len(answer) > 600 {
		t.Errorf("answer %.700s", answer)
	}
	return e.Error.Message
}
