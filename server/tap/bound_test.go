package tap

import (
	"math"
	"testing"

	"github.com/gobwas/ws"
)

// The length of a message is that of all its frames. Control frames between them do not count.
func TestBound(t *testing.T) {
	data := func(fin bool, op ws.OpCode, n int) []byte {
		b, err := ws.CompileFrame(ws.MaskFrameInPlace(ws.NewFrame(op, fin, make([]byte, n))))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, tc := range map[string]struct {
		frames [][]byte
		long   int
	}{
		"one that fits":          {[][]byte{data(true, ws.OpBinary, 100)}, 0},
		"many that fit":          {[][]byte{data(true, ws.OpText, 100), data(true, ws.OpBinary, 100)}, 0},
		"one too long":           {[][]byte{data(true, ws.OpBinary, 101)}, 1},
		"fragments that fit":     {[][]byte{data(false, ws.OpBinary, 50), data(true, ws.OpPing, 100), data(true, ws.OpContinuation, 50)}, 0},
		"fragments too long":     {[][]byte{data(false, ws.OpBinary, 50), data(false, ws.OpContinuation, 51), data(true, ws.OpContinuation, 50)}, 1},
		"two too long":           {[][]byte{data(true, ws.OpBinary, 101), data(true, ws.OpBinary, 1), data(true, ws.OpBinary, 101)}, 2},
		"more than can be added": {[][]byte{data(false, ws.OpBinary, 100), {0x00, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c, peer, r := tapped(t)
			c.Bound(100)
			go func() {
				for _, f := range tc.frames {
					peer.Write(f)
				}
				peer.CloseWrite()
			}()
			b := make([]byte, 7)
			for {
				if _, err := c.Read(b); err != nil {
					break
				}
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.calls.tooLong != tc.long {
				t.Errorf("told of %d, want %d", r.calls.tooLong, tc.long)
			}
		})
	}
	over := bound{limit: 10, message: 5}
	if over.begin(&header{opcode: OpContinuation, length: math.MaxInt64}); !over.over {
		t.Error("a sum that is nearly too large to be one")
	}
}
