package tap

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/gobwas/ws"
)

// frames are small messages, as one read brings them.
func frames(b *testing.B, n int, masked bool) []byte {
	var burst bytes.Buffer
	for range n {
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

// BenchmarkFrames measures what the tap adds to a read or a write of small messages.
func BenchmarkFrames(b *testing.B) {
	c, _, _ := tapped(b)
	c.Count(new(Tallies))
	for _, n := range []int{1, 64} {
		b.Run(fmt.Sprintf("in/%d", n), func(b *testing.B) {
			burst := frames(b, n, true)
			b.ReportAllocs()
			for b.Loop() {
				c.sift(burst, c.arrived(len(burst)), false)
			}
		})
		b.Run(fmt.Sprintf("out/%d", n), func(b *testing.B) {
			burst := frames(b, n, false)
			b.ReportAllocs()
			for b.Loop() {
				c.writing.Store(int64(c.now()))
				c.passed(burst)
				c.writing.Store(0)
			}
		})
	}
}
