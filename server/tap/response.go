package tap

import "bytes"

// writeHead passes on the response head before the frames, and finds out from it whether frames will follow. Some
// libraries have sent the head before they hijack. The first byte shows that: a head begins with H, and a frame never
// does. It runs under writeLock, as does parseHead.
func (c *Conn) writeHead(b []byte) (int, error) {
	if c.phase == phaseFirst && len(b) > 0 {
		c.phase = phaseHead
		if b[0] != 'H' {
			c.phase = phaseFrames
			c.reportOpened("")
			return c.write(b)
		}
	}
	frames := -1
	if c.phase == phaseHead {
		frames = c.parseHead(b)
	}
	n, err := c.writeSocket(b)
	if frames < 0 {
		c.bytesOut(n)
		return n, err
	}
	c.bytesOut(min(frames, n))
	c.phase = phaseFrames
	c.passed(b[min(frames, n):n])
	return n, err
}

// parseHead parses b, the next piece of the response head. If the head ends in b and its status is 101, it
// reports the connection as opened, before the peer can know of it, and returns where in b the frames
// begin. Otherwise it returns -1.
func (c *Conn) parseHead(b []byte) int {
	before, head := 0, b
	if o := c.opening; o != nil && len(o.head) > 0 { // rare: nearly always the head comes in one piece
		before, head = len(o.head), append(o.head, b...)
	}
	i := bytes.Index(head, []byte("\r\n\r\n"))
	if i < 0 && len(head) <= maxHead {
		if c.opening == nil {
			c.opening = new(opening)
		}
		c.opening.head = bytes.Clone(head)
		return -1
	}
	if i < 0 || !switching(head) {
		c.phase, c.opening = phaseOpaque, nil
		return -1
	}
	c.accepted(headerField(head[:i+2], "Sec-WebSocket-Accept"))
	c.reportOpened(headerField(head[:i+2], "Sec-WebSocket-Protocol"))
	return i + 4 - before
}

// maxHead is the longest response head that is parsed, in bytes.
const maxHead = 16 << 10

// switching reports whether the status in the response head is 101.
func switching(head []byte) bool {
	_, status, _ := bytes.Cut(head, []byte(" "))
	return bytes.HasPrefix(status, []byte("101"))
}

// headerField returns the value of a field of a response head, whose lines all end in CRLF.
func headerField(head []byte, name string) string {
	for len(head) > 0 {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte("\r\n"))
		key, value, _ := bytes.Cut(line, []byte(":"))
		if len(key) == len(name) && bytes.EqualFold(key, []byte(name)) {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}
