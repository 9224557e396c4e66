package proxy

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/gobwas/ws"
)

// BenchmarkProxyEcho is one message to an echo server and back: straight, through the standard library's
// proxy, and through holter's.
func BenchmarkProxyEcho(b *testing.B) {
	ways := waysToEcho(b)
	for _, size := range []int{64, 16 << 10} {
		for _, way := range ways {
			b.Run(way.name+"/"+byteSize(size), func(b *testing.B) {
				c := connectTo(b, way.address)
				_, in := shake(b, c, "")
				message := ws.MustCompileFrame(ws.MaskFrame(ws.NewBinaryFrame(make([]byte, size))))
				got := make([]byte, len(message))
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					c.Write(message)
					if _, err := io.ReadFull(in, got); err != nil {
						b.Fatal(err)
					}
				}
				c.Close()
			})
		}
	}
}

func byteSize(n int) string {
	if n < 1<<10 {
		return "64B"
	}
	return "16KiB"
}

// BenchmarkProxyHandshake is a handshake with the echo server, and the end of the connection.
func BenchmarkProxyHandshake(b *testing.B) {
	for _, way := range waysToEcho(b) {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c, err := net.Dial("tcp", way.address)
				if err != nil {
					b.Fatal(err)
				}
				shake(b, c, "")
				c.(*net.TCPConn).SetLinger(0)
				c.Close()
			}
		})
	}
}

type way struct{ name, address string }

// waysToEcho lead to an echo server: straight, through the standard library's proxy, and through holter's.
func waysToEcho(b *testing.B) []way {
	echo := rawEcho(b)
	target, err := url.Parse(echo)
	if err != nil {
		b.Fatal(err)
	}
	standard := httptest.NewServer(httputil.NewSingleHostReverseProxy(target))
	b.Cleanup(standard.Close)
	return []way{
		{"straight", target.Host},
		{"standard", standard.Listener.Addr().String()},
		{"holter", runProxy(b, echo, nil).Addr().String()},
	}
}

// rawEcho does a handshake and then sends back the very bytes that it gets.
func rawEcho(b *testing.B) (url string) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, accepted)
		io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{rw.Reader})
	}))
	b.Cleanup(s.Close)
	return s.URL
}
