package admin

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"holter/model"
	"holter/server/api"
)

// throttled reads so many bytes a second and no more.
type throttled struct {
	io.Reader
	rate  int
	begin time.Time
	n     int
}

func (th *throttled) Read(p []byte) (int, error) {
	if th.begin.IsZero() {
		th.begin = time.Now()
	}
	due := th.begin.Add(time.Duration(th.n) * time.Second / time.Duration(th.rate))
	<-time.After(time.Until(due))
	n, err := th.Reader.Read(p[:min(len(p), 4096)])
	th.n += n
	return n, err
}

// readSlowly asks for a path and reads the answer at a rate, in bytes a second. What goes over the line is decoded.
func readSlowly(t *testing.T, a *Plane, path, accept string, rate int) io.Reader {
	t.Helper()
	c := dial(t, a.plane.Listener.Addr())
	c.SetDeadline(time.Now().Add(2 * patienceOfTests))
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: %s\r\n\r\n", path, accept)
	response, err := http.ReadResponse(bufio.NewReaderSize(&throttled{Reader: c, rate: rate}, 4096), nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.Header.Get("Content-Encoding") != "gzip" {
		return response.Body
	}
	unpack, err := gzip.NewReader(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpack.Multistream(false) // as in a browser
	return unpack
}

// crowdSource is a hub with a crowd of which every connection changes all the time.
type crowdSource struct {
	*fakeSource
	n int

	mu     sync.Mutex
	random *rand.Rand
}

func newCrowd(n int) *crowdSource {
	return &crowdSource{fakeSource: newFakeSource(), n: n, random: rand.New(rand.NewPCG(1, 2))}
}

func (s *crowdSource) Snapshot(context.Context) (model.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.snapshot
	now.Time = time.Now()
	now.Connections = make([]model.Connection, s.n)
	for i := range now.Connections {
		c := s.snapshot.Connections[0]
		c.ID, c.Client = model.ID(i+1), fmt.Sprintf("client-%05d", i)
		c.Opened = c.Opened.Add(time.Duration(i) * time.Millisecond)
		c.RTT, c.RTTMean = time.Duration(s.random.IntN(1e8)), time.Duration(s.random.IntN(1e8))
		c.Silence, c.BytesIn = time.Duration(s.random.IntN(5e9)), uint64(s.random.IntN(1e7))
		now.Connections[i] = c
	}
	return now, nil
}

// A slow reader gets the newest picture: never one that waited for others to be read.
func TestSlowReaderSeesNewPictures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		accept            string
		connections, rate int
	}{
		{"gzip", 2000, 100e3},
		{"identity", 100, 100e3},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			a := serveAdmin(t, newCrowd(c.connections), "")
			series := api.NewSnapshotReader(readSlowly(t, a, "/api/v1/snapshots", c.accept, c.rate))
			var oldest time.Duration
			n := 0
			for begin := time.Now(); time.Since(begin) < 5*time.Second; n++ {
				s, err := series.Read()
				if err != nil {
					t.Fatal(err)
				}
				oldest = max(oldest, time.Since(s.Time))
			}
			if oldest > 3*time.Second || n < 2 {
				t.Errorf("%d pictures, the oldest of %v when it was read", n, oldest)
			}
			t.Logf("%d pictures, the oldest of %v", n, oldest)
		})
	}
}

