package tap

import "encoding/binary"

// Opcode is the kind of a frame, RFC 6455 section 5.2.
type Opcode uint8

const (
	OpContinuation Opcode = 0x0
	OpText         Opcode = 0x1
	OpBinary       Opcode = 0x2
	OpClose        Opcode = 0x8
	OpPing         Opcode = 0x9
	OpPong         Opcode = 0xA
)

// Control reports whether o is that of a control frame, whose payload has at most 125 bytes.
func (o Opcode) Control() bool { return o&0x8 != 0 }

// header is a frame header, RFC 6455 section 5.2.
type header struct {
	fin    bool
	rsv    bool // any of the three reserved bits
	opcode Opcode
	masked bool
	mask   [4]byte
	length uint64 // of the payload, in bytes
}

const (
	maxHeader  = 14  // 2 bytes, 8 of extended length, 4 of mask
	maxControl = 125 // payload of a control frame
)

// legal reports whether h can be a header. If it cannot, these bytes were not one, and the length means
// nothing. Reserved bits are legal: an extension may use them. A fragmented control frame is legal too,
// although RFC 6455 section 5.5 forbids it: each fragment ends where its header says.
func (h *header) legal() bool {
	switch h.opcode {
	case OpContinuation, OpText, OpBinary:
		return h.length>>63 == 0
	case OpClose, OpPing, OpPong:
		return h.length <= maxControl
	}
	return false
}

// headerSize returns the size in bytes of a header, given its second byte.
func headerSize(b1 byte) int {
	n := 2
	switch b1 & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if b1&0x80 != 0 {
		n += 4
	}
	return n
}

// parseHeader parses the header in b, which holds exactly one.
func parseHeader(b []byte) header {
	h := header{
		fin:    b[0]&0x80 != 0,
		rsv:    b[0]&0x70 != 0,
		opcode: Opcode(b[0] & 0x0f),
		masked: b[1]&0x80 != 0,
		length: uint64(b[1] & 0x7f),
	}
	switch h.length {
	case 126:
		h.length = uint64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		h.length = binary.BigEndian.Uint64(b[2:])
	}
	if h.masked {
		copy(h.mask[:], b[len(b)-4:])
	}
	return h
}
