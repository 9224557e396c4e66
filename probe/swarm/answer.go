package swarm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// Bounds for the head of an answer, in bytes.
const (
	longestAnswer = 64 << 10 // with all that comes before it: answers such as 103, which are none yet
	longestLine   = 1 << 10  // of the lines that a handshake needs; others may be longer
	longestNeeded = 4 << 10  // of all these lines together
)

var (
	errLongAnswer = errors.New("the answer to the handshake is too long")
	errNoHTTP     = errors.New("malformed HTTP response")
)

// neededFields are the fields of an answer that a handshake needs. No extension is among them, because the
// clients offer none.
var neededFields = map[string]bool{
	"Upgrade": true, "Connection": true, "Sec-Websocket-Accept": true, "Sec-Websocket-Protocol": true, "Retry-After": true,
}

// answer is a connection on which the answer to an HTTP request has not come in yet. It reads the head of that
// answer line by line and keeps only the lines that a handshake needs, because net/http would keep all of them,
// however many a server sends. Its reader gets a head without the other lines. After a status that does not open
// the connection, it gets an answer without a body, and then the end of the stream.
//
// The head belongs to the goroutine that reads first. After the head, an answer is the connection below it.
type answer struct {
	net.Conn
	opens  int // the status that opens the connection
	status int // 0 before the status line
	left   int // bytes that may still come before the head ends

	line   []byte // the one that is coming in, up to longestLine
	cut    bool   // it is longer
	needed bool   // the last line was needed, and so are lines that continue it
	whole  bool   // the head has ended
	out    []byte // for the reader
}

func newAnswer(conn net.Conn, opens int) *answer {
	return &answer{Conn: conn, opens: opens, left: longestAnswer}
}

// NetConn returns the connection below.
func (a *answer) NetConn() net.Conn { return a.Conn }

func (a *answer) Read(p []byte) (int, error) {
	if err := a.await(); err != nil {
		return 0, err
	}
	switch {
	case len(a.out) > 0:
		n := copy(p, a.out)
		if a.out = a.out[n:]; len(a.out) == 0 {
			a.out = nil
		}
		return n, nil
	case a.status != a.opens:
		return 0, io.EOF
	}
	return a.Conn.Read(p)
}

// await reads until the head has ended.
func (a *answer) await() error {
	if a.whole {
		return nil
	}
	var chunk [readBuffer]byte
	for !a.whole {
		n, err := a.Conn.Read(chunk[:])
		if err := a.take(chunk[:n]); err != nil {
			return err
		}
		if err != nil && !a.whole {
			return err
		}
	}
	a.line = nil
	return nil
}

// take takes in the next bytes of the head, and of what comes after it.
func (a *answer) take(b []byte) error {
	for len(b) > 0 && !a.whole {
		part, _, ended := bytes.Cut(b, []byte{'\n'})
		n := len(part)
		if ended {
			n++
		}
		if a.left -= n; a.left < 0 {
			return errLongAnswer
		}
		b = b[n:]
		room := longestLine - len(a.line)
		a.cut = a.cut || len(part) > room
		a.line = append(a.line, part[:min(len(part), room)]...)
		if err := a.check(); err != nil {
			return err
		}
		if ended {
			a.endLine()
			a.line, a.cut = a.line[:0], false
		}
	}
	if a.whole && a.status == a.opens {
		a.out = append(a.out, b...)
	}
	return nil
}

// check looks at the line that is coming in.
func (a *answer) check() error {
	const protocol = "HTTP/"
	begin := a.line[:min(len(a.line), len(protocol))]
	switch {
	case a.status == 0 && !strings.HasPrefix(protocol, string(begin)):
		return fmt.Errorf("%w %.40q", errNoHTTP, a.line)
	case a.cut && (a.status == 0 || a.isNeeded()), len(a.out) > longestNeeded:
		return errLongAnswer
	}
	return nil
}

// isNeeded reports whether the reader needs the line. It also needs one that is malformed, to refuse it.
func (a *answer) isNeeded() bool {
	if len(a.line) > 0 && (a.line[0] == ' ' || a.line[0] == '\t') {
		return a.needed
	}
	name, _, ok := bytes.Cut(a.line, []byte{':'})
	return !ok || neededFields[http.CanonicalHeaderKey(string(name))]
}

// endLine takes in a line that has come in completely.
func (a *answer) endLine() {
	a.line = bytes.TrimSuffix(a.line, []byte{'\r'})
	switch {
	case a.status == 0:
		a.status, a.needed = statusOf(a.line), true
	case len(a.line) == 0:
		a.endHead()
		return
	default:
		a.needed = a.isNeeded()
	}
	if a.needed {
		a.out = append(append(a.out, a.line...), "\r\n"...)
	}
}

func (a *answer) endHead() {
	switch {
	case a.status/100 == 1 && a.status != http.StatusSwitchingProtocols:
		a.status, a.out = 0, a.out[:0] // the answer itself is still to come
		return
	case a.status != a.opens:
		a.out = append(a.out, "Content-Length: 0\r\n"...)
	}
	a.out = append(a.out, "\r\n"...)
	a.whole = true
}

// statusOf returns the status in a status line, or -1 if there is none.
func statusOf(line []byte) int {
	if words := bytes.Fields(line); len(words) > 1 {
		if status, err := strconv.Atoi(string(words[1])); err == nil && status > 0 {
			return status
		}
	}
	return -1
}
