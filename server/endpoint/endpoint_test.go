package endpoint

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"holter/model"
)

// exchange sends raw bytes and reads one answer.
func exchange(t *testing.T, address, request string) *http.Response {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patienceOfTests))
	io.WriteString(c, request)
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func body(t *testing.T, response *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// handshake is an opening handshake, with lines put in the place of those of the same name; a line
// without a value takes the name away.
func handshake(first string, changes ...string) string {
	lines := []string{
		"Host: 127.0.0.1:7070", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
	}
	for _, change := range changes {
		name, value, _ := strings.Cut(change, ":")
		for i, line := range lines {
			if strings.HasPrefix(line, name+":") {
				lines[i] = ""
			}
		}
		if value != "" {
			lines = append(lines, change)
		}
	}
	request := first + "\r\n"
	for _, line := range lines {
		if line != "" {
			request += line + "\r\n"
		}
	}
	return request + "\r\n"
}

func TestUpgrade(t *testing.T) {
	const ws = "GET /ws HTTP/1.1"
	address, _ := serveData(t, "https://app.example")
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"proper":                    {handshake(ws), 101},
		"in other letters":          {handshake(ws, "Upgrade: WebSocket", "Connection: keep-alive, UPGRADE"), 101},
		"from its own page":         {handshake(ws, "Origin: http://127.0.0.1:7070"), 101},
		"from an allowed page":      {handshake(ws, "Origin: https://app.example"), 101},
		"from another page":         {handshake(ws, "Origin: https://evil.example"), 403},
		"from the page's subdomain": {handshake(ws, "Origin: https://x.app.example"), 403},
		"from another port":         {handshake(ws, "Origin: http://127.0.0.1:7072"), 403},
		"from a page without name":  {handshake(ws, "Origin: null"), 403},
		"junk as origin":            {handshake(ws, "Origin: http://%%"), 403},
		"plain GET":                 {"GET /ws HTTP/1.1\r\nHost: x\r\n\r\n", 426},
		"another protocol":          {handshake(ws, "Upgrade: h2c"), 426},
		"old version":               {handshake(ws, "Sec-WebSocket-Version: 8"), 426},
		"no version":                {handshake(ws, "Sec-WebSocket-Version:"), 426},
		"HTTP/1.0":                  {handshake("GET /ws HTTP/1.0"), 426},
		"proxy ate Connection":      {handshake(ws, "Connection: close"), 400},
		"no key":                    {handshake(ws, "Sec-WebSocket-Key:"), 400},
		"short key":                 {handshake(ws, "Sec-WebSocket-Key: c2hvcnQ="), 400},
		"junk as key":               {handshake(ws, "Sec-WebSocket-Key: \x7f!!"), 400},
		"two keys":                  {handshake(ws, "X: y\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400},
		"with a body":               {handshake(ws, "Content-Length: 4") + "body", 400},
		"POST":                      {handshake("POST /ws HTTP/1.1", "Content-Length: 0"), 405},
		"HEAD":                      {handshake("HEAD /ws HTTP/1.1"), 405},
		"no such path":              {handshake("GET /wss HTTP/1.1"), 404},
		"trailing slash":            {handshake("GET /ws/ HTTP/1.1"), 404},
		"junk as method":            {handshake("BREW /ws HTTP/1.1"), 405},
		"64 KiB of client id":       {handshake("GET /ws?client=" + strings.Repeat("x", 70_000) + " HTTP/1.1"), 431},
		"no HTTP at all":            {"\x16\x03\x01\r\n\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			response := exchange(t, address, c.request)
			if response.StatusCode != c.status {
				t.Fatalf("status %d, want %d", response.StatusCode, c.status)
			}
			if c.status == 426 && (response.Header.Get("Upgrade") != "websocket" || response.Header.Get("Sec-WebSocket-Version") != "13") {
				t.Errorf("426 without what to do: %v", response.Header)
			}
			if c.status == 405 && !strings.Contains(response.Header.Get("Allow"), "GET") {
				t.Errorf("405 without what is allowed: %v", response.Header)
			}
			if c.status == 101 {
				return // the body is a WebSocket
			}
			if text := body(t, response); len(text) > 300 || strings.Contains(text, "\x1b") {
				t.Errorf("answer %q", text)
			}
		})
	}
}

func TestRefusedOriginsAreTold(t *testing.T) {
	told := make(chan string, 1)
	d := &endpoint{
		monitor: func(*gin.Context) {},
		private: func() bool { return true },
		refused: func(_ *http.Request, refusal model.Refusal) { told <- refusal.Reason },
		echo:    newEcho(testLimit),
		log:     silent,
	}
	address := servePlane(t, d.routes())
	exchange(t, address, handshake("GET /ws HTTP/1.1", "Origin: https://evil.example"))
	if reason := <-told; !strings.Contains(reason, "https://evil.example") {
		t.Errorf("reason %q", reason)
	}
}

// A handshake that holter's own endpoint refuses is told, whatever is wrong with it; a page that was opened at the
// wrong address is not.
func TestBrokenHandshakesAreTold(t *testing.T) {
	told := make(chan model.Refusal, 1)
	d := &endpoint{
		monitor: func(*gin.Context) {},
		private: func() bool { return true },
		refused: func(_ *http.Request, refusal model.Refusal) { told <- refusal },
		echo:    newEcho(testLimit),
		log:     silent,
	}
	address := servePlane(t, d.routes())
	for _, line := range []string{"GET /ws HTTP/1.1", "GET /nowhere HTTP/1.1", "POST /ws HTTP/1.1"} {
		exchange(t, address, line+"\r\nHost: x\r\n\r\n")
	}
	for _, tc := range []struct {
		request string
		status  int
		says    string
	}{
		{handshake("GET /ws HTTP/1.0", "Upgrade:", "Connection: close"), 426, "proxy_set_header Upgrade $http_upgrade"},
		{handshake("GET /ws HTTP/1.1", "Connection: close"), 400, "Connection: Upgrade"},
		{handshake("GET /ws HTTP/1.1", "Sec-WebSocket-Version: 8"), 426, "must be 13"},
		{handshake("GET /ws HTTP/1.1", "Sec-WebSocket-Key: c2hvcnQ="), 400, "16 bytes"},
		{handshake("GET /chat HTTP/1.1"), 404, "GET /ws"},
		{handshake("POST /ws HTTP/1.1", "Content-Length: 0"), 405, "GET /ws"},
		{handshake("GET /ws HTTP/1.1", "Origin: https://evil.example"), 403, "--allow-origin"},
	} {
		exchange(t, address, tc.request)
		got := <-told
		if got.Status != tc.status || got.By != model.RefusedByHolter || got.Diagnosis.Cause != model.CauseHandshakeBroken || !strings.Contains(got.Diagnosis.Detail, tc.says) {
			t.Errorf("%.60q: told %+v", tc.request, got)
		}
	}
}

func TestPage(t *testing.T) {
	address, _ := serveData(t)
	response := exchange(t, address, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	text, policy := body(t, response), response.Header.Get("Content-Security-Policy")
	if response.StatusCode != 200 || !strings.HasPrefix(text, "<!doctype html>") {
		t.Fatalf("status %d, %.40q", response.StatusCode, text)
	}
	for _, tag := range []string{"script", "style"} {
		if n := strings.Count(text, "<"+tag); n != 1 {
			t.Errorf("%d elements %s, the policy allows one", n, tag)
		}
		_, content, _ := strings.Cut(text, "<"+tag+">")
		content, _, _ = strings.Cut(content, "</"+tag+">")
		sum := sha256.Sum256([]byte(content))
		if want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
			t.Errorf("%s is not in the policy %s", want, policy)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; ") {
		t.Errorf("policy %s", policy)
	}
	if strings.Contains(text, "http://127") || strings.Contains(text, " style=") || strings.Contains(text, " onclick=") {
		t.Error("the page has what its policy forbids")
	}
	head := exchange(t, address, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if head.StatusCode != 200 || head.ContentLength != int64(len(text)) {
		t.Errorf("HEAD: status %d, %d bytes", head.StatusCode, head.ContentLength)
	}
}

// A page that is refused for its origin is told which setting lets it in.
func TestWhatLetsAnOriginIn(t *testing.T) {
	address, _ := serveData(t, "https://app.example")
	for origin, want := range map[string]string{
		"https://evil.example": "--allow-origin https://evil.example lets it in",
		"null":                 "--allow-origin '*' lets it in",
		"http://%%":            "--allow-origin '*' lets it in",
	} {
		if text := body(t, exchange(t, address, handshake("GET /ws HTTP/1.1", "Origin: "+origin))); !strings.Contains(text, want) {
			t.Errorf("%s: %s", origin, text)
		}
	}
}
