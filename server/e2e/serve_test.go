package e2e

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func dial(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.DefaultDialer.DialContext(t.Context(), url+"?client=tester", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(patience))
	return c
}

func TestConnectionInTheLog(t *testing.T) {
	p := start(t)
	c := dial(t, p.websocket)
	opened := p.line(t, "connection opened")
	if opened["client"] != "tester" || opened["generation"] != 1.0 || opened["remote"] != c.LocalAddr().String() {
		t.Errorf("opened: %v", opened)
	}
	if err := c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "enough"), time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	closed := p.line(t, "connection closed")
	if closed["code"] != 4001.0 || closed["reason"] != "enough" || closed["by"] != "peer" {
		t.Errorf("closed: %v", closed)
	}
}

func TestEcho(t *testing.T) {
	c := dial(t, start(t).websocket)
	if err := c.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, got, err := c.ReadMessage(); err != nil || string(got) != "hello" {
		t.Errorf("echo %q, %v", got, err)
	}
}

func TestFirstSignalClosesInOrder(t *testing.T) {
	for s, want := range map[syscall.Signal]int{syscall.SIGINT: websocket.CloseGoingAway, syscall.SIGTERM: websocket.CloseServiceRestart} {
		t.Run(s.String(), func(t *testing.T) {
			p := start(t)
			c := dial(t, p.websocket)
			p.line(t, "connection opened")
			p.signal(t, s)
			_, _, err := c.ReadMessage()
			if !websocket.IsCloseError(err, want) {
				t.Errorf("the client saw %v, want a close frame with %d", err, want)
			}
			closed := p.line(t, "connection closed")
			if closed["by"] != "holter" || closed["code"] != float64(want) {
				t.Errorf("closed: %v", closed)
			}
			if code, took := p.wait(t); code != 0 || took > 5*time.Second {
				t.Errorf("exit code %d after %v, want 0 within 5s: %s", code, took, &p.stderr)
			}
		})
	}
}

func TestShutdownWaitsForNobodyForLong(t *testing.T) {
	p := start(t)
	c := dial(t, p.websocket) // and never reads, so it never answers the close frame
	p.line(t, "connection opened")
	p.signal(t, syscall.SIGINT)
	if code, took := p.wait(t); code != 0 || took > 5*time.Second {
		t.Errorf("exit code %d after %v, want 0 within 5s", code, took)
	}
	c.Close()
}

func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, flag := range []string{"--listen", "--admin"} {
		var stderr strings.Builder
		args := append([]string{"--headless", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, flag, taken.Addr().String())
		cmd := exec.CommandContext(t.Context(), holter, args...)
		cmd.Stderr = &stderr
		err := cmd.Run()
		if e, ok := errors.AsType[*exec.ExitError](err); !ok || e.ExitCode() != 1 {
			t.Errorf("%s: ended with %v, want exit code 1", flag, err)
		}
		line := stderr.String()
		if strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "holter: listen "+taken.Addr().String()) || !strings.Contains(line, flag) {
			t.Errorf("%s: stderr %q", flag, line)
		}
	}
}

func TestPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings.yaml")
	text := "interval: 30s\nmin-timeout: 300ms\nmax-timeout: 3s\nscheme: client\nprofiles: {test: {interval: 20s, scheme: server}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOLTER_INTERVAL", "10s")
	t.Setenv("HOLTER_PROFILE", "test")
	p := start(t, "--config", file, "--on-fail", "observe")
	resp, err := http.Get(p.admin + "/api/v1/summary")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct {
		Scheme     string  `json:"scheme"`
		IntervalMS float64 `json:"interval_ms"`
		OnFail     string  `json:"on_fail"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.IntervalMS != 10_000 || got.Scheme != "server" || got.OnFail != "observe" {
		t.Errorf("got %+v, want the environment's interval, the profile's scheme, the flag's on-fail", got)
	}
}

func TestPageIsServed(t *testing.T) {
	resp, err := http.Get(start(t).page)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		t.Errorf("%s, %s", resp.Status, resp.Header.Get("Content-Type"))
	}
}

func TestDemoBringsClients(t *testing.T) {
	p := start(t, "--demo", "20")
	if client := p.line(t, "connection opened")["client"]; !strings.HasPrefix(client.(string), "demo-") {
		t.Errorf("client %v", client)
	}
	p.signal(t, syscall.SIGINT)
	if code, took := p.wait(t); code != 0 || took > 5*time.Second {
		t.Errorf("exit code %d after %v, want 0 within 5s: %s", code, took, &p.stderr)
	}
}
