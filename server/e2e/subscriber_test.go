package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"holter/server/api"
)

// More events than the few thousand that are kept and what fits into the buffers on the way.
const flood = 30_000

// A subscriber that reads nothing loses events and is told how many; the hearts beat on.
func TestSlowSubscriber(t *testing.T) {
	t.Parallel()
	const clients = 20
	p := start(t, "--interval", "1s")
	hire(t, orders{URL: p.websocket, Clients: clients})
	eventually(t, patience, "everybody has beaten", func() bool { return len(p.connections(t, "pongs_received>=2")) == clients })
	before := p.connections(t, "all")
	slow := p.subscribeSlowly(t)

	p.ask(t, http.MethodPost, "/api/v1/refuse", map[string]int64{"for_ms": 300_000}, new(map[string]any))
	p.refuse(t, flood)
	eventually(t, patience, "everybody has beaten twice since", func() bool {
		beaten := 0
		for i, c := range p.connections(t, "all") {
			if c.ID == before[i].ID && c.PongsReceived >= before[i].PongsReceived+2 {
				beaten++
			}
		}
		return beaten == clients
	})
	for _, c := range p.connections(t, "all") {
		if c.State != "normal" || c.Missed > 0 || c.Diagnosis.Cause == "jitter" {
			t.Errorf("%s: %s, %d beats missed, %s", c.Client, c.State, c.Missed, c.Diagnosis.Detail)
		}
	}
	t.Logf("what timeouts are stretched by after the flood: %v", p.summary(t).Lateness)
	readSlowly(t, slow)
}

// littleRoom is for what a subscriber leaves unread. A segment of the loopback's must fit in, or the kernel
// waits ever longer before it tries whether there is room again.
const littleRoom = 128 << 10

// subscribeSlowly asks for the event stream over a connection with little room, and leaves its answer
// unread.
func (p *program) subscribeSlowly(t *testing.T) net.Conn {
	t.Helper()
	u, err := url.Parse(p.admin)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.(*net.TCPConn).SetReadBuffer(littleRoom); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "GET /api/v1/events HTTP/1.1\r\nHost: "+u.Host+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return c
}

// refuse has holter refuse so many upgrades, each an event. The requests wait for no answer: all has to be
// over in less time than the reader of a stream may stand still.
func (p *program) refuse(t *testing.T, n int) {
	t.Helper()
	const connections = 4
	u, err := url.Parse(p.page)
	if err != nil {
		t.Fatal(err)
	}
	request := "GET /ws?client=" + strings.Repeat("flood", 40) + " HTTP/1.1\r\nHost: " + u.Host + "\r\nConnection: Upgrade\r\n" +
		"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	var group errgroup.Group
	for range connections {
		group.Go(func() error {
			c, err := net.Dial("tcp", u.Host)
			if err != nil {
				return err
			}
			defer c.Close()
			group.Go(func() error {
				_, err := io.WriteString(c, strings.Repeat(request, n/connections))
				return err
			})
			return refusals(c, n/connections)
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

// refusals reads n answers that say that there is no room.
func refusals(c net.Conn, n int) error {
	for in := bufio.NewReader(c); n > 0; n-- {
		c.SetReadDeadline(time.Now().Add(patience))
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return err
		}
		if resp.StatusCode != http.StatusServiceUnavailable {
			return errors.New("a connection too many: " + resp.Status)
		}
	}
	return nil
}

// readSlowly reads the stream until the newest refusal, and follows its sequence numbers.
func readSlowly(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	var seq, lost, refused uint64
	for d := json.NewDecoder(resp.Body); refused+lost < flood; {
		var e api.Event
		if err := d.Decode(&e); err != nil {
			t.Fatalf("after %d events, %d lost: %v", refused, lost, err)
		}
		step := uint64(1)
		switch e.Type {
		case "dropped":
			step = e.Count
			lost += e.Count
		case "connection.refused":
			refused++
		}
		if e.Seq != seq+step {
			t.Fatalf("event %d (%s, count %d) after event %d", e.Seq, e.Type, e.Count, seq)
		}
		seq = e.Seq
	}
	if lost == 0 {
		t.Error("nothing was lost: the subscriber was not slow")
	}
	t.Logf("%d events read, %d lost and told", refused, lost)
}
