package server_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"holter/server"
)

// benchmarked are the libraries whose cost is compared with and without the middleware: one whose
// handler waits and that hands out long frames in two pieces, and one that does neither.
func benchmarked(b *testing.B, run func(b *testing.B, address string, monitored bool)) {
	for _, l := range libraries {
		if l.name != "gorilla" && l.name != "gws" {
			continue
		}
		for _, monitored := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/monitored=%t", l.name, monitored), func(b *testing.B) {
				h := l.handler(b)
				if monitored {
					m := server.New(server.Options{})
					runUntilEnd(b, m.Run)
					h = m.Wrap(h)
				}
				run(b, serve(b, h, false).Listener.Addr().String(), monitored)
			})
		}
	}
}

// BenchmarkMiddlewareEcho is one message after another over one connection.
func BenchmarkMiddlewareEcho(b *testing.B) {
	for _, size := range []int{64, 16 << 10} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			benchmarked(b, func(b *testing.B, address string, _ bool) {
				p := upgrade(b, address)
				defer p.Close()
				message := masked(ws.NewBinaryFrame(make([]byte, size)))
				answer := make([]byte, len(ws.MustCompileFrame(ws.NewBinaryFrame(make([]byte, size)))))
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					p.Write(message)
					// A ping of holter's in between is rare, and leaves the rest to the next round.
					if _, err := io.ReadFull(p, answer); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkMiddlewareHandshake is one client after another: connect, upgrade, reset.
func BenchmarkMiddlewareHandshake(b *testing.B) {
	benchmarked(b, func(b *testing.B, address string, _ bool) {
		b.ReportAllocs()
		for b.Loop() {
			c := upgrade(b, address)
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	})
}

// BenchmarkMiddlewareIdle is what a connection occupies that has nothing to say but a pong, both ends
// together.
func BenchmarkMiddlewareIdle(b *testing.B) {
	benchmarked(b, func(b *testing.B, address string, monitored bool) {
		var held []net.Conn
		heap, stack := occupied()
		for b.Loop() {
			held = append(held, upgrade(b, address))
		}
		if monitored {
			answerAll(b, held)
		}
		moreHeap, moreStack := occupied()
		b.ReportMetric(float64(moreHeap-heap)/float64(len(held)), "heap-B/conn")
		b.ReportMetric(float64(moreStack-stack)/float64(len(held)), "stack-B/conn")
		for _, c := range held {
			c.Close()
		}
	})
}

// answerAll answers one ping of holter's on each connection.
func answerAll(b *testing.B, conns []net.Conn) {
	for _, c := range conns {
		h, err := ws.ReadHeader(c)
		if err != nil {
			b.Fatal(err)
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(c, payload); err != nil {
			b.Fatal(err)
		}
		c.Write(masked(ws.NewPongFrame(payload)))
	}
}

// occupied is the memory in use, after a collection.
func occupied() (heap, stack int64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc), int64(m.StackInuse)
}

// upgrade opens a WebSocket, and reads nothing but its head.
func upgrade(b *testing.B, address string) net.Conn {
	c, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(time.Minute))
	const request = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if _, err := io.WriteString(c, request); err != nil {
		b.Fatal(err)
	}
	head := make([]byte, 0, 512)
	for n := 0; len(head) < 4 || string(head[len(head)-4:]) != "\r\n\r\n"; head = head[:len(head)+n] {
		if n, err = c.Read(head[len(head):cap(head)]); err != nil {
			b.Fatal(err)
		}
	}
	return c
}
