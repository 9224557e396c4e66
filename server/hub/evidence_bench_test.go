//go:build unix

package hub

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"
)

// worked is the time that this process has spent on all processors.
func worked(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkEvidence gathers the evidence of one socket: what a connection in doubt or on view costs.
func BenchmarkEvidence(b *testing.B) {
	h, _ := start(b, quick())
	c := listen(b, h, false, echo).dial(b, "ann")
	c.WriteMessage(websocket.TextMessage, []byte("hello"))
	c.ReadMessage()
	conn, err := h.find(1)
	if err != nil {
		b.Fatal(err)
	}
	conn.mu.Lock()
	defer conn.mu.Unlock()
	l := &conn.toClient
	b.ReportAllocs()
	before := worked(b)
	for b.Loop() {
		if e := l.heart.Evidence(h.now(), &h.late, (*opposite)(l)); !e.Kernel.Known {
			b.Skip("the kernel does not tell")
		}
	}
	b.ReportMetric(float64(worked(b)-before)/float64(b.N), "cpu-ns/op") // others may use the processor too
}
