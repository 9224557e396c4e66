package metrics_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/server"
	"holter/server/metrics"
)

// mute is a socket that takes everything and says nothing.
type mute struct{ net.Conn }

func (mute) Write(b []byte) (int, error) { return len(b), nil }
func (mute) Close() error                { return nil }
func (mute) RemoteAddr() net.Addr        { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 40000} }
func (mute) LocalAddr() net.Addr         { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 7070} }

// full is a monitor with many connections and as many services as there may be.
func full(t testing.TB, connections int) http.Handler {
	t.Helper()
	m := server.New(server.Options{})
	h := metrics.Handler(m)
	for i := range connections {
		r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/rooms/%d?client=%d", i%100, i), nil)
		r.Header.Set("User-Agent", fmt.Sprint("client/", i%10))
		c := m.Door().Adopt(r, mute{}, nil, nil)
		c.Prove()
		if _, err := io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range model.MaxServices {
		if _, err := m.Source().Heartbeat(model.Heartbeat{ID: fmt.Sprintf("service-%04d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func answer(h http.Handler) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w
}

// A scrape of ten thousand connections and a thousand services is small. How long it takes is in the README.
func TestScrapeOfMany(t *testing.T) {
	text := answer(full(t, 10_000)).Body.String()
	if n := len(text); n > 1<<20 || !strings.Contains(text, `holter_connections{side="client",state="normal"} 10000`) {
		t.Errorf("%d bytes: %.2000s", n, text)
	}
	if n := strings.Count(text, "\nholter_service_latency_seconds{"); n != model.MaxServices {
		t.Errorf("%d services", n)
	}
}

// BenchmarkScrape is a scrape in a hurry (the figures of the one before are still good), and one after a pause.
func BenchmarkScrape(b *testing.B) {
	for _, n := range []int{0, 10_000} {
		h := full(b, n)
		for _, pause := range []time.Duration{0, 260 * time.Millisecond} {
			b.Run(fmt.Sprintf("%d/%v", n, pause), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					time.Sleep(pause)
					b.StartTimer()
					answer(h)
				}
			})
		}
	}
}
