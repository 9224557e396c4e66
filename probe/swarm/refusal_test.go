package swarm

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"holter/model"
)

// What a refusal says is kept, up to a bound and without what could harm a terminal.
func TestWhatRefusalsSay(t *testing.T) {
	long := strings.Repeat("long ", 1000)
	for _, test := range []struct{ name, answer, location, body string }{
		{"a length", "HTTP/1.1 401 No\r\nContent-Length: 13\r\n\r\ntoken expired and more", "", "token expired"},
		{"chunks", "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ntoken \r\n7\r\nexpired\r\n0\r\n\r\n", "", "token expired"},
		{"half a chunk", "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n20\r\ntoken", "", "token"},
		{"until the end", "HTTP/1.1 500 No\r\n\r\n<h1>Oops</h1>\r\n", "", "<h1>Oops</h1>"},
		{"no body", "HTTP/1.1 204 No\r\nLocation: /x\r\n\r\n", "/x", ""},
		{"a redirection", "HTTP/1.1 302 No\r\nlocation:  https://login.example/?back=1 \r\nContent-Length: 0\r\n\r\n", "https://login.example/?back=1", ""},
		{"colours", "HTTP/1.1 400 No\r\nLocation: /\x1b[31m\r\nContent-Length: 12\r\n\r\n\x1b[31m\x07red\r\n\x00", "/\uFFFD[31m", "\uFFFD[31m\uFFFDred \uFFFD"},
		{"much", "HTTP/1.1 400 No\r\nContent-Length: 5000\r\n\r\n" + long, "", long[:longestText] + "…"},
		{"a long way", "HTTP/1.1 301 No\r\nLocation: /" + long + "\r\nContent-Length: 0\r\n\r\n", "", ""},
		{"a bad length", "HTTP/1.1 400 No\r\nContent-Length: many\r\n\r\nhello", "", "hello"},
		{"two lengths", "HTTP/1.1 400 No\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nhello", "", "hello"},
		{"a length that lies", "HTTP/1.1 400 No\r\nContent-Length: 500\r\n\r\nhello", "", "hello"},
		{"hints before", "HTTP/1.1 103 Hints\r\nLocation: /early\r\nContent-Length: 9\r\n\r\nHTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno", "", "no"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHostile(t, func(w io.Writer, _ string) { io.WriteString(w, test.answer) })
			s, err := New(Options{URL: h.url, Clients: 1, Prefix: "c", Cast: []Role{{steady, model.Policy{}, 1}}})
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			_, err = s.clients[0].dial(t.Context())
			r, ok := errors.AsType[*refused](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if r.location != test.location || !strings.HasPrefix(r.body, test.body) || test.body == "" && r.body != "" || utf8.RuneCountInString(r.body) > longestText+1 {
				t.Errorf("to %q, says %q; want %q and %q", r.location, r.body, test.location, test.body)
			}
			if took := time.Since(begin); took > handshakeTimeout/2 {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestTheReportShowsWhatRefusalsSay(t *testing.T) {
	r := newRecord()
	for range 3 {
		r.refusal(&refused{status: 401})
		r.refusal(&refused{status: 401, body: "token expired"})
		r.refusal(&refused{status: 302, location: "/login"})
		r.refusal(errNoHTTP)
	}
	s := &Swarm{options: Options{URL: "ws://h/", Cast: []Role{{}}}, record: r}
	s.clock = testClock
	report := s.Report()
	want := []Refusal{{401, 6, "", "token expired"}, {302, 3, "/login", ""}}
	if len(report.Refusals) != 2 || report.Refusals[0] != want[0] || report.Refusals[1] != want[1] {
		t.Errorf("%+v, want %+v", report.Refusals, want)
	}
	var text strings.Builder
	report.Write(&text)
	for _, line := range []string{`said        401: "token expired"`, `            302: to /login`} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("%q is missing in\n%s", line, &text)
		}
	}
	for status := range 1000 {
		r.refusal(&refused{status: status, body: "x"})
	}
	if len(r.refusals) > maxReasons {
		t.Errorf("%d statuses are kept", len(r.refusals))
	}
}

// A server's choice of a subprotocol is judged as browsers do it.
func TestSubprotocolsAreJudgedAsInABrowser(t *testing.T) {
	for _, test := range []struct {
		offered []string
		head    string // of the answer
		want    error
	}{
		{nil, "", nil},
		{nil, "Sec-WebSocket-Protocol: chat\r\n", errSubprotocol},
		{[]string{"chat", "mqtt"}, "Sec-WebSocket-Protocol: mqtt\r\n", nil},
		{[]string{"chat"}, "", errNoSubprotocol},
		{[]string{"chat"}, "Sec-WebSocket-Protocol: Chat\r\n", errSubprotocol},
		{[]string{"chat", "mqtt"}, "Sec-WebSocket-Protocol: chat, mqtt\r\n", errSubprotocol},
		{[]string{"chat"}, "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n", errSubprotocol},
		{[]string{"chat"}, "Sec-WebSocket-Protocol:\r\n", errSubprotocol},
	} {
		h := newHostile(t, func(w io.Writer, head string) { io.WriteString(w, head+test.head+"\r\n") })
		s, err := New(Options{URL: h.url, Clients: 1, Prefix: "c", Subprotocols: test.offered, Cast: []Role{{steady, model.Policy{}, 1}}})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := s.clients[0].dial(t.Context())
		if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("offered %v, answer %q: %v, want %v", test.offered, test.head, err, test.want)
		}
		if conn != nil {
			conn.Close()
		}
	}
}
