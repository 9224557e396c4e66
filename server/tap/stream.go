package tap

import (
	"encoding/binary"
	"sync/atomic"

	"holter/model"
)

// stream parses the frames of one direction. It is a value that parses bytes in pieces of any size: it owns no
// reader, and copies no payload but that of a close frame. The zero value stands before the first frame.
// Any goroutine may read its atomic fields; all else belongs to the goroutine that moves the bytes, which
// holds readLock or writeLock.
type stream struct {
	frames atomic.Uint64 // headers seen
	bytes  atomic.Uint64

	head header // of the frame under way, or of the last one
	left uint64 // bytes of its payload still to come
	raw  [maxHeader]byte
	have uint8  // bytes of the next header in raw
	lost bool   // a header was not valid, so the tap no longer knows where frames begin
	sum  uint32 // of the payload of the control frame under way
	long *bound // of its messages; nil for none

	astray atomic.Bool       // bytes have passed since lost was set
	end    *[maxControl]byte // payload of the close frame, once there is one
}

// boundary reports whether the next byte begins a frame.
func (s *stream) boundary() bool { return s.left == 0 && s.have == 0 && !s.lost }

// walk eats the bytes of b up to the end of the frame under way. It returns their number, and whether the
// last one ended the frame in s.head.
func (s *stream) walk(b []byte) (n int, done bool) {
	if s.lost {
		return len(b), false
	}
	if s.left == 0 {
		n, done = s.header(b)
		if !done || s.left > 0 && n == len(b) || s.lost {
			return n, false
		}
	}
	part := b[n:min(uint64(len(b)), uint64(n)+s.left)]
	if s.head.opcode.Control() {
		s.sumUp(part)
	}
	s.left -= uint64(len(part))
	return n + len(part), s.left == 0
}

// header eats bytes of a header. When the header is complete, s.head and s.left are those of the new frame.
func (s *stream) header(b []byte) (n int, complete bool) {
	if s.have == 0 && len(b) >= 2 {
		if size := headerSize(b[1]); len(b) >= size {
			s.begin(b[:size])
			return size, true
		}
	}
	for n < len(b) {
		s.raw[s.have] = b[n]
		s.have++
		n++
		if s.have >= 2 && int(s.have) == headerSize(s.raw[1]) {
			s.begin(s.raw[:s.have])
			s.have = 0
			return n, true
		}
	}
	return n, false
}

func (s *stream) begin(b []byte) {
	s.head = parseHeader(b)
	s.left = s.head.length
	s.sum = sumStart
	s.lost = !s.head.legal()
	s.frames.Add(1)
	if s.long != nil {
		s.long.begin(&s.head)
	}
	if s.head.opcode == OpClose && s.end == nil {
		s.end = new([maxControl]byte)
	}
}

// sumUp adds a part of a control frame's payload to s.sum, and keeps it if the frame is a close frame.
func (s *stream) sumUp(part []byte) {
	at := int(s.head.length - s.left)
	for i, x := range part {
		if s.head.masked {
			x ^= s.head.mask[(at+i)&3]
		}
		s.sum = (s.sum ^ uint32(x)) * sumPrime
		if s.head.opcode == OpClose && at+i < maxControl {
			s.end[at+i] = x
		}
	}
}

// A ping and its pong are matched by the FNV-1a sum of their payload. Keeping up to 125 bytes for each
// connection would be a lot, and a wrong match spoils only one sample.
const (
	sumStart = 2166136261
	sumPrime = 16777619
)

// ending returns the ending in the close frame that walk has just completed.
func (s *stream) ending(by model.Closer) Ending {
	payload := s.end[:s.head.length]
	if len(payload) < 2 {
		return Ending{By: by, Code: codeNone}
	}
	return Ending{by, int(binary.BigEndian.Uint16(payload)), string(payload[2:])}
}

// endsControl reports whether b is exactly a control frame, or the rest of one. It eats nothing.
func (s *stream) endsControl(b []byte) bool {
	if s.left > 0 {
		return s.head.opcode.Control() && s.left == uint64(len(b))
	}
	return s.boundary() && len(b) >= 2 && Opcode(b[0]&0x0f).Control() && headerSize(b[1])+int(b[1]&0x7f) == len(b)
}

// toBoundary returns the number of bytes of b that belong to the frame under way: 0 if s stands at a
// boundary, -1 if the frame ends beyond b or its end is not known. It eats nothing.
func (s *stream) toBoundary(b []byte) int {
	if s.lost {
		return -1
	}
	if s.have == 0 {
		if s.left > uint64(len(b)) {
			return -1
		}
		return int(s.left)
	}
	raw, n := s.raw, 0
	for have := int(s.have); n < len(b); {
		raw[have] = b[n]
		have++
		n++
		if have >= 2 && have == headerSize(raw[1]) {
			h := parseHeader(raw[:have])
			if !h.legal() || h.length > uint64(len(b)-n) {
				return -1
			}
			return n + int(h.length)
		}
	}
	return -1
}

// Lost reports in which directions the tap no longer knows where frames begin. From then on no ping goes out: there
// is no place for it, or its pong could not be distinguished from other bytes.
func (c *Conn) Lost() (in, out bool) { return c.in.astray.Load(), c.out.astray.Load() }

// stray records that bytes passed in a lost direction at that moment. They may be data. It runs under the lock of
// that direction.
func (c *Conn) stray(s *stream, at model.Instant) {
	c.passedData(s == &c.in, at)
	if s.astray.CompareAndSwap(false, true) {
		c.note.Store(0)
		c.watch.Lost(c.Lost())
	}
}

// bound watches how long the messages of one direction are.
type bound struct {
	limit   uint64 // bytes of a message
	message uint64 // bytes of the one under way, with all of the frame under way
	over    bool   // it is longer, which nobody knows yet
}

// begin adds a frame to the message that it belongs to. A sum beyond the limit grows no more, so that it cannot overflow.
func (b *bound) begin(h *header) {
	switch {
	case h.opcode.Control() || !h.legal():
		return
	case h.opcode != OpContinuation:
		b.message = 0
	case b.message > b.limit:
		return
	}
	if b.message += h.length; b.message > b.limit {
		b.over = true
	}
}

// Bound makes the tap tell its Watcher when a message of the peer's is longer than limit, in bytes as they come: those of a
// compressed message before they are unpacked. It comes before the first read.
func (c *Conn) Bound(limit uint64) { c.in.long = &bound{limit: limit} }