// A slow reader of events is told what it lost, and reads what is new.
func TestSlowReaderOfEventsIsToldWhatItLost(t *testing.T) {
	t.Parallel()
	s := newFakeSource()
	a := serveAdmin(t, s, "")
	lines := bufio.NewReader(readSlowly(t, a, "/api/v1/events", "", 100e3))
	ctx, stop := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	flood.Go(func() {
		for ctx.Err() == nil {
			happen(s, 20)
			select {
			case <-time.After(5 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	})
	defer flood.Wait()
	defer stop()

	var seq, lost uint64
	var age time.Duration
	for begin := time.Now(); time.Since(begin) < 4*time.Second; {
		e := nextEvent(t, lines)
		step := uint64(1)
		if e.Type == model.Dropped {
			step, lost = e.Count, lost+e.Count
		}
		if e.Seq != seq+step {
			t.Fatalf("event %d (%s, count %d) after event %d", e.Seq, e.Type, e.Count, seq)
		}
		seq, age = e.Seq, time.Since(e.Time)
	}
	if lost == 0 || age > 4*time.Second {
		t.Errorf("%d events, %d of them lost; the last was %v old", seq, lost, age)
	}
	t.Logf("%d events, %d of them lost; the last was %v old", seq, lost, age)
}

// A reader is not cut off for being slow, however long it needs for what the kernel holds for it.
func TestSlowReaderIsNotCutOff(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/api/v1/snapshots", "/api/v1/events"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			s := newCrowd(2000)
			a := New(s, Options{Address: "127.0.0.1:0"}, silent)
			a.stuck = time.Second
			if err := a.Listen(); err != nil {
				t.Fatal(err)
			}
			cut := make(chan struct{})
			a.plane.HTTP.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateClosed {
					close(cut)
				}
			}
			runAdmin(t, a)
			ctx, stop := context.WithCancel(t.Context())
			var flood sync.WaitGroup
			flood.Go(func() {
				for ctx.Err() == nil {
					happen(s.fakeSource, 1000)
					select {
					case <-time.After(20 * time.Millisecond):
					case <-ctx.Done():
					}
				}
			})
			defer flood.Wait()
			defer stop()
			in := readSlowly(t, a, path, "identity", 150e3)
			buffer := make([]byte, 4096)
			for begin := time.Now(); time.Since(begin) < 3*time.Second; {
				if _, err := in.Read(buffer); err != nil {
					t.Fatal(err)
				}
				select {
				case <-cut: // what is on its way can still be read
					t.Fatalf("cut off after %v", time.Since(begin))
				default:
				}
			}
		})
	}
}

// A reader that takes nothing at all is cut off, and the log says why.
func TestStuckReaderIsCutOff(t *testing.T) {
	for _, path := range []string{"/api/v1/snapshots?every_ms=100", "/api/v1/events"} {
		var text locked
		s := newCrowd(2000)
		a := New(s, Options{Address: "127.0.0.1:0"}, slog.New(slog.NewTextHandler(&text, nil)))
		a.stuck = 200 * time.Millisecond
		runAdmin(t, a)
		c := dial(t, a.plane.Listener.Addr())
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
		for deadline := time.Now().Add(patienceOfTests); !strings.Contains(text.String(), "takes nothing"); {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the log says %q", path, text.String())
			}
			happen(s.fakeSource, 1000)
		}
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection does not end", path)
		}
	}
}

// A long answer goes to its end, however long a slow reader needs for it.
func TestSlowReaderOfALongAnswer(t *testing.T) {
	t.Parallel()
	s := newFakeSource()
	const clients = 20_000
	for i := range clients {
		s.snapshot.Clients = append(s.snapshot.Clients, model.Client{ID: fmt.Sprint("client-", i), UserAgent: strings.Repeat("x", 100)})
	}
	a := New(s, Options{Address: "127.0.0.1:0"}, silent)
	a.stuck = time.Second
	if err := a.Listen(); err != nil {
		t.Fatal(err)
	}
	a.plane.HTTP.WriteTimeout = a.stuck
	runAdmin(t, a)
	var answer api.Clients
	if err := json.NewDecoder(readSlowly(t, a, "/api/v1/clients", "", 2e6)).Decode(&answer); err != nil || len(answer.Clients) < clients {
		t.Errorf("%d clients, error %v", len(answer.Clients), err)
	}
}

// locked is a buffer that several goroutines use.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Each picture is a line that holds one JSON value, packed or not.
func TestSnapshotsAreLines(t *testing.T) {
	a := serveAdmin(t, newCrowd(50), "")
	for _, accept := range []string{"identity", "gzip", "gzip, identity;q=0"} {
		in := bufio.NewScanner(readSlowly(t, a, "/api/v1/snapshots?every_ms=100", accept, 100e6))
		in.Buffer(nil, 1<<20)
		for n := range 4 {
			if !in.Scan() || !json.Valid(in.Bytes()) {
				t.Fatalf("%s: line %d is %.60q, error %v", accept, n+1, in.Text(), in.Err())
			}
		}
	}
}
