package swarm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"

	"holter/model"
	"holter/probe/process"
	"holter/probe/sock"
)

// Bounds for an answer, in bytes.
const (
	keptBody      = 256      // of the body of a refusal
	longestAnswer = 64 << 10 // with all interim answers before it, such as 103
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

// answer is a connection on which the answer to an HTTP request has not come in yet. Its reader gets only the lines of
// the head that a handshake needs. After a status that does not open the connection, the reader gets the first bytes of
// the body as if they were all of it, and then the end of the stream.
//
// The connection is closed when the context of the handshake is cancelled, because a handshake does not look at it while
// it waits for the answer.
//
// Only the goroutine that reads may use the head. After the head, reads go to the connection below.
type answer struct {
	net.Conn
	head *head // nil once it has been read, unless the connection is not opened
}

// head reads the head of an answer line by line and keeps only the lines that a handshake needs, because net/http
// would keep any number of lines that a server sends.
type head struct {
	opens  int // the status that opens the connection
	status int // 0 before the status line
	left   int // bytes that may still come before the head ends

	line   []byte // the line that is coming in, up to longestLine
	cut    bool   // that line is longer
	needed bool   // the last line was needed, and so are lines that continue it
	whole  bool   // the head has ended
	out    []byte // for the reader

	// Of a refusal:
	location []byte
	length   int64  // of the body, -1 if it is not known
	chunked  bool   // the body is
	body     []byte // what has come of it, up to keptBody

	unwatch func() bool // ends the watch over the handshake's context
}

func newAnswer(ctx context.Context, conn net.Conn, opens int) *answer {
	a := &answer{Conn: conn, head: &head{opens: opens, left: longestAnswer, length: -1}}
	below := sock.Bottom(conn) // closing what is above may wait for a write
	a.head.unwatch = context.AfterFunc(ctx, process.Guard(func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			below.Close()
		}
	}))
	return a
}

// NetConn returns the connection below.
func (a *answer) NetConn() net.Conn { return a.Conn }

