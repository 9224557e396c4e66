package metrics_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/goleak"

	"holter/server"
	"holter/server/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// application is an echo server behind a monitor that runs until the test ends.
func application(t testing.TB, o server.Options) (m *server.Monitor, url string) {
	t.Helper()
	m = metrics.Serve(server.New(o))
	if err := m.Door().Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error)
	go func() { over <- m.Run(ctx) }()
	s := httptest.NewServer(m.Wrap(http.HandlerFunc(echo)))
	t.Cleanup(func() {
		s.Close()
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
	return m, "ws" + strings.TrimPrefix(s.URL, "http")
}

func echo(w http.ResponseWriter, r *http.Request) {
	c, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		kind, message, err := c.ReadMessage()
		if err != nil || c.WriteMessage(kind, message) != nil {
			return
		}
	}
}

func connect(t testing.TB, url string) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// scrape asks for the metrics of an admin plane.
func scrape(t testing.TB, url, token string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

// until scrapes until a line is there.
func until(t *testing.T, url, line string) {
	t.Helper()
	var text string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		_, text = scrape(t, url, "")
		if strings.Contains(text, "\n"+line+"\n") {
			return
		}
	}
	name, _, _ := strings.Cut(line, "{")
	t.Fatalf("no line %s, but\n%s", line, strings.Join(regexp.MustCompile("(?m)^"+name+".*$").FindAllString(text, -1), "\n"))
}

func TestScrape(t *testing.T) {
	m, url := application(t, server.Options{Admin: "127.0.0.1:0", Interval: 20 * time.Millisecond, MaxConns: 1, Version: "v1.2.3"})
	admin := m.Door().AdminURL()
	c := connect(t, url)
	for range 3 {
		if err := c.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.ReadMessage(); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := websocket.DefaultDialer.Dial(url, nil); err == nil {
		t.Fatal("a second connection was let in")
	}
	for _, line := range []string{
		`holter_connections{side="client",state="normal"} 1`,
		`holter_connections{side="upstream",state="normal"} 0`,
		`holter_connections_opened_total{side="client"} 1`,
		`holter_handshakes_refused_total{reason="max-connections"} 1`,
		`holter_frames_total{direction="in",opcode="text"} 3`,
		`holter_frames_total{direction="out",opcode="text"} 3`,
		`holter_storm_active 0`,
		`holter_cuts_total{cause="idle-cut",side="client"} 0`,
	} {
		until(t, admin, line)
	}
	done := make(chan error)
	go func() { // it answers pings only while it reads
		_, _, err := c.ReadMessage()
		done <- err
	}()
	for deadline := time.Now().Add(10 * time.Second); ; {
		_, text := scrape(t, admin, "")
		answered := regexp.MustCompile(`(?m)^holter_beats_total\{result="answered",side="client"\} [1-9]`)
		timed := regexp.MustCompile(`(?m)^holter_rtt_seconds_bucket\{side="client",le="10"\} [1-9]`)
		if answered.MatchString(text) && timed.MatchString(text) && strings.Contains(text, `version="v1.2.3"`) && strings.Contains(text, "\ngo_goroutines ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(text)
		}
	}
	if err := c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4401, "out"), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	<-done
	until(t, admin, `holter_connections_closed_total{by="peer",cause="none",code="4xxx",side="client"} 1`)
	until(t, admin, `holter_connection_duration_seconds_bucket{le="20"} 1`)
	until(t, admin, `holter_connections{side="client",state="normal"} 0`)
}

// The metrics are behind the token of the API, unless they are said to be open.
func TestToken(t *testing.T) {
	for _, tc := range []struct {
		open          bool
		with, without int
	}{{false, 200, 401}, {true, 200, 200}} {
		m, _ := application(t, server.Options{Admin: "127.0.0.1:0", Token: "secret", MetricsOpen: tc.open})
		if status, _ := scrape(t, m.Door().AdminURL(), "secret"); status != tc.with {
			t.Errorf("open %t: %d with the token", tc.open, status)
		}
		if status, text := scrape(t, m.Door().AdminURL(), ""); status != tc.without {
			t.Errorf("open %t: %d without the token: %s", tc.open, status, text)
		}
	}
}

// No label is a client, an address or a path, and no number of them makes more lines.
func TestNothingOfClients(t *testing.T) {
	m, url := application(t, server.Options{Admin: "127.0.0.1:0"})
	_, before := scrape(t, m.Door().AdminURL(), "")
	for i := range 50 {
		connect(t, fmt.Sprintf("%s/rooms/%d/secret?client=someone-%d", url, i, i))
	}
	until(t, m.Door().AdminURL(), `holter_connections{side="client",state="normal"} 50`)
	_, after := scrape(t, m.Door().AdminURL(), "")
	for _, what := range []string{"someone", "rooms", "secret", "127.0.0.1"} {
		if strings.Contains(after, what) {
			t.Errorf("%s is in the metrics", what)
		}
	}
	if a, b := strings.Count(before, "\nholter_"), strings.Count(after, "\nholter_"); a != b {
		t.Errorf("%d lines, and %d with 50 clients", a, b)
	}
}

// An application has the metrics in a registry of its own.
func ExampleCollector() {
	monitor := server.New(server.Options{})
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics.Collector(monitor))
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
}
