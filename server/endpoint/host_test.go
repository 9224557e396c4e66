package endpoint

import (
	"net/http"
	"strings"
	"testing"

	"holter/model"
	"holter/server"
)

// A page whose author lets its name point at this machine gets neither a WebSocket nor holter's page. What else comes under
// another name is let in: what is no browser, a proxy on this machine, an address, a name that --allow-origin has.
func TestRebinding(t *testing.T) {
	s := runServer(t, func(_ *server.Options, d *Options) {
		d.AllowOrigin = []string{"https://app.example", "http://box.example:8080"}
	})
	everybody := runServer(t, func(_ *server.Options, d *Options) { d.Listen = ":0" })
	all := runServer(t, func(_ *server.Options, d *Options) { d.AllowOrigin = []string{"*"} })
	const evil, evilPage = "Host: evil.example:7070", "Origin: http://evil.example:7070"
	for _, c := range []struct {
		s       running
		lines   []string
		ws, get int // status
	}{
		{s, []string{"Host: localhost:7070", "Origin: http://localhost:7070"}, 101, 200},
		{s, []string{"Host: LOCALHOST", "Origin: http://localhost"}, 101, 200},
		{s, []string{"Host: app.localhost:7070", "Origin: http://app.localhost:7070"}, 101, 200},
		{s, []string{"Host: localhost.:7070", "Origin: http://localhost.:7070"}, 101, 200},
		{s, []string{"Host: [::1]:7070", "Origin: http://[::1]:7070"}, 101, 200},
		{s, []string{"Host: 10.0.0.7", "Origin: http://10.0.0.7"}, 101, 200},
		{s, []string{evil, evilPage}, 403, 403},
		{s, []string{"Host: localhost.evil.example", "Origin: http://localhost.evil.example"}, 403, 403},
		{s, []string{"Host: 127.0.0.1.evil.example", "Origin: http://127.0.0.1.evil.example"}, 403, 403},
		{s, []string{evil, "Origin:"}, 101, 403},
		{s, []string{"Host: app.example", "Origin: https://app.example"}, 101, 200},
		{s, []string{"Host: app.example:443", "Origin: https://app.example:443"}, 101, 200},
		{s, []string{"Host: box.example:8080", "Origin: http://box.example:8080"}, 101, 200},
		{s, []string{"Host: box.example", "Origin: http://box.example"}, 403, 403},
		{s, []string{evil, evilPage, "X-Forwarded-For: 10.0.0.9"}, 101, 200},
		{s, []string{evil, evilPage, "Forwarded: for=10.0.0.9"}, 101, 200},
		{all, []string{evil, evilPage}, 101, 200},
		{everybody, []string{evil, evilPage}, 101, 200},
	} {
		response := exchange(t, c.s.Addr().String(), handshake("GET /ws HTTP/1.1", c.lines...))
		if response.StatusCode != c.ws {
			t.Errorf("a handshake with %q: status %d, want %d", c.lines, response.StatusCode, c.ws)
		}
		if response.StatusCode == 403 && !strings.Contains(body(t, response), "--allow-origin https://") {
			t.Errorf("%q: the answer does not say what to write", c.lines)
		}
		plain := "GET / HTTP/1.1\r\n" + c.lines[0] + "\r\n" + strings.Join(c.lines[min(2, len(c.lines)):], "\r\n")
		if response := exchange(t, c.s.Addr().String(), strings.TrimRight(plain, "\r\n")+"\r\n\r\n"); response.StatusCode != c.get {
			t.Errorf("the page with %q: status %d, want %d", c.lines, response.StatusCode, c.get)
		}
	}
	if response := exchange(t, s.Addr().String(), "GET / HTTP/1.0\r\n\r\n"); response.StatusCode != 200 {
		t.Errorf("without a Host: status %d", response.StatusCode)
	}
}

func TestRebindingIsTold(t *testing.T) {
	s := runServer(t, nil)
	exchange(t, s.Addr().String(), handshake("GET /ws HTTP/1.1", "Host: evil.example:7070", "Origin: http://evil.example:7070"))
	e := s.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionRefused })
	if r := e.Refusal; r == nil || r.Status != http.StatusForbidden || r.By != model.RefusedByHolter ||
		r.Reason != "host evil.example:7070 is no name of this machine" || !strings.Contains(r.Diagnosis.Detail, "--allow-origin https://evil.example:7070") {
		t.Errorf("told %+v", r)
	}
}