func (a *answer) Read(p []byte) (int, error) {
	if a.head == nil {
		return a.Conn.Read(p)
	}
	if !a.head.whole {
		status, err := a.await()
		if err != nil {
			return 0, err
		}
		if status != a.head.opens {
			a.awaitBody()
			a.head.refuse()
		}
		a.head.unwatch()
	}
	n := copy(p, a.head.out)
	a.head.out = a.head.out[n:]
	switch {
	case len(a.head.out) == 0 && a.head.status == a.head.opens:
		a.head = nil
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// await reads until the head has ended, and returns the status.
func (a *answer) await() (int, error) {
	var chunk [readBuffer]byte
	for h := a.head; !h.whole; {
		n, err := a.Conn.Read(chunk[:])
		if err := h.take(chunk[:n]); err != nil {
			return 0, err
		}
		if err != nil && !h.whole {
			return 0, err
		}
	}
	return a.head.status, nil
}

// take parses the next bytes of the head, and keeps the bytes after it.
func (h *head) take(b []byte) error {
	for len(b) > 0 && !h.whole {
		part, _, ended := bytes.Cut(b, []byte{'\n'})
		n := len(part)
		if ended {
			n++
		}
		if h.left -= n; h.left < 0 {
			return errLongAnswer
		}
		b = b[n:]
		room := longestLine - len(h.line)
		h.cut = h.cut || len(part) > room
		h.line = append(h.line, part[:min(len(part), room)]...)
		if err := h.check(); err != nil {
			return err
		}
		if ended {
			h.endLine()
			h.line, h.cut = h.line[:0], false
		}
	}
	switch {
	case h.whole && h.status == h.opens:
		h.out = append(h.out, b...)
	case h.whole:
		h.takeBody(b)
	}
	return nil
}

// check refuses a line that is not HTTP or too long, while it is coming in.
func (h *head) check() error {
	const protocol = "HTTP/"
	begin := h.line[:min(len(h.line), len(protocol))]
	switch {
	case h.status == 0 && !strings.HasPrefix(protocol, string(begin)):
		return fmt.Errorf("%w %.40q", errNoHTTP, h.line)
	case h.cut && (h.status == 0 || h.isNeeded()), len(h.out) > longestNeeded:
		return errLongAnswer
	}
	return nil
}

// isNeeded reports whether the reader needs the line. It also needs one that is malformed, to refuse it.
func (h *head) isNeeded() bool {
	if len(h.line) > 0 && (h.line[0] == ' ' || h.line[0] == '\t') {
		return h.needed
	}
	name, _, ok := bytes.Cut(h.line, []byte{':'})
	return !ok || neededFields[http.CanonicalHeaderKey(string(name))]
}

// endLine handles a line that has come in completely.
func (h *head) endLine() {
	h.line = bytes.TrimSuffix(h.line, []byte{'\r'})
	switch {
	case h.status == 0:
		h.status, h.needed = statusOf(h.line), true
	case len(h.line) == 0:
		h.endHead()
		return
	default:
		h.needed = h.isNeeded()
		h.note()
	}
	if h.needed {
		h.out = append(append(h.out, h.line...), "\r\n"...)
	}
}

func (h *head) endHead() {
	switch {
	case h.status/100 == 1 && h.status != http.StatusSwitchingProtocols:
		h.status, h.out, h.location, h.length, h.chunked = 0, h.out[:0], nil, -1, false // the final answer follows
		return
	case h.status == h.opens:
		h.out = append(h.out, "\r\n"...)
	}
	h.whole = true
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

// note keeps what a line says of a refusal. A line that has been cut says nothing.
func (h *head) note() {
	name, value, _ := bytes.Cut(h.line, []byte{':'})
	value = bytes.TrimSpace(value)
	switch {
	case h.cut:
	case bytes.EqualFold(name, []byte("Location")):
		h.location = bytes.Clone(value)
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		h.chunked = true
	case bytes.EqualFold(name, []byte("Content-Length")):
		if n, err := strconv.ParseInt(string(value), 10, 64); err == nil && n >= 0 {
			h.length = n
		}
	}
}

// bodyPatience is how long a refusal may take to begin its body. A client must not come back late for it.
const bodyPatience = 100 * time.Millisecond

// awaitBody reads the first bytes of the body.
func (a *answer) awaitBody() {
	h := a.head
	if h.hasBody() {
		a.Conn.SetReadDeadline(time.Now().Add(bodyPatience))
	}
	for chunk := make([]byte, readBuffer); h.hasBody(); {
		n, err := a.Conn.Read(chunk)
		h.takeBody(chunk[:n])
		if err != nil {
			return
		}
	}
}

// hasBody reports whether more of the body is to come, and worth to be kept.
func (h *head) hasBody() bool {
	switch {
	case len(h.body) >= keptBody, h.status == http.StatusNoContent, h.status == http.StatusNotModified:
		return false
	case h.chunked:
		return !bytes.HasSuffix(h.body, []byte("\r\n0\r\n\r\n")) && string(h.body) != "0\r\n\r\n"
	}
	return h.length < 0 || int64(len(h.body)) < h.length
}

func (h *head) takeBody(b []byte) {
	h.body = append(h.body, b[:min(len(b), keptBody-len(h.body))]...)
}

// refuse ends the head of a refusal for the reader, and gives it what has come of the body.
func (h *head) refuse() {
	body := h.body
	if h.chunked {
		body, _ = io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(body))) // as far as it has come
	}
	if len(h.location) > 0 {
		h.out = fmt.Appendf(h.out, "Location: %s\r\n", model.Clean(string(h.location), longestLine))
	}
	h.out = fmt.Appendf(h.out, "Content-Length: %d\r\n\r\n%s", len(body), body)
}
