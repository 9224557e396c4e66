package tap

import "sync/atomic"

// tally counts the frames and bytes of both directions of many connections together, beside the figures that each has of
// its own.
type tally struct {
	in, out flow
	_       [16]byte // so that two share no line of a processor's cache
}

// flow is what passed in one direction.
type flow struct {
	frames [6]atomic.Uint64 // by the opcode: see counted
	bytes  atomic.Uint64
}

// Counted are the opcodes of the frames that Tallies count, in the order of Passed.Frames.
var Counted = [...]Opcode{OpContinuation, OpText, OpBinary, OpClose, OpPing, OpPong}

// place returns where in Counted a legal opcode is.
func (o Opcode) place() int {
	if o.Control() {
		return int(o - OpClose + 3)
	}
	return int(o)
}

// Passed is what has passed in one direction: whole frames, holter's own included, and all bytes.
type Passed struct {
	Frames [len(Counted)]uint64
	Bytes  uint64
}

func (p *Passed) add(f *flow) {
	for i := range f.frames {
		p.Frames[i] += f.frames[i].Load()
	}
	p.Bytes += f.bytes.Load()
}

// Tallies count the frames and bytes of many connections together: see Conn.Count. There are several, over which the
// connections are spread, so that goroutines that move bytes at the same time seldom count in the same one. The zero value
// is ready.
type Tallies [32]tally

// Sum returns what has passed so far. It only grows from one call to the next.
func (t *Tallies) Sum() (in, out Passed) {
	for i := range t {
		in.add(&t[i].in)
		out.add(&t[i].out)
	}
	return in, out
}

// Count makes c count in t too. It must come before the first read and write.
func (c *Conn) Count(t *Tallies) { c.tally = &t[c.key%uint64(len(t))] }

// frameIn and its twins count in the tally of c, if it has one. They are short enough to be inlined.
func (c *Conn) frameIn(o Opcode) {
	if c.tally != nil {
		c.tally.in.frames[o.place()].Add(1)
	}
}

func (c *Conn) frameOut(o Opcode) {
	if c.tally != nil {
		c.tally.out.frames[o.place()].Add(1)
	}
}

func (c *Conn) bytesIn(n int) {
	c.in.bytes.Add(uint64(n))
	if c.tally != nil {
		c.tally.in.bytes.Add(uint64(n))
	}
}

func (c *Conn) bytesOut(n int) {
	c.out.bytes.Add(uint64(n))
	if c.tally != nil {
		c.tally.out.bytes.Add(uint64(n))
	}
}
