package endpoint

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"

	"holter/server"
)

// BenchmarkHandshake is one client after another: connect, upgrade, reset.
func BenchmarkHandshake(b *testing.B) { benchmarkHandshake(b, nil, "") }

// benchmarkHandshake sends more lines with the header.
func benchmarkHandshake(b *testing.B, change func(*server.Options, *Options), lines string) {
	s := runServer(b, change)
	request := "GET /ws HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nConnection: Upgrade\r\n" +
		"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + lines + "\r\n"
	reader := bufio.NewReader(nil)
	b.ReportAllocs()
	for b.Loop() {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		io.WriteString(c, request)
		reader.Reset(c)
		if r, err := http.ReadResponse(reader, nil); err != nil || r.StatusCode != http.StatusSwitchingProtocols {
			b.Fatal(r, err)
		}
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
}
