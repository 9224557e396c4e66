package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/server"
)

// stubborn is a backend that accepts WebSockets and then handles them by itself. It ignores the end of the stream.
func stubborn(t *testing.T, handle func(c net.Conn)) (url string, opened chan net.Conn) {
	t.Helper()
	conns := make(chan net.Conn, 100)
	url = backend(t, func(w http.ResponseWriter, r *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(c, accepted)
		t.Cleanup(func() { c.Close() })
		conns <- c
		if handle != nil {
			go handle(c)
		}
	}).URL
	return url, conns
}

// size waits until the proxy holds so many connections.
func (r running) size(t *testing.T, want int) {
	t.Helper()
	waitFor(t, fmt.Sprintf("%d connections", want), func() bool { return r.monitor.Source().Size() == want })
}

// Clients go with a FIN and no close frame, and the backend ignores that. They stay on the list and count for the
// limit; after the time for half-closed connections both sockets go.
func TestHalfClosedPipesEnd(t *testing.T) {
	url, _ := stubborn(t, nil)
	p := runProxy(t, url, func(o *server.Options, po *Options) {
		o.MaxConns, o.Linger = 5, time.Millisecond
		po.HalfCloseTimeout = time.Second
	})
	for i := range 5 {
		c := connectTo(t, p.Addr().String())
		if res, _ := shake(t, c, ""); res.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("client %d: %s", i, res.Status)
		}
		c.Close()
	}
	waitFor(t, "five ends", func() bool {
		s, _ := p.monitor.Source().Snapshot(t.Context())
		return s.Count().Closed == 5
	})
	if res, _ := shake(t, connectTo(t, p.Addr().String()), ""); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a sixth gets %s", res.Status)
	}
	p.size(t, 0)
	waitFor(t, "an empty list", func() bool {
		s, _ := p.monitor.Source().Snapshot(t.Context())
		return len(s.Connections) == 0
	})
}

// A client that has said all and reads on is not cut off while something comes.
func TestHalfClosedPipeGoesOnWhileBytesCome(t *testing.T) {
	const lines = 12
	url, _ := stubborn(t, func(c net.Conn) {
		io.Copy(io.Discard, c)
		pace := time.NewTicker(100 * time.Millisecond)
		defer pace.Stop()
		for i := range lines {
			<-pace.C
			fmt.Fprintf(c, "\x81\x02%02d", i)
		}
		c.Close()
	})
	p := runProxy(t, url, func(_ *server.Options, po *Options) { po.HalfCloseTimeout = 400 * time.Millisecond })
	c := connectTo(t, p.Addr().String())
	_, in := shake(t, c, "")
	c.CloseWrite()
	rest, err := io.ReadAll(in)
	if err != nil || strings.Count(string(rest), "\x81\x02") != lines {
		t.Errorf("%q, %v", rest, err)
	}
}

// The client is reset while the backend takes nothing, so that nobody reads the reset. The kernel knows.
func TestResetThatNobodyReads(t *testing.T) {
	url, conns := stubborn(t, nil)
	p := runProxy(t, url, func(o *server.Options, _ *Options) { o.Interval = time.Minute })
	c := connectTo(t, p.Addr().String())
	shake(t, c, "")
	up := <-conns
	frame := append([]byte("\x82\xfe\xff\xff\x00\x00\x00\x00"), make([]byte, 0xffff)...)
	c.SetWriteDeadline(time.Now().Add(time.Second))
	for {
		if _, err := c.Write(frame); err != nil {
			break // all buffers are full
		}
	}
	c.SetLinger(0)
	c.Close()
	d := p.state(t, "the end", func(d model.Detail) bool { return d.State == model.Closed })
	if d.Close.By != model.ByNetwork || !strings.Contains(d.Close.Reason, "reset") {
		t.Errorf("%+v", d.Close)
	}
	up.SetReadDeadline(time.Now().Add(patienceOfTests))
	if _, err := io.Copy(io.Discard, up); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("the backend got %v, want a reset", err)
	}
	p.size(t, 0)
}

// A transport that borrows the upgrade, with neither key nor accept, passes untouched, is on the list, and counts.
func TestTunnelWithoutAKey(t *testing.T) {
	url := backend(t, func(w http.ResponseWriter, r *http.Request) {
		c, in, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: %s\r\nConnection: Upgrade\r\n\r\n", r.Header.Get("Upgrade"))
		io.Copy(c, in)
	}).URL
	p := runProxy(t, url, func(o *server.Options, _ *Options) { o.Interval, o.MaxConns = 10*time.Millisecond, 1 })
	c := connectTo(t, p.Addr().String())
	tell(t, c, "GET /v HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
	in := bufio.NewReader(c)
	readRequest(in)
	c.SetReadDeadline(time.Now().Add(300 * time.Millisecond)) // thirty intervals
	if b, err := in.ReadByte(); err == nil {
		t.Errorf("got %#x of nobody's", b)
	}
	c.SetReadDeadline(time.Now().Add(patienceOfTests))
	in.Reset(c)
	const junk = "\x89\x00\x88\x02\x03\xe8\x00\xffSSH-2.0\r\n"
	tell(t, c, junk)
	hear(t, in, junk)
	d := p.state(t, "it on the list", func(d model.Detail) bool { return d.ID != 0 })
	if d.Diagnosis.Cause != model.CauseFramesLost || !strings.Contains(d.Diagnosis.Detail, "does not begin a WebSocket") || d.PingsSent > 0 {
		t.Errorf("%+v", d.Connection)
	}
	if got := recite(t, p.Addr().String(), "GET /w HTTP/1.1\r\nHost: a\r\nUpgrade: imap\r\nConnection: Upgrade, close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 503 ") {
		t.Errorf("a tunnel beyond the limit: %q", got)
	}
	c.Close()
	p.size(t, 0)
}
