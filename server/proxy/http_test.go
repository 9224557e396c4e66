package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"holter/server"
)

// both sends a request to a backend straight and through a proxy, and returns what it answers.
func both(t *testing.T, url, request string) (direct, through *http.Response) {
	t.Helper()
	p := runProxy(t, url, nil)
	parse := func(text string) *http.Response {
		method, _, _ := strings.Cut(request, " ")
		res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		res.Body = io.NopCloser(bytes.NewReader(body))
		res.Header.Del("Date")
		return res
	}
	return parse(recite(t, url, request)), parse(recite(t, p.Addr().String(), request))
}

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// echoHead answers with the head of the request that it got, word for word.
func echoHead(t *testing.T) (url string) {
	return rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		head := readRequest(in)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(head), head)
	})
}

// Every target arrives as it was sent.
func TestProxyTargets(t *testing.T) {
	url := echoHead(t)
	p := runProxy(t, url, nil)
	for _, target := range []string{
		"/", "/?", "/?a=1;b=2", "/?a=%zz", "/a|b", `/"quoted"`, "/^", "/a%2Fb", "/a%2fb", "/%41", "//", "//a", "//a|b?c|d", "//a?",
		"/a/../b", "/a/./b", "/../../etc/passwd", "/a//b", "/a/", "/a;b=c", "/[x]", "/{x}", "/a\\b", "/ü", "/%C3%BC", "/a#b", "/a?b#c",
		"/a?b?c", "/a+b?c+d=%20", "/*", "/'()", "/~!$&,=:@", "/a?" + strings.Repeat("x", 9000), "//" + strings.Repeat("|", 9000),
		"http://other.example/a|b?c",
	} {
		for _, extra := range []string{"", "Upgrade: websocket\r\nConnection: Upgrade\r\n", "Upgrade: h2c\r\nConnection: Upgrade\r\n"} {
			got := recite(t, p.Addr().String(), "GET "+target+" HTTP/1.1\r\nHost: app.example\r\n"+extra+"Connection: close\r\n\r\n")
			_, body, _ := strings.Cut(got, "\r\n\r\n")
			line, _, _ := strings.Cut(body, "\r\n")
			if want := "GET " + target + " HTTP/1.1"; line != want {
				t.Errorf("%.80q arrived as %.80q (%.200q)", want, line, got)
			}
		}
	}
	if got := recite(t, p.Addr().String(), "OPTIONS * HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n"); !strings.Contains(got, "\r\n\r\nOPTIONS * HTTP/1.1\r\n") {
		t.Errorf("OPTIONS * arrived as %q", got)
	}
}

// The fields of a request arrive, and none of holter's own but those that say where it came from.
func TestProxyRequestHeader(t *testing.T) {
	direct, through := both(t, echoHead(t), "GET / HTTP/1.1\r\nHost: app.example:8080\r\nX-Two: a\r\nX-Two: b\r\nCookie: a=b; c=\"d\"\r\n"+
		"Accept: */*\r\nAuthorization: Basic eA==\r\nX-Empty:\r\nConnection: close\r\n\r\n")
	lines := func(head string) []string {
		all := strings.Split(strings.TrimSpace(head), "\r\n")
		all = slices.DeleteFunc(all, func(l string) bool {
			return strings.HasPrefix(l, "X-Forwarded-") || strings.HasPrefix(l, "Connection:")
		})
		for i := range all {
			all[i] = strings.TrimSpace(all[i])
		}
		slices.Sort(all)
		return all
	}
	if d, p := lines(text(t, direct)), lines(text(t, through)); !slices.Equal(d, p) {
		t.Errorf("direct  %q\nproxied %q", d, p)
	}
}

func TestProxyHandshakeNames(t *testing.T) {
	url := echoHead(t)
	got := recite(t, runProxy(t, url, nil).Addr().String(), strings.Replace(chatRequest, "Connection: Upgrade\r\n",
		"Connection: Upgrade, close\r\nOrigin: http://app.example\r\nSec-WebSocket-Protocol: chat\r\n", 1))
	for _, want := range []string{
		"\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "\r\nSec-WebSocket-Version: 13\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n",
		"\r\nOrigin: http://app.example\r\n", "\r\nHost: app.example\r\n", "\r\nUpgrade: websocket\r\n", "\r\nConnection: Upgrade\r\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if strings.Contains(got, "User-Agent") {
		t.Errorf("a User-Agent that no client sent: %q", got)
	}
}

