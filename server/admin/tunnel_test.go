package admin

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"holter/server/api"
)

// tunnel is a way to an address with a slow line in it, which holds a lot before that as an SSH tunnel does: the near
// end takes everything at once, from a neighbour on loopback. It returns its own address.
func tunnel(t *testing.T, to string, rate, holds int) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	line := &shared{rate: rate}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				return
			}
			running.Go(func() { defer far.Close(); io.Copy(far, near) })
			running.Go(func() { defer near.Close(); defer far.Close(); line.carry(t.Context(), near, far, holds) })
		}
	})
	t.Cleanup(func() { listener.Close(); running.Wait() })
	return listener.Addr().String()
}

// shared is a line that carries so many bytes a second, of all its connections.
type shared struct {
	rate int

	mu   sync.Mutex
	free time.Time // when the line has carried all that it was given
}

// carry copies what it reads at once, as long as it holds no more than it may, and writes as the line allows.
func (s *shared) carry(ctx context.Context, to, from net.Conn, holds int) {
	const size = 2048
	held := make(chan []byte, holds/size)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(held)
		for {
			p := make([]byte, size)
			n, err := from.Read(p)
			if err != nil {
				return
			}
			select {
			case held <- p[:n]:
			case <-ctx.Done():
				return
			}
		}
	})
	defer reading.Wait()
	defer from.Close()
	for p := range held {
		<-time.After(time.Until(s.turn(len(p))))
		if _, err := to.Write(p); err != nil {
			break
		}
	}
	for range held {
	}
}

// turn returns when n more bytes have been carried.
func (s *shared) turn(n int) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.free.Before(now) {
		s.free = now
	}
	s.free = s.free.Add(time.Duration(n) * time.Second / time.Duration(s.rate))
	return s.free
}

// A reader that is attached through a tunnel with a slow line sees new pictures, although the tunnel would hold many, and
// knows how old they are.
func TestAttachedThroughATunnel(t *testing.T) {
	t.Parallel()
	a := serveAdmin(t, newCrowd(1500), "")
	remote, err := api.Attach(t.Context(), tunnel(t, a.plane.Listener.Addr().String(), 100e3, 2<<20), "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- remote.Run(ctx) }()
	defer func() { stop(); <-done }()

	var oldest, last time.Duration
	for begin := time.Now(); time.Since(begin) < 6*time.Second; {
		s, err := remote.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		last = time.Since(s.Time)
		oldest = max(oldest, last)
		if off := last - s.Age; off < 0 || off > 2*time.Second { // the other clock is known after a moment
			t.Fatalf("a picture that is %v old says %v", last, s.Age)
		}
		<-time.After(100 * time.Millisecond)
	}
	if oldest > 5500*time.Millisecond {
		t.Errorf("pictures up to %v old", oldest)
	}
	t.Logf("pictures up to %v old, the last of %v", oldest, last)
}
