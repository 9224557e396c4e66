package tap

import (
	"bytes"
	"testing"

	"github.com/gobwas/ws"
)

// FuzzHeader checks that this parser agrees with that of another library, and that it finds the same headers
// wherever the bytes are cut.
func FuzzHeader(f *testing.F) {
	for _, h := range []ws.Header{
		{Fin: true, OpCode: ws.OpText, Length: 5},
		{OpCode: ws.OpBinary, Length: 126, Masked: true, Mask: [4]byte{1, 2, 3, 4}},
		{Fin: true, OpCode: ws.OpPing, Length: 125},
		{Fin: true, OpCode: ws.OpContinuation, Rsv: ws.Rsv(true, false, false), Length: 1 << 16, Masked: true},
	} {
		var b bytes.Buffer
		ws.WriteHeader(&b, h)
		f.Add(b.Bytes(), uint8(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, cut uint8) {
		if len(b) < 2 || len(b) < headerSize(b[1]) {
			return
		}
		b = b[:headerSize(b[1])]
		want, err := ws.ReadHeader(bytes.NewReader(b))
		got := parseHeader(b)
		if err != nil {
			if got.length>>63 == 0 {
				t.Fatalf("%x: %v, but read as %+v", b, err, got)
			}
			return
		}
		if got.fin != want.Fin || got.rsv != (want.Rsv != 0) || byte(got.opcode) != byte(want.OpCode) ||
			got.masked != want.Masked || got.mask != want.Mask || int64(got.length) != want.Length {
			t.Fatalf("%x: %+v, want %+v", b, got, want)
		}
		var s stream
		for i := 0; i < len(b); {
			n, done := s.walk(b[i:min(len(b), i+int(cut%15)+1)])
			if i += n; done && got.length > 0 {
				t.Fatalf("%x: over after the header", b)
			}
		}
		if s.head != got || s.lost == got.legal() || s.boundary() != (got.legal() && got.length == 0) {
			t.Fatalf("%x cut at %d: %+v", b, cut, s.head)
		}
	})
}

func TestToBoundary(t *testing.T) {
	frame := ws.MustCompileFrame(ws.NewTextFrame(bytes.Repeat([]byte("x"), 200)))
	next := ws.MustCompileFrame(ws.NewPingFrame(nil))
	both := append(bytes.Clone(frame), next...)
	for eaten := 1; eaten < len(frame); eaten++ {
		var s stream
		for rest := frame[:eaten]; len(rest) > 0; {
			n, _ := s.walk(rest)
			rest = rest[n:]
		}
		if got, want := s.toBoundary(both[eaten:]), len(frame)-eaten; got != want {
			t.Fatalf("after %d bytes: boundary %d further, want %d", eaten, got, want)
		}
		if got := s.toBoundary(frame[eaten : len(frame)-1]); got != -1 {
			t.Fatalf("after %d bytes: boundary %d in what has none", eaten, got)
		}
	}
}
