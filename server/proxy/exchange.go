package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"strings"
	"sync"
	"time"

	"holter/probe/process"
	"holter/server/tap"
)

// switched is the body of a 101: the connection, which no longer speaks HTTP, and the bytes that were read from it.
type switched struct {
	net.Conn
	head  []byte // of the response: its bytes, but with CRLF at the end of every line
	early []byte // the bytes after the head
}

// errNoHandshake means that the upstream has accepted a connection but sends nothing.
var errNoHandshake = errors.New("no answer")

// exchange sends a request over a connection of its own, and returns the response. That of a 101 has a *switched
// body.
func (u *upstream) exchange(r *http.Request) (*http.Response, error) {
	conn, err := u.dial(r.Context())
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(r.Context(), process.Guard(func() { conn.Close() }))
	if tap.IsUpgrade(r) {
		conn.SetDeadline(time.Now().Add(u.timeout))
	}
	res, err := converse(conn, r)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("%w within %v", errNoHandshake, u.timeout)
	}
	if err == nil && res.StatusCode == http.StatusSwitchingProtocols && !stop() {
		err = context.Cause(r.Context())
	}
	if err != nil {
		stop()
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	if res.StatusCode != http.StatusSwitchingProtocols {
		res.Body = &lastBody{res.Body, conn, stop}
	}
	return res, nil
}

func (u *upstream) dial(ctx context.Context) (net.Conn, error) {
	conn, err := u.connect(ctx)
	if err != nil || u.secure == nil {
		return conn, err
	}
	ctx, cancel := context.WithTimeout(ctx, u.timeout)
	defer cancel()
	secure := tls.Client(conn, u.secure.config())
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// lastBody is the body of the only response on a connection.
type lastBody struct {
	io.ReadCloser
	conn net.Conn
	stop func() bool
}

func (b *lastBody) Close() error {
	b.stop()
	b.conn.Close()
	return b.ReadCloser.Close()
}

var (
	requestWriters  = sync.Pool{New: func() any { return bufio.NewWriter(nil) }}
	responseReaders = sync.Pool{New: func() any { return bufio.NewReader(nil) }}
)

// converse writes r and reads the response. It passes on each 1xx that comes before it.
func converse(conn net.Conn, r *http.Request) (*http.Response, error) {
	if err := writeRequest(conn, r); err != nil {
		return nil, err
	}
	in := responseReaders.Get().(*bufio.Reader)
	in.Reset(conn)
	for {
		head, err := readHead(in)
		if err != nil {
			return nil, err
		}
		res, err := http.ReadResponse(bufio.NewReader(io.MultiReader(bytes.NewReader(head), in)), r)
		switch {
		case err != nil:
			return nil, err
		case res.StatusCode == http.StatusSwitchingProtocols:
			res.Body = &switched{conn, head, taken(in)}
			in.Reset(nil)
			responseReaders.Put(in)
			return res, nil
		case res.StatusCode >= 200:
			return res, nil
		}
		if err := interim(r, res); err != nil {
			return nil, err
		}
	}
}

// writeRequest writes r with the target exactly as the client sent it.
func writeRequest(conn net.Conn, r *http.Request) error {
	var to io.Writer = conn
	if r.URL.RequestURI() != r.RequestURI {
		to = &firstLine{conn, fmt.Sprintf("%s %s HTTP/1.1\r\n", r.Method, r.RequestURI)}
	}
	out := requestWriters.Get().(*bufio.Writer)
	defer requestWriters.Put(out)
	out.Reset(to)
	if err := r.Write(out); err != nil {
		return err
	}
	return out.Flush()
}

// firstLine is a writer that puts a line of its own in the place of the first line written to it.
type firstLine struct {
	io.Writer
	line string // empty once it is written
}

func (f *firstLine) Write(b []byte) (int, error) {
	rest := b
	if f.line != "" {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			return len(b), nil
		}
		if _, err := io.WriteString(f.Writer, f.line); err != nil {
			return 0, err
		}
		f.line, rest = "", b[end+1:]
	}
	n, err := f.Writer.Write(rest)
	return len(b) - len(rest) + n, err
}

// maxResponseHead bounds the head of a response, in bytes.
const maxResponseHead = 256 << 10

// readHead reads the head of a response. It ends all lines in CRLF, also those that came with LF alone.
func readHead(in *bufio.Reader) (head []byte, err error) {
	for begin := 0; ; { // of the line
		part, err := in.ReadSlice('\n')
		if head = append(head, part...); len(head) > maxResponseHead {
			return nil, fmt.Errorf("the head of the response has more than %d bytes", maxResponseHead)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			return nil, unexpected(err)
		}
		if !bytes.HasSuffix(head[begin:], crlf) {
			head = append(head[:len(head)-1], crlf...)
		}
		if len(head)-begin == len(crlf) {
			return head, nil
		}
		begin = len(head)
	}
}

var crlf = []byte("\r\n")

// unexpected turns the end of a stream into an error, as it came in the middle of a head.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// taken returns the bytes that in has read beyond the head.
func taken(in *bufio.Reader) []byte {
	b, _ := in.Peek(in.Buffered())
	return bytes.Clone(b)
}

// interim passes a 1xx on to the client.
func interim(r *http.Request, res *http.Response) error {
	if t := httptrace.ContextClientTrace(r.Context()); t != nil && t.Got1xxResponse != nil {
		return t.Got1xxResponse(res.StatusCode, textproto.MIMEHeader(res.Header))
	}
	return nil
}

// spellAsRFC6455 spells the names of the handshake's header fields as the RFC does. Package http spells them
// otherwise, and some servers compare them letter by letter.
func spellAsRFC6455(h http.Header) {
	for name, values := range h {
		if rest, ok := strings.CutPrefix(name, "Sec-Websocket-"); ok {
			delete(h, name)
			h["Sec-WebSocket-"+rest] = values
		}
	}
}
