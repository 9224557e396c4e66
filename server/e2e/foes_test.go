package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// foes are programs that abuse both planes of a holter. Each does so again and again, with one connection at a time.
type foes struct {
	data, admin string // host and port
	upgraded    atomic.Int64
	refused     atomic.Int64 // upgrades

	mu       sync.Mutex
	acts     map[string]int
	mistakes []string // answers that are not the customary ones
}

// foe is one kind of abuse. It returns when it is over or ctx is, and says what was not as it should be.
type foe struct {
	name string
	act  func(f *foes, ctx context.Context, name string) error
}

var allFoes = []foe{
	{"half", halfARequest},
	{"hangup", hangUp},
	{"head", headWithoutEnd},
	{"noise", noise},
	{"frame", illegalFrame},
	{"fragments", fragmentsWithoutEnd},
	{"flood", floodWithoutReading},
	{"mute", noPong},
	{"forger", forgedAddress},
	{"call", hostileCalls},
	{"idler", slowSubscribers},
}

const (
	foePause = 400 * time.Millisecond
	foeHolds = 3 * time.Second // what does harm by lasting
)

func newFoes(t *testing.T, p *program) *foes {
	t.Helper()
	f := &foes{acts: map[string]int{}}
	for address, host := range map[string]*string{p.page: &f.data, p.admin: &f.admin} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		*host = u.Host
	}
	return f
}

// loose lets each of the foes loose, so many of each kind. The function that it returns ends them and waits for them.
func (f *foes) loose(ctx context.Context, each int) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	for _, kind := range allFoes {
		for i := range each {
			all.Go(func() {
				name := fmt.Sprintf("foe-%s-%d", kind.name, i)
				for ctx.Err() == nil {
					err := kind.act(f, ctx, name)
					f.note(kind.name, err)
					pause(ctx, foePause)
				}
			})
		}
	}
	return func() {
		stop()
		all.Wait()
	}
}

func (f *foes) note(kind string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.acts[kind]++
	if err != nil && len(f.mistakes) < mostMistakes {
		f.mistakes = append(f.mistakes, kind+": "+err.Error())
	}
}

// found returns what was not as it should be, and how often each foe did its worst.
func (f *foes) found() (mistakes []string, acts string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mistakes, fmt.Sprint(f.acts)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// reach connects to an address, with a limit to all that follows.
func reach(ctx context.Context, address string) (*net.TCPConn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		if ctx.Err() != nil {
			err = nil
		}
		return nil, err
	}
	c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn), nil
}

// break resets a connection.
func breakOff(c *net.TCPConn) {
	c.SetLinger(0)
	c.Close()
}

// halfARequest begins a handshake and does not go on.
func halfARequest(f *foes, ctx context.Context, name string) error {
	c, err := reach(ctx, f.data)
	if c == nil {
		return err
	}
	defer breakOff(c)
	io.WriteString(c, "GET /ws?client="+name+" HTTP/1.1\r\nHost: "+f.data+"\r\nUpgrade: websocket\r\n")
	pause(ctx, foeHolds)
	return nil
}

// hangUp connects and resets, often.
func hangUp(f *foes, ctx context.Context, name string) error {
	for range 20 {
		c, err := reach(ctx, f.data)
		if c == nil {
			return err
		}
		breakOff(c)
	}
	return nil
}

// headWithoutEnd sends one header field after the other.
func headWithoutEnd(f *foes, ctx context.Context, name string) error {
	c, err := reach(ctx, f.data)
	if c == nil {
		return err
	}
	defer c.Close()
	io.WriteString(c, "GET /ws?client="+name+" HTTP/1.1\r\nHost: "+f.data+"\r\n")
	field := "X-Field: " + strings.Repeat("a", 1000) + "\r\n"
	for range 4000 {
		if _, err := io.WriteString(c, field); err != nil {
			return nil // it has hung up on us
		}
	}
	io.WriteString(c, "\r\n")
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err == nil && response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		return fmt.Errorf("4 MB of header fields were answered with %s", response.Status)
	}
	return nil
}

// noise sends what is no HTTP/1.
func noise(f *foes, ctx context.Context, name string) error {
	for _, text := range []string{
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("x", 200),
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\r\n\r\n\r\n\x00\x00\x00\r\n\r\n",
		"GET /ws HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"GET /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
	} {
		c, err := reach(ctx, f.data)
		if c == nil {
			return err
		}
		io.WriteString(c, text)
		c.CloseWrite()
		answer, err := io.ReadAll(io.LimitReader(c, 1<<20))
		c.Close()
		if bytes.Contains(answer, []byte(" 101 ")) || bytes.Contains(answer, []byte(" 200 ")) {
			return fmt.Errorf("%.20q was answered with %.40q, %v", text, answer, err)
		}
	}
	return nil
}

// upgrade opens a WebSocket without a library. The connection is nil if it was refused.
func (f *foes) upgrade(ctx context.Context, name, fields string) (*net.TCPConn, *bufio.Reader, error) {
	c, err := reach(ctx, f.data)
	if c == nil {
		return nil, nil, err
	}
	io.WriteString(c, "GET /ws?client="+name+" HTTP/1.1\r\nHost: "+f.data+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"+fields+"\r\n")
	in := bufio.NewReader(c)
	response, err := http.ReadResponse(in, nil)
	switch {
	case err != nil:
	case response.StatusCode == http.StatusSwitchingProtocols:
		f.upgraded.Add(1)
		return c, in, nil
	case response.StatusCode == http.StatusServiceUnavailable:
		f.refused.Add(1)
	default:
		err = fmt.Errorf("a handshake was answered with %s", response.Status)
	}
	c.Close()
	return nil, nil, err
}

// frame is a frame of a client's with a mask of zeros.
func frame(first byte, payload []byte) []byte {
	head := []byte{first}
	switch n := len(payload); {
	case n < 126:
		head = append(head, 0x80|byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 0x80|126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 0x80|127), uint64(n))
	}
	return append(append(head, 0, 0, 0, 0), payload...)
}

