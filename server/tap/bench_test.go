package tap

import (
	"bytes"
	"testing"

	"github.com/gobwas/ws"
)

// frames is a burst of small messages, as one read brings them.
func frames(b *testing.B, masked bool) []byte {
	var burst bytes.Buffer
	for range 64 {
		f := ws.NewTextFrame([]byte(`{"type":"price","of":"ACME","is":17.25}`))
		if masked {
			f = ws.MaskFrameInPlace(f)
		}
		if err := ws.WriteFrame(&burst, f); err != nil {
			b.Fatal(err)
		}
	}
	return burst.Bytes()
}

// BenchmarkFrames measures what the tap adds to a small message, in nanoseconds for 64 of them.
func BenchmarkFrames(b *testing.B) {
	c, _, _ := tapped(b)
	b.Run("in", func(b *testing.B) {
		burst := frames(b, true)
		b.ReportAllocs()
		for b.Loop() {
			c.sift(burst, c.arrived(len(burst)), false)
		}
	})
	b.Run("out", func(b *testing.B) {
		burst := frames(b, false)
		b.ReportAllocs()
		for b.Loop() {
			c.writing.Store(int64(c.now()))
			c.passed(burst)
			c.writing.Store(0)
		}
	})
}
