package tap

import "holter/model"

// sieve loses frames of the peer's. What it has begun to lose, a frame or a message of many, it loses
// to its end, so that what is left is always well-formed.
type sieve struct {
	frame   bool // the frame under way is being lost
	message bool // and so will be the fragments to come
	count   int  // of messages
}

// lose eats the front of b up to the end of a frame if that frame is to be lost, and returns how much
// that is; 0 if it is to be passed.
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

// loses decides by the first byte of a frame.
func (s *sieve) loses(first byte, f *model.Faults) bool {
	op, fin, compressed := Opcode(first&0x0f), first&0x80 != 0, first&0x40 != 0
	switch {
	case op == OpPong:
		return f != nil && f.SwallowPongs
	case op.Control(), op > OpBinary: // no frame at all
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
