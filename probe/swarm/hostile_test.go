package swarm

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holter/model"
)

// hostile is a server that means harm.
type hostile struct {
	url     string
	written atomic.Int64 // bytes of answers
}

// newHostile answers each handshake with what serve writes. With a status of 101, head is the beginning of a good
// answer.
func newHostile(t *testing.T, serve func(w io.Writer, head string)) *hostile {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hostile{url: "ws://" + l.Addr().String() + "/"}
	var group sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for c := range open {
			c.Close()
		}
		mu.Unlock()
		group.Wait()
	})
	group.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[c] = true
			mu.Unlock()
			group.Go(func() {
				defer c.Close()
				request, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				sum := sha1.Sum([]byte(request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
				serve(counted{c, &h.written}, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
					"Sec-WebSocket-Accept: "+base64.StdEncoding.EncodeToString(sum[:])+"\r\n")
				io.Copy(io.Discard, c) // until the client has gone
			})
		}
	})
	return h
}

// counted counts what is written.
type counted struct {
	io.Writer
	n *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n.Add(int64(n))
	return n, err
}

// repeat writes a text again and again, up to so many MiB.
func repeat(w io.Writer, text string, mib int) {
	block := []byte(text)
	if len(block) < 16<<10 {
		block = bytes.Repeat(block, 1+(16<<10)/len(text))
	}
	for n := 0; n < mib<<20; n += len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// numbered are lines that are all different.
var numbered = func() string {
	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, "X-%d:\r\n", i)
	}
	return b.String()
}()

// frame is the head of a frame with this length.
func frame(first byte, length uint64) string {
	return string(binary.BigEndian.AppendUint64([]byte{first, 127}, length))
}

// Whatever a server answers to a handshake is one failure with one reason, and takes little memory.
func TestHostileAnswers(t *testing.T) {
	const clients = 20
	for _, test := range []struct {
		name, reason string
		serve        func(w io.Writer, head string)
	}{
		{"endless headers", "answer too long", func(w io.Writer, head string) {
			io.WriteString(w, head)
			repeat(w, numbered, 32)
		}},
		{"an endless header", "answer too long", func(w io.Writer, head string) {
			io.WriteString(w, head+"X: ")
			repeat(w, "x", 32)
		}},
		{"an endless header of the handshake", "answer too long", func(w io.Writer, head string) {
			io.WriteString(w, head+"Sec-WebSocket-Protocol: ")
			repeat(w, "x", 32)
		}},
		{"the same header without end", "answer too long", func(w io.Writer, head string) {
			io.WriteString(w, head)
			repeat(w, "Upgrade: websocket\r\n", 32)
		}},
		{"endless answers before the answer", "answer too long", func(w io.Writer, head string) {
			repeat(w, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 32)
		}},
		{"an endless status line", "answer too long", func(w io.Writer, head string) {
			io.WriteString(w, "HTTP/1.1 200 ")
			repeat(w, "\x1b[31m", 32)
		}},
		{"garbage", "no HTTP answer", func(w io.Writer, head string) { repeat(w, "\x00\xff\x1b[31m", 32) }},
		{"an endless body", "refused with 503", func(w io.Writer, head string) {
			io.WriteString(w, "HTTP/1.1 503 \x1b[31mAway\r\nTransfer-Encoding: chunked\r\n\r\n")
			repeat(w, "1;x=", 32)
		}},
		{"a body that never comes", "refused with 418", func(w io.Writer, head string) {
			io.WriteString(w, "HTTP/1.1 418 \x07\r\nContent-Length: 1000\r\n\r\n")
		}},
		{"a body in drips", "refused with 400", func(w io.Writer, head string) {
			io.WriteString(w, "HTTP/1.1 400 No\r\n\r\n")
			for range 2000 {
				if _, err := io.WriteString(w, "\x1b"); err != nil {
					return
				}
				time.Sleep(time.Millisecond)
			}
		}},
		{"an endless location", "answer too long", func(w io.Writer, head string) {
			io.WriteString(w, "HTTP/1.1 302 No\r\nLocation: ")
			repeat(w, "/", 32)
		}},
		{"many locations", "refused with 302", func(w io.Writer, head string) {
			io.WriteString(w, "HTTP/1.1 302 No\r\n"+strings.Repeat("Location: /"+strings.Repeat("x", 900)+"\r\n", 60)+"\r\n")
		}},
		{"a bad header", "protocol error", func(w io.Writer, head string) { io.WriteString(w, head+"no colon\r\n\r\n") }},
		{"another key", "no WebSocket handshake", func(w io.Writer, head string) {
			io.WriteString(w, strings.Replace(head, "Accept: ", "Accept: x", 1)+"\r\n")
		}},
		{"no end", "end of stream", func(w io.Writer, head string) {
			io.WriteString(w, head)
			w.(counted).Writer.(*net.TCPConn).CloseWrite()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHostile(t, test.serve)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			s, stop := start(t, Options{URL: h.url, Clients: clients, Prefix: "c", Cast: []Role{{Behaviour{Name: "steady"}, model.Policy{Kind: model.PolicyFixed, Base: time.Hour}, 1}}})
			eventually(t, "the failures", func() bool { return s.Stats().Waiting == clients })
			stop()
			runtime.ReadMemStats(&after)
			if failed := s.Report().Failed; failed[test.reason] != clients || len(failed) != 1 {
				t.Errorf("failed: %v, want %q", failed, test.reason)
			}
			if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 8 {
				t.Errorf("took %d MiB", mib)
			}
		})
	}
}

