package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/server/api"
)

// backend is somebody's application: it echoes, and tells how each connection ended.
func backend(t *testing.T) (s *httptest.Server, ends chan error) {
	ends = make(chan error, 100)
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !websocket.IsWebSocketUpgrade(r) {
			io.WriteString(w, "a page, asked for as "+r.RequestURI)
			return
		}
		c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, message, err := c.ReadMessage()
			if err != nil {
				ends <- err
				return
			}
			c.WriteMessage(kind, message)
		}
	}))
	t.Cleanup(s.Close)
	return s, ends
}

func TestProxy(t *testing.T) {
	t.Parallel()
	app, ends := backend(t)
	app.Start()
	p := launch(t, "proxy", app.URL, "--interval", "100ms")
	c := dial(t, p.websocket)
	if opened := p.line(t, "connection opened"); opened["client"] != "tester" || opened["remote"] != c.LocalAddr().String() {
		t.Errorf("opened: %v", opened)
	}
	if err := c.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, got, err := c.ReadMessage(); err != nil || string(got) != "hello" {
		t.Fatalf("echo %q, %v", got, err)
	}
	if s := p.summary(t); s.OnFail != "observe" {
		t.Errorf("on-fail is %q, want observe in front of somebody else's application", s.OnFail)
	}
	p.kick(t, api.Kick{Q: "client=tester", Code: 4000, Reason: "enough"})
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, 4000) {
		t.Errorf("the client sees %v, want a close frame with 4000", err)
	}
	if err := <-ends; !websocket.IsCloseError(err, 4000) {
		t.Errorf("the backend sees %v, want a close frame with 4000", err)
	}
	if closed := p.line(t, "connection closed"); closed["code"] != 4000.0 || closed["by"] != "holter" {
		t.Errorf("closed: %v", closed)
	}

	c = dial(t, p.websocket)
	p.line(t, "connection opened")
	p.signal(t, syscall.SIGTERM)
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
		t.Errorf("the client sees %v at the end, want a close frame with 1012", err)
	}
	if err := <-ends; !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
		t.Errorf("the backend sees %v at the end, want a close frame with 1012", err)
	}
	if code, took := p.wait(t); code != 0 || took > 5*time.Second {
		t.Errorf("exit code %d after %v, want 0 within 5s: %s", code, took, &p.stderr)
	}
}

func TestProxyPassesPages(t *testing.T) {
	t.Parallel()
	app, _ := backend(t)
	app.StartTLS()
	p := launch(t, "proxy", app.URL, "--insecure-upstream")
	status, body := fetch(t, p.page+"/a/../b?x;y", "")
	if status != http.StatusOK || body != "a page, asked for as //a/../b?x;y" {
		t.Errorf("%d %q", status, body)
	}
	p.signal(t, syscall.SIGINT)
	p.wait(t)
	if !strings.HasPrefix(p.stderr.String(), "holter: warning: --insecure-upstream") {
		t.Errorf("stderr %q", &p.stderr)
	}
}

func TestProxyOfNothing(t *testing.T) {
	t.Parallel()
	app, _ := backend(t)
	app.Start()
	app.Close()
	p := launch(t, "proxy", app.URL)
	status, body := fetch(t, p.page, "text/html")
	if status != http.StatusBadGateway || !strings.HasPrefix(body, "<!doctype html>") || !strings.Contains(body, app.URL) {
		t.Errorf("%d %q", status, body)
	}
	var answer api.Error
	status, body = fetch(t, p.page, "application/json")
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusBadGateway || answer.Error.Code != "bad_gateway" {
		t.Errorf("%d %q: %v", status, body, err)
	}
}

// fetch asks for a URL as it stands.
func fetch(t *testing.T, url, accept string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestProxyWritesOnlyItsLog(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), holter, "proxy", "http://127.0.0.1:9", "--headless", "--log-format", "json",
		"--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if line, err := bufio.NewReader(out).ReadString('\n'); !strings.HasPrefix(line, `{"time"`) {
		t.Errorf("the first line is %q, %v, want JSON", line, err)
	}
}
