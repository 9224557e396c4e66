package alert

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// The vector is the one that the libraries of Standard Webhooks are tested with.
func TestTheSignatureIsThatOfStandardWebhooks(t *testing.T) {
	key, err := keyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	sign(h, key, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got := h.Get("webhook-signature"); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("%s", got)
	}
	if h.Get("webhook-id") != "msg_p5jXN8AQM9LWM0D4loKWxJek" || h.Get("webhook-timestamp") != "1614265330" {
		t.Errorf("%v", h)
	}
}

func TestSecrets(t *testing.T) {
	for _, bad := range []string{"whsec_", "whsec_***", "whsec_a"} {
		if _, err := keyOf(bad); err == nil {
			t.Errorf("%s is a key", bad)
		}
	}
	if key, err := keyOf("geheim"); err != nil || string(key) != "geheim" {
		t.Errorf("%s, %v", key, err)
	}
	h := http.Header{}
	if sign(h, nil, "1", time.Now(), nil); h.Get("webhook-signature") != "" {
		t.Error("signed without a key")
	}
}

func TestWhatAnswersMean(t *testing.T) {
	for status, want := range map[int]string{200: "", 204: "", 299: "", 301: "final", 307: "final", 400: "final", 401: "final", 404: "final", 408: "again", 410: "final",
		425: "again", 429: "again", 500: "again", 502: "again", 503: "again", 599: "again"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://192.0.2.1/elsewhere")
			w.WriteHeader(status)
			fmt.Fprintf(w, "no room\nand more")
		}))
		p := newPoster(s.URL)
		err := p.post(context.Background(), []byte("{}"), nil)
		_, final := errors.AsType[*backoff.PermanentError](err)
		if (err == nil) != (want == "") || final != (want == "final") {
			t.Errorf("%d: %v, want %q", status, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Errorf("%d: %v", status, err)
		}
		s.Close()
	}
}

func TestRetryAfterIsObeyedWithinReason(t *testing.T) {
	for after, want := range map[string]time.Duration{"7": 7 * time.Second, "0": time.Second, "-5": time.Second, "99999999999": 5 * time.Minute, "soon": 0, "": 0} {
		err := verdict(&http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {after}}}, nil)
		e, ok := errors.AsType[*backoff.RetryAfterError](err)
		if ok != (want > 0) || ok && e.Duration != want {
			t.Errorf("%q: %v", after, err)
		}
	}
}

// listen answers each connection with a function, and returns the address.
func listen(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				http.ReadRequest(bufio.NewReader(c))
				answer(c)
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "http://" + l.Addr().String() + "/hook?key=secret"
}

func TestHostileReceivers(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(net.Conn)
		want   string // "" if the alert is taken
	}{
		"says nothing":  {func(c net.Conn) { io.Copy(io.Discard, c) }, "it does not answer within"},
		"hangs up":      {func(net.Conn) {}, "it closes the connection without an answer"},
		"is no HTTP":    {func(c net.Conn) { io.WriteString(c, "SSH-2.0-OpenSSH\r\n") }, "malformed HTTP"},
		"endless head":  {func(c net.Conn) { fill(c, "HTTP/1.1 200 OK\r\nX: ", "a") }, "headers exceeded"},
		"endless body":  {func(c net.Conn) { fill(c, "HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("a", 1000)) }, ""},
		"endless error": {func(c net.Conn) { fill(c, "HTTP/1.1 500 No\r\n\r\n", strings.Repeat("a", 1000)) }, "it answers 500: aaa"},
		"body that never ends": {func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok")
			io.Copy(io.Discard, c)
		}, ""},
		"lies about its length": {func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok") }, ""},
		"escapes":               {func(c net.Conn) { io.WriteString(c, "HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\n\x1b[31mred\n") }, "it answers 500"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPoster(listen(t, tt.answer))
			if p.client.Timeout = time.Second / 2; strings.HasPrefix(name, "endless") {
				p.client.Timeout = time.Minute // it is not needed
			}
			began := time.Now()
			err := p.post(context.Background(), []byte("{}"), nil)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %s", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || len(err.Error()) > 300) {
				t.Errorf("the error is %v", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// fill writes a beginning and then the same again and again, until nobody reads.
func fill(w io.Writer, begin, more string) {
	_, err := io.WriteString(w, begin)
	for err == nil {
		_, err = io.WriteString(w, more)
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	p := newPoster("http://" + l.Addr().String())
	if err := p.post(context.Background(), nil, nil); err == nil || err.Error() != "connection refused" {
		t.Errorf("%v", err)
	}
}

func TestAddressesAreShownWithoutSecrets(t *testing.T) {
	for address, want := range map[string]string{
		"https://hooks.slack.example/services/T0/B1/geheim": "https://hooks.slack.example/…",
		"https://ann:geheim@hooks.example":                  "https://hooks.example",
		"https://hooks.example/?key=geheim":                 "https://hooks.example/…",
		"http://[::1]:8080/":                                "http://[::1]:8080",
	} {
		p := newPoster(address)
		if p.shown() != want {
			t.Errorf("%s is shown as %s", address, p.shown())
		}
	}
	if err := (Options{AlertWebhook: []string{"htp://x/geheim"}}).Validate(); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("%v", err)
	}
	if u, _ := url.Parse("http://a.example:9093/prefix/"); newManager(u.String(), "", quiet).poster.address.String() != "http://a.example:9093/prefix/api/v2/alerts" {
		t.Errorf("%s", newManager(u.String(), "", quiet).poster.address)
	}
}