// An answer in drips fails when the time for a handshake is over.
func TestAnAnswerInDrips(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	h := newHostile(t, func(w io.Writer, head string) {
		for i := 0; ; i++ {
			select {
			case <-ended:
				return
			case <-time.After(5 * time.Millisecond):
			}
			if _, err := fmt.Fprintf(w, "%c", head[i%len(head)]); err != nil {
				return
			}
		}
	})
	defer close(ended)
	s, err := New(Options{URL: h.url, Clients: 1, Prefix: "c", Cast: []Role{{Behaviour{Name: "steady"}, model.Policy{}, 1}}})
	if err != nil {
		t.Fatal(err)
	}
	s.dialer.HandshakeTimeout = 100 * time.Millisecond
	if _, err := s.clients[0].dial(t.Context()); err == nil || reason(err) != "timeout" {
		t.Errorf("error %v", err)
	}
}

// What a server sends on an open connection takes little memory too, and ends it for a reason.
func TestHostileMessages(t *testing.T) {
	const clients = 5
	closing := func(code uint16, why string) string {
		return string(append(binary.BigEndian.AppendUint16([]byte{0x88, byte(2 + len(why))}, code), why...))
	}
	for _, test := range []struct {
		name, reason string
		serve        func(w io.Writer, head string)
	}{
		{"an endless frame", "message too long", func(w io.Writer, head string) {
			io.WriteString(w, head+"\r\n"+frame(0x82, 1<<62))
			repeat(w, "x", 32)
		}},
		{"an endless message", "message too long", func(w io.Writer, head string) {
			io.WriteString(w, head+"\r\n\x01\x05hello")
			repeat(w, "\x00\x05hello", 32)
		}},
		{"a negative length", "message too long", func(w io.Writer, head string) { io.WriteString(w, head+"\r\n"+frame(0x82, 1<<63)) }},
		{"a reason to read", "close 4001", func(w io.Writer, head string) { io.WriteString(w, head+"\r\n"+closing(4001, "\x1b[31m\a")) }},
		{"a bad reason", "protocol error", func(w io.Writer, head string) { io.WriteString(w, head+"\r\n"+closing(4001, "\xff")) }},
		{"a bomb that nobody asked for", "protocol error", func(w io.Writer, head string) {
			io.WriteString(w, head+"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n\r\n"+"\xc1\x03abc")
		}},
		{"garbage", "protocol error", func(w io.Writer, head string) {
			io.WriteString(w, head+"\r\n")
			repeat(w, "\xff\x1b[31m", 32)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHostile(t, test.serve)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			s, stop := start(t, Options{URL: h.url, Clients: clients, Prefix: "c", Cast: []Role{{Behaviour{Name: "steady"}, model.Policy{Kind: model.PolicyFixed, Base: time.Hour}, 1}}})
			eventually(t, "the ends", func() bool { return s.Stats().Waiting+s.Stats().GaveUp == clients })
			stop()
			runtime.ReadMemStats(&after)
			if ended := s.Report().Ended; ended[test.reason] != clients || len(ended) != 1 {
				t.Errorf("ended: %v, want %q", ended, test.reason)
			}
			if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 8 {
				t.Errorf("took %d MiB", mib)
			}
		})
	}
}