// Whatever a backend answers, its client gets it.
func TestProxyResponses(t *testing.T) {
	for name, tc := range map[string]struct{ request, response string }{
		"plain":         {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nX-A: 2\r\n\r\nhi"},
		"no type":       {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>"},
		"empty type":    {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Type:\r\n\r\n"},
		"close":         {"GET", "HTTP/1.1 200 OK\r\n\r\nuntil the end"},
		"HTTP/1.0":      {"GET", "HTTP/1.0 200 OK\r\n\r\nuntil the end"},
		"chunked":       {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"},
		"trailers":      {"GET", "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n"},
		"head":          {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Type: text/plain\r\n\r\n"},
		"none":          {"GET", "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n"},
		"not modified":  {"GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n"},
		"redirect":      {"GET", "HTTP/1.1 302 Found\r\nLocation: http://app.example/\r\nContent-Length: 0\r\n\r\n"},
		"gzip":          {"GET", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"},
		"unknown":       {"GET", "HTTP/1.1 299 Whatever\r\nContent-Length: 0\r\n\r\n"},
		"cookies":       {"GET", "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n"},
		"authenticate":  {"GET", "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 2\r\n\r\nno"},
		"server error":  {"GET", "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nbusy"},
		"bare newlines": {"GET", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"},
	} {
		t.Run(name, func(t *testing.T) {
			url := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
				readRequest(in)
				io.WriteString(c, tc.response)
			})
			for _, upgrade := range []string{"", "Upgrade: websocket\r\nConnection: Upgrade\r\n"} {
				request := tc.request + " / HTTP/1.1\r\nHost: a\r\n" + upgrade + "Connection: close\r\n\r\n"
				direct, through := both(t, url, request)
				through.Header.Del("Connection")
				if direct.StatusCode != through.StatusCode || fmt.Sprint(direct.Header) != fmt.Sprint(through.Header) ||
					fmt.Sprint(direct.Trailer) != fmt.Sprint(through.Trailer) {
					t.Errorf("direct %v %v %v, through %v %v %v", direct.Status, direct.Header, direct.Trailer, through.Status, through.Header, through.Trailer)
				}
				if d, p := text(t, direct), text(t, through); d != p {
					t.Errorf("direct %q, through %q", d, p)
				}
			}
		})
	}
}

// Old clients get an answer that they understand.
func TestProxyOldClient(t *testing.T) {
	url := backend(t, func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Flush() // chunks, for clients that know them
		io.WriteString(w, r.Proto)
	}).URL
	got := recite(t, runProxy(t, url, nil).Addr().String(), "GET / HTTP/1.0\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.0 200 OK\r\n") || !strings.HasSuffix(got, "\r\n\r\nHTTP/1.1") {
		t.Errorf("%q", got)
	}
}

// Events come one by one, when they are sent.
func TestProxyEventStream(t *testing.T) {
	next := make(chan struct{})
	url := backend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			select {
			case <-next:
			case <-r.Context().Done():
				return
			}
		}
		<-r.Context().Done() // the client's end reaches the backend
	}).URL
	res, err := http.Get(runProxy(t, url, nil).PageURL())
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(res.Body)
	for i := range 3 {
		if line, err := in.ReadString('\n'); err != nil || line != fmt.Sprintf("data: %d\n", i) {
			t.Fatalf("%q, %v", line, err)
		}
		in.ReadString('\n')
		next <- struct{}{}
	}
	res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
}

// A long body goes through in both directions at the same time, with a trailer behind it.
func TestProxyLongBodies(t *testing.T) {
	const size = 20 << 20
	url := backend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		http.NewResponseController(w).EnableFullDuplex()
		n, _ := io.Copy(w, r.Body)
		w.Header().Set("X-Sum", fmt.Sprintf("%d %s", n, r.Trailer.Get("X-Client-Sum")))
	}).URL
	out, in := io.Pipe()
	r, _ := http.NewRequest("POST", runProxy(t, url, nil).PageURL(), out)
	r.Trailer = http.Header{"X-Client-Sum": nil}
	go func() {
		block := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
		for range size / len(block) {
			in.Write(block)
		}
		r.Trailer.Set("X-Client-Sum", "17")
		in.Close()
	}()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, res.Body)
	if err != nil || n != size || res.Trailer.Get("X-Sum") != fmt.Sprintf("%d 17", size) {
		t.Errorf("%d bytes and %v came back: %v", n, res.Trailer, err)
	}
	res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
}

// An upload that the backend does not want is refused before it is sent.
func TestProxyExpectation(t *testing.T) {
	url := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		io.Copy(w, r.Body)
	}).URL
	p := runProxy(t, url, nil)
	for path, want := range map[string]string{"/no": "HTTP/1.1 413", "/yes": "HTTP/1.1 100"} {
		c := connectTo(t, p.Addr().String())
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", path)
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, want) {
			t.Errorf("%s: %q, %v", path, line, err)
		}
	}
}

func TestProxyEarlyHints(t *testing.T) {
	url := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		head := readRequest(in)
		io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")
		if strings.Contains(head, "websocket") {
			io.WriteString(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
	})
	p := runProxy(t, url, nil)
	for _, upgrade := range []string{"", "websocket"} {
		var hints []string
		r, _ := http.NewRequest("GET", p.PageURL(), nil)
		if upgrade != "" {
			r.Header = http.Header{"Upgrade": {upgrade}, "Connection": {"Upgrade"}}
		}
		r = r.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
				hints = append(hints, fmt.Sprint(code, h.Get("Link")))
				return nil
			},
		}))
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if body := text(t, res); !slices.Equal(hints, []string{"103</a.css>"}) || len(body) != 2 || res.Header["Link"] != nil || res.Header["Content-Type"] != nil {
			t.Errorf("%q: %q, then %q with %v", upgrade, hints, body, res.Header)
		}
		res.Body.Close()
	}
}

// A backend that takes its time is waited for, and one that pauses is not cut.
func TestProxySlowAnswer(t *testing.T) {
	pause := 300 * time.Millisecond
	url := backend(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(pause)
		io.WriteString(w, "at last")
	}).URL
	p := runProxy(t, url, func(_ *server.Options, o *Options) { o.UpstreamTimeout = pause / 3 })
	got := recite(t, p.Addr().String(), "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if !strings.HasSuffix(got, "at last") {
		t.Errorf("%q", got)
	}
}

// A body that ends too soon must not look whole.
func TestProxyBrokenBody(t *testing.T) {
	url := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		readRequest(in)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
	})
	res, err := http.Get(runProxy(t, url, nil).PageURL())
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(res.Body); err == nil || string(b) != "only this" {
		t.Errorf("%q, %v", b, err)
	}
	res.Body.Close()
}
