//go:build unix

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

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

// A thousand rules are read, checked and put in force within 100 ms. Beside other tests that is the time that holter computes.
func TestReloadOfAThousandRules(t *testing.T) {
	p := start(t)
	rules := new(strings.Builder)
	rules.WriteString("alert:\n")
	for i := range 1000 {
		fmt.Fprintf(rules, "- alert: Rule%d\n  expr: share(state=failed path~\"^/rooms/%d\") > 10%% and count(state=failed) >= %d\n  for: 30s\n"+
			"  labels: {severity: page, team: sockets}\n  annotations:\n    summary: '{{ $value }} %% have failed'\n", i, i, i)
	}
	best := time.Hour
	for i := range 5 {
		text := strings.Replace(rules.String(), "30s", fmt.Sprintf("%ds", i+1), -1)
		if err := os.WriteFile(filepath.Join(p.cmd.Dir, "holter.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		before := p.computed()
		p.signal(t, syscall.SIGHUP)
		line := p.line(t, "settings reloaded")
		if line["changed"] != "alert" {
			t.Errorf("%v", line)
		}
		took, _ := line["took_ms"].(float64)
		best = min(best, time.Duration(took)*time.Millisecond)
		if after := p.computed(); after > before {
			best = min(best, after-before)
		}
	}
	t.Logf("a reload of 1000 rules takes %v at best", best)
	if limit := 100 * time.Millisecond; best > limit {
		t.Errorf("%v, more than %v", best, limit)
	}
}

// computed is how long the program has computed, as far as the system says so, in steps of 10 ms.
func (p *program) computed() time.Duration {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// A server without a screen ends with its terminal, and reads its settings anew when it is told to while it has one. Under nohup it
// outlives its terminal.
func TestHangupOfTheTerminalOfAServer(t *testing.T) {
	for name, tc := range map[string]struct {
		trap string
		ends bool
	}{"hangup": {"", true}, "nohup": {"trap '' HUP; ", false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			admin := freePort(t)
			l := online(t, 200, 30, []string{"TERM=xterm"}, "sh", "-c", tc.trap+"exec "+holter+" --headless --admin "+admin+" --listen 127.0.0.1:0")
			l.until(t, "holter listens")
			l.cmd.Process.Signal(syscall.SIGHUP)
			l.until(t, "settings reloaded")
			l.control.Close()
			l.cmd.Process.Signal(syscall.SIGHUP) // its line ends the read that keeps the terminal open
			if tc.ends {
				if code, took := l.ends(t); code != 0 || took > 5*time.Second {
					t.Errorf("exit code %d after %v", code, took)
				}
				return
			}
			for range 3 {
				l.cmd.Process.Signal(syscall.SIGHUP)
			}
			eventually(t, patience, "an answer", func() bool {
				answer, err := http.Get("http://" + admin + "/health")
				return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
			})
			l.cmd.Process.Signal(syscall.SIGTERM)
			if code, _ := l.ends(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}
