package admin

import (
	"bufio"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"
)

// packer writes a gzip stream (RFC 1952). Each part of the stream is compressed or, for a fast reader, only stored, which
// needs almost no CPU time. The stream is one member, because browsers do not read a second member. Each part begins at
// a byte boundary, so another writer can write the next part.
type packer struct {
	out     *bufio.Writer
	deflate *flate.Writer // nil until something is compressed
	within  bool          // a compressed part has not been flushed yet
	held    bool          // the last part is stored: some readers hold it back until another block begins
	stale   bool          // the last part did not pass through deflate, so deflate must not refer to earlier text

	sum    uint32
	length uint32 // modulo 1 << 32
}

// level is the compression level of package flate. Its output is a seventh smaller than with flate.BestSpeed, in twice
// the time.
const level = 4

// gzipHead is the head of a member without a name or a time, from an unknown system.
var gzipHead = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}

// emptyBlock is a stored block of no bytes. The last block of a stream begins with a 1 instead.
var emptyBlock = []byte{0, 0, 0, 0xff, 0xff}

// largestStored is the greatest length of a stored block, in bytes (RFC 1951 section 3.2.4).
const largestStored = 1<<16 - 1

func newPacker(out *bufio.Writer) *packer {
	out.Write(gzipHead)
	return &packer{out: out}
}

// write writes the next part of the text, compressed or stored. Errors are those of out, which keeps them.
func (p *packer) write(text []byte, compressed bool) error {
	p.sum = crc32.Update(p.sum, crc32.IEEETable, text)
	p.length += uint32(len(text))
	if !compressed {
		return p.store(text)
	}
	switch {
	case p.deflate == nil:
		p.deflate, _ = flate.NewWriter(p.out, level)
	case p.stale:
		p.deflate.Reset(p.out)
	}
	p.stale, p.within, p.held = false, true, false
	_, err := p.deflate.Write(text)
	return err
}

func (p *packer) store(text []byte) error {
	if p.within {
		if err := p.flush(); err != nil {
			return err
		}
	}
	p.stale, p.held = true, true
	for len(text) > 0 {
		part := text[:min(len(text), largestStored)]
		n := uint16(len(part))
		p.out.Write(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16([]byte{0}, n), ^n))
		if _, err := p.out.Write(part); err != nil {
			return err
		}
		text = text[len(part):]
	}
	return nil
}

// flush writes all of the text so far to out.
func (p *packer) flush() (err error) {
	switch {
	case p.within:
		err = p.deflate.Flush()
	case p.held:
		_, err = p.out.Write(emptyBlock)
	}
	p.within, p.held = false, false
	return err
}

// close writes the end of the stream. It shows a reader that the stream is complete.
func (p *packer) close() {
	p.flush()
	p.out.WriteByte(1)
	p.out.Write(emptyBlock[1:])
	p.out.Write(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, p.sum), p.length))
}

// encodings are the content codings that the reader of an answer can decode.
type encodings struct{ gzip, identity bool }

// encodingsOf reads the Accept-Encoding headers of a request (RFC 9110 section 12.5.3).
func encodingsOf(r *http.Request) encodings {
	e := encodings{gzip: false, identity: true}
	for _, coding := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, q, _ := strings.Cut(coding, ";")
		weight, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(q), "q="), 64)
		wanted := err != nil || weight > 0
		switch name = strings.TrimSpace(name); {
		case strings.EqualFold(name, "gzip"):
			e.gzip = wanted
		case strings.EqualFold(name, "identity"):
			e.identity = wanted
		}
	}
	return e
}
