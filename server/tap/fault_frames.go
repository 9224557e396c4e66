package tap

import "holter/model"

// sieve drops frames of the peer's. It drops a frame, or a message in fragments, to its end, so that what
// is left is always well-formed.
type sieve struct {
	frame   bool // the frame under way is dropped
	message bool // and so are the fragments to come
	count   int  // of messages
}

// lose eats the front of b up to the end of a frame, if that frame is to be dropped, and returns the
// number of bytes. It returns 0 if the frame passes. It runs under readLock.
func (c *Conn) lose(w *wire, b []byte) int {
	if c.in.lost {
		return 0
	}
	if c.in.boundary() {
		w.sieve.frame = w.sieve.loses(b[0], w.faults.Load())
	}
	if !w.sieve.frame {
		return 0
	}
	n, _ := c.in.walk(b)
	return n
}

// loses decides by the first byte of a frame whether to drop it.
func (s *sieve) loses(first byte, f *model.Faults) bool {
	op, fin, compressed := Opcode(first&0x0f), first&0x80 != 0, first&0x40 != 0
	switch {
	case op == OpPong:
		return f != nil && f.SwallowPongs
	case op.Control(), op > OpBinary: // never dropped, or not a frame
		return false
	case op == OpContinuation:
		lost := s.message
		s.message = lost && !fin
		return lost
	}
	s.message = false
	if f == nil || f.Drop == 0 || compressed {
		return false
	}
	s.count++
	lost := s.count%f.Drop == 0
	s.message = lost && !fin
	return lost
}