// The table of reasons does not grow with what a server can think of.
func TestReasonsAreBounded(t *testing.T) {
	r := newRecord()
	for status := range 1000 {
		r.count(r.failed, &refused{status: status})
	}
	sum := 0
	for n := range maps.Values(r.failed) {
		sum += n
	}
	if len(r.failed) > 100 || sum != 1000 || r.failed["other reasons"] < 900 {
		t.Errorf("%d reasons for %d failures: %v", len(r.failed), sum, r.failed)
	}
	for _, port := range []int{1, 2} {
		err := &net.DNSError{Err: fmt.Sprintf("read udp 10.0.0.1:%d->10.0.0.2:53: i/o timeout", port), IsTimeout: true}
		if got := reason(err); got != "lookup: timeout" {
			t.Errorf("reason %q", got)
		}
	}
}

func TestRetryAfterIsBounded(t *testing.T) {
	now := time.Now()
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second, "99999999999999999999999": maxRetryAfter, "9999999999": maxRetryAfter, "-5": 0, "soon": 0, "": 0,
		"Fri, 31 Dec 9999 23:59:59 GMT": maxRetryAfter,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

// What comes before the answer, and is none, is skipped, and what belongs to the first frames is not lost.
func TestAnAnswerAfterOthers(t *testing.T) {
	h := newHostile(t, func(w io.Writer, head string) {
		io.WriteString(w, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"+
			strings.Replace(head, "\r\n", "\r\nSet-Cookie: "+strings.Repeat("x", 5000)+"\r\n", 1)+"\r\n\x81\x05hello\x81\x05again")
	})
	s, _ := start(t, Options{URL: h.url, Clients: 1, Prefix: "c", Cast: []Role{{Behaviour{Name: "steady"}, model.Policy{}, 1}}})
	eventually(t, "the messages", func() bool { return s.Report().MessagesReceived == 2 })
}

// A proxy is on the way as the environment says, and is trusted no more than a server.
func TestThroughAProxy(t *testing.T) {
	for _, secure := range []bool{false, true} {
		begin := httptest.NewServer
		if secure {
			begin = httptest.NewTLSServer
		}
		e := newEchoOn(t, begin)
		var asked atomic.Value
		tunnel := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Store(r.Method + " " + r.Host + " " + r.Header.Get("Proxy-Authorization"))
			far, err := net.Dial("tcp", r.Host)
			if err != nil {
				return
			}
			near, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			io.WriteString(near, "HTTP/1.1 200 Yes\r\nX: y\r\n\r\n")
			go func() { io.Copy(far, near); far.Close() }()
			io.Copy(near, far)
			near.Close()
		}))
		t.Cleanup(tunnel.Close)
		o := one(e, Behaviour{Name: "steady", Beat: 50 * time.Millisecond}, model.Policy{})
		if secure {
			o.URL = strings.Replace(o.URL, "ws", "wss", 1)
			o.URL = "wss" + strings.TrimPrefix(e.URL, "https") + "/ws"
			o.TLS = e.Client().Transport.(*http.Transport).TLSClientConfig
		}
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		proxy, _ := url.Parse(strings.Replace(tunnel.URL, "http://", "http://me:secret@", 1))
		s.way.proxy = proxy
		conn, err := s.clients[0].dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if want := "CONNECT " + strings.TrimPrefix(strings.TrimPrefix(e.URL, "https://"), "http://") + " Basic bWU6c2VjcmV0"; asked.Load() != want {
			t.Errorf("asked the proxy for %v, want %s", asked.Load(), want)
		}
	}
	h := newHostile(t, func(w io.Writer, head string) {
		io.WriteString(w, "HTTP/1.1 407 No\r\n\r\n")
	})
	endless := newHostile(t, func(w io.Writer, head string) { repeat(w, "HTTP/1.1 100 Wait\r\n\r\n", 32) })
	for server, want := range map[*hostile]string{h: "refused by the proxy with 407", endless: "answer too long"} {
		s, err := New(Options{URL: "ws://192.0.2.1/", Clients: 1, Prefix: "c", Cast: []Role{{Behaviour{Name: "steady"}, model.Policy{}, 1}}})
		if err != nil {
			t.Fatal(err)
		}
		s.way.proxy, _ = url.Parse(strings.Replace(server.url, "ws:", "http:", 1))
		if _, err := s.clients[0].dial(t.Context()); err == nil || reason(err) != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