// illegalFrame sends what RFC 6455 forbids. The connection must end.
func illegalFrame(f *foes, ctx context.Context, name string) error {
	for what, bytes := range map[string][]byte{
		"a reserved opcode":   frame(0x83, nil),
		"a reserved bit":      frame(0xc1, []byte("hello")),
		"no mask":             {0x81, 2, 'h', 'i'},
		"a ping in fragments": frame(0x09, nil),
		"a large ping":        frame(0x89, make([]byte, 126)),
		"no beginning":        frame(0x80, []byte("hello")),
		"a length of 63 bits": {0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0},
		"no UTF-8":            frame(0x81, []byte{0xff, 0xfe}),
		"an illegal code":     frame(0x88, []byte{0x03, 0xed}),
	} {
		if ctx.Err() != nil {
			return nil
		}
		c, in, err := f.upgrade(ctx, name, "")
		if c == nil {
			return err
		}
		c.Write(bytes)
		_, err = io.Copy(io.Discard, in)
		c.Close()
		if e, ok := err.(net.Error); ok && e.Timeout() {
			return fmt.Errorf("%s did not end the connection", what)
		}
	}
	return nil
}

// fragmentsWithoutEnd sends a message that has no last fragment.
func fragmentsWithoutEnd(f *foes, ctx context.Context, name string) error {
	c, in, err := f.upgrade(ctx, name, "")
	if c == nil {
		return err
	}
	defer c.Close()
	c.Write(frame(0x02, []byte("begin")))
	more := bytes.Repeat(frame(0x00, make([]byte, 1000)), 16)
	for range 1000 {
		if _, err := c.Write(more); err != nil {
			return nil
		}
	}
	if _, err = io.Copy(io.Discard, in); err != nil {
		return fmt.Errorf("a message of 16 MB was taken: %v", err)
	}
	return nil
}

// floodWithoutReading sends messages and takes no echo.
func floodWithoutReading(f *foes, ctx context.Context, name string) error {
	c, _, err := f.upgrade(ctx, name, "")
	if c == nil {
		return err
	}
	defer breakOff(c)
	text := frame(0x82, make([]byte, 64<<10))
	c.SetWriteDeadline(time.Now().Add(foeHolds))
	for err == nil && ctx.Err() == nil {
		_, err = c.Write(text)
	}
	return nil
}

// noPong answers no ping. Holter gives the connection up, or it is broken off before that.
func noPong(f *foes, ctx context.Context, name string) error {
	c, in, err := f.upgrade(ctx, name, "")
	if c == nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { breakOff(c) })()
	defer breakOff(c)
	io.Copy(io.Discard, in)
	return nil
}

// forgedAddress comes with headers that speak of other clients.
func forgedAddress(f *foes, ctx context.Context, name string) error {
	c, in, err := f.upgrade(ctx, name, "X-Forwarded-For: 127.0.0.1, 10.0.0.1\r\nX-Real-IP: 10.0.0.2\r\nForwarded: for=10.0.0.3\r\nX-Client-ID: regular-00001\r\n")
	if c == nil {
		return err
	}
	defer c.Close()
	c.Write(frame(0x88, []byte{0x03, 0xe8}))
	io.Copy(io.Discard, in)
	return nil
}

// hostileCalls asks the admin plane for what it must refuse.
func hostileCalls(f *foes, ctx context.Context, name string) error {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	for _, call := range []struct{ method, path, body string }{
		{"POST", "/api/v1/kick", `{"q": "`},
		{"POST", "/api/v1/kick", `{"q": ""}`},
		{"POST", "/api/v1/kick", strings.Repeat("[", 100_000)},
		{"POST", "/api/v1/faults", `{"q": "all", "faults": ["explode"]}`},
		{"POST", "/api/v1/refuse", `{"for_ms": "` + strings.Repeat("9", 1<<20) + `"}`},
		{"GET", "/api/v1/connections?q=client~(((((", ""},
		{"GET", "/api/v1/connections?limit=-1", ""},
		{"GET", "/api/v1/connections/c0", ""},
		{"GET", "/api/v1/events?since=-1", ""},
		{"GET", "/../../etc/passwd", ""},
		{"DELETE", "/api/v1/connections/c0?code=1005", ""},
	} {
		request, err := http.NewRequestWithContext(ctx, call.method, "http://"+f.admin+call.path, strings.NewReader(call.body))
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			if len(call.body) > 1<<16 {
				continue // refused before all of it was sent
			}
			return fmt.Errorf("%s %s: %v", call.method, call.path, err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode < 400 || response.StatusCode >= 500 {
			return fmt.Errorf("%s %s was answered with %s", call.method, call.path, response.Status)
		}
	}
	return nil
}

// slowSubscribers ask for streams and do not read them.
func slowSubscribers(f *foes, ctx context.Context, name string) error {
	for _, path := range []string{"/api/v1/events", "/api/v1/snapshots?every_ms=1000"} {
		c, err := reach(ctx, f.admin)
		if c == nil {
			return err
		}
		c.SetReadBuffer(littleRoom)
		io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: "+f.admin+"\r\n\r\n")
		pause(ctx, foeHolds)
		breakOff(c)
	}
	return nil
}
