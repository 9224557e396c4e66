package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"
)

const firstSecret, secondSecret = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"

// tokenOf is a token of HS256.
func tokenOf(t *testing.T, secret, subject string, lasts time.Duration) string {
	t.Helper()
	claims := jwt.MapClaims{"sub": subject, "aud": "chat", "exp": float64(time.Now().Add(lasts).UnixMilli()) / 1000}
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func secretFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(firstSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// enter opens a WebSocket with a token, and returns the status of the answer.
func enter(t *testing.T, url, token string) (*websocket.Conn, int) {
	t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	c, response, err := websocket.DefaultDialer.Dial(url, header)
	if response == nil {
		t.Fatal(err)
	}
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, response.StatusCode
}

// With a key only clients with a token come in, a proxy's too. The key is replaced while connections stay, a connection ends with its
// token, and a reload takes what is asked of tokens.
func TestTokensOfClients(t *testing.T) {
	t.Parallel()
	backend := start(t, "--on-fail", "observe") // the first client reads nothing for a while
	key := secretFile(t)
	p := launch(t, "proxy", "--jwt-key", key, "--jwt-audience", "chat", "--jwt-leeway", "0s", "--jwt-warn", "1s", "--identity", "jwt:sub", strings.TrimSuffix(backend.page, "/"))
	url := strings.TrimSuffix(p.websocket, "/") + "/ws"
	for token, want := range map[string]int{
		"": 401, "junk": 401, tokenOf(t, secondSecret, "ann", time.Hour): 401, tokenOf(t, firstSecret, "ann", -time.Second): 401,
	} {
		if _, status := enter(t, url, token); status != want {
			t.Errorf("%.20q: status %d, want %d", token, status, want)
		}
	}
	ann, status := enter(t, url, tokenOf(t, firstSecret, "ann", time.Hour))
	if status != http.StatusSwitchingProtocols {
		t.Fatalf("a valid token: status %d", status)
	}

	brief, _ := enter(t, url, tokenOf(t, firstSecret, "ben", 2*time.Second))
	if line := p.line(t, "token expires"); line["client"] != "ben" {
		t.Errorf("%v", line)
	}
	_, _, err := brief.ReadMessage()
	if end, ok := errors.AsType[*websocket.CloseError](err); !ok || end.Code != 4401 || end.Text != "the token has expired" {
		t.Errorf("ended with %v", err)
	}
	if line := p.line(t, "connection closed"); line["client"] != "ben" || line["code"] != 4401.0 || line["by"] != "holter" {
		t.Errorf("%v", line)
	}

	if err := os.WriteFile(key, []byte(secondSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.line(t, "files have changed and were read anew")
	if _, status := enter(t, url, tokenOf(t, secondSecret, "cid", time.Hour)); status != http.StatusSwitchingProtocols {
		t.Errorf("a token of the new key: status %d", status)
	}
	if _, status := enter(t, url, tokenOf(t, firstSecret, "cid", time.Hour)); status != http.StatusUnauthorized {
		t.Errorf("a token of the old key: status %d", status)
	}

	if err := os.WriteFile(filepath.Join(p.cmd.Dir, "holter.yaml"), []byte("jwt-require: [role=admin]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGHUP)
	if line := p.line(t, "settings reloaded"); line["changed"] != "jwt-require" {
		t.Errorf("%v", line)
	}
	if _, status := enter(t, url, tokenOf(t, secondSecret, "cid", time.Hour)); status != http.StatusForbidden {
		t.Errorf("a token without the role: status %d", status)
	}
	if err := ann.WriteMessage(websocket.TextMessage, []byte("still here")); err != nil {
		t.Fatal(err)
	}
	if _, text, err := ann.ReadMessage(); err != nil || string(text) != "still here" {
		t.Errorf("the first connection: %q, %v", text, err)
	}

	response, err := http.Get(p.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"missing\"} 1", "malformed\"} 1", "signature\"} 2", "expired\"} 1", "claim\"} 1", "early\"} 0"} {
		if !strings.Contains(string(text), `holter_handshakes_refused_total{reason="token-`+want) {
			t.Errorf("no refusal is counted as %s", want)
		}
	}
}

// A handshake with a token takes little more of a processor than one without, be it that of a client that comes back or one
// that was never seen.
func TestTokensAreCheap(t *testing.T) {
	long(t, "it measures for some seconds")
	const rounds, each, most = 12, 400, 1.15
	bare := start(t)
	guarded := []string{"--jwt-key", secretFile(t), "--jwt-audience", "chat"}
	token := func(n int) string {
		return "Authorization: Bearer " + tokenOf(t, firstSecret, fmt.Sprint("client ", n), time.Hour) + "\r\n"
	}
	known, none := token(0), func(int) string { return "" }
	for _, c := range []struct {
		name  string
		lines func(int) string
	}{
		{"a token that is known", func(int) string { return known }},
		{"a token of its own for each", token},
	} {
		p := start(t, guarded...)
		ratio := 0.0
		for range 3 {
			var without, with time.Duration
			for round := range rounds { // by turns, so that what else the machine does meets both
				without += handshakes(t, bare, each, none)
				with += handshakes(t, p, each, func(i int) string { return c.lines(round*each + i) })
			}
			ratio = float64(with) / float64(without)
			t.Logf("%s: %v a handshake, without %v: %.2f times", c.name, with/(rounds*each), without/(rounds*each), ratio)
			if ratio <= most {
				break
			}
		}
		if ratio > most {
			t.Errorf("%s takes %.2f times the CPU, want %.2f at most", c.name, ratio, most)
		}
	}
}

// handshakes returns how long a program has run for so many of them. The tokens are made before.
func handshakes(t *testing.T, p *program, n int, lines func(int) string) time.Duration {
	t.Helper()
	all := make([]string, n)
	for i := range all {
		all[i] = lines(i)
	}
	before := cpu(t, p.cmd.Process.Pid)
	for _, lines := range all {
		shake(t, p, lines)
	}
	return cpu(t, p.cmd.Process.Pid) - before
}

// shake connects, upgrades and resets.
func shake(t *testing.T, p *program, lines string) {
	t.Helper()
	address := strings.TrimSuffix(strings.TrimPrefix(p.websocket, "ws://"), "/ws")
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.(*net.TCPConn).SetLinger(0)
	fmt.Fprintf(c, "GET /ws HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", lines)
	if r, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || r.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v %v", r, err)
	}
}
