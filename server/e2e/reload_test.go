//go:build unix

package e2e

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
)

// A reload by signal or by the API takes limits, rules and the look of the log from the file, and touches no connection. What needs
// a restart is named, and with a mistake in the file nothing changes.
func TestReload(t *testing.T) {
	p := start(t)
	c := dial(t, p.websocket)
	file := filepath.Join(p.cmd.Dir, "holter.yaml")
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("max-conns: 1\ninterval: 3s\nalert: [Many=clients > 0]\n")
	p.signal(t, syscall.SIGHUP)
	if line := p.line(t, "settings reloaded"); line["by"] != "signal" || line["changed"] != "alert, max-conns" || line["needs_restart"] != "interval" {
		t.Errorf("%v", line)
	}
	if _, r, err := websocket.DefaultDialer.Dial(p.websocket, nil); err == nil || r == nil || r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("beyond the new limit: %v", err)
	}
	p.line(t, "alert firing")

	post := func(want int, has ...string) {
		t.Helper()
		answer, err := http.Post(p.admin+"/api/v1/reload", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		status, body := answer.StatusCode, string(text)
		for _, text := range has {
			if status != want || !strings.Contains(body, text) {
				t.Errorf("%d %s, want %d with %s", status, body, want, text)
			}
		}
	}
	put("max-conns: 2\ninterval: 3s\nalert: [Many=clients > 0]\n")
	post(200, `"changed":[{"name":"max-conns","was":"1","is":"2","origin":"holter.yaml:1"}]`, `"kept":[{"name":"interval","was":"5s","is":"3s","origin":"holter.yaml:2"}]`)
	second := dial(t, p.websocket)
	put("max-conns: 3\nalert: [Many=clints > 0]\n")
	post(422, `"code":"bad_settings"`, `holter.yaml:2:9: expr, position `)
	p.line(t, "settings not reloaded")
	if _, r, err := websocket.DefaultDialer.Dial(p.websocket, nil); err == nil || r == nil || r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a reload that failed changed the limit: %v", err)
	}
	for _, c := range []*websocket.Conn{c, second} {
		if err := c.WriteMessage(websocket.TextMessage, []byte("still here")); err != nil {
			t.Error(err)
		}
		if _, text, err := c.ReadMessage(); err != nil || string(text) != "still here" {
			t.Errorf("%q, %v", text, err)
		}
	}
}
