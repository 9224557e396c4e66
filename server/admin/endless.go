package admin

import (
	"bufio"
	"errors"
	"net/http"
	"time"

	"holter/probe/sock"
)

// batchSize is how many bytes of an endless answer are gathered before they are written.
const batchSize = 32 << 10

// endless is an answer without an end. Text that the caller writes goes out with send, or when a batch is full. A slow
// reader still gets recent text, because the caller reads its source again only when send has returned. If a reader
// accepts nothing for too long, a call fails, and that ends the answer.
type endless struct {
	line   *line
	batch  *bufio.Writer
	pack   *packer // nil if the reader cannot unpack it
	saving *saving
	raw    int // bytes since the last drain, before they are packed
}

// newEndless begins an answer with the given content type. The reader may accept nothing for as long as stuck.
func newEndless(w http.ResponseWriter, r *http.Request, contentType string, stuck time.Duration) *endless {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx
	l := newLine(w, r, stuck)
	return &endless{line: l, batch: bufio.NewWriterSize(l, batchSize)}
}

// compress turns compression on, if the reader can unpack it. A part of the answer goes out every given interval: it is
// compressed if the line would be too slow for it otherwise, or if the reader accepts only compressed answers. compress
// must be called before the first write.
func (e *endless) compress(w http.ResponseWriter, r *http.Request, every time.Duration) {
	w.Header().Set("Vary", "Accept-Encoding")
	accepted := encodingsOf(r)
	if !accepted.gzip {
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	e.pack = newPacker(e.batch)
	e.saving = &saving{every: every, always: !accepted.identity, on: true}
}

// Write adds text to the answer.
func (e *endless) Write(text []byte) (int, error) {
	e.raw += len(text)
	if e.pack == nil {
		return e.batch.Write(text)
	}
	return len(text), e.pack.write(text, e.saving.during(e.line.written, e.line.waited))
}

// flush sends all text that has been written so far, or the head of the answer if there is none. It does not wait until
// the socket has sent the bytes.
func (e *endless) flush() error {
	if e.pack != nil {
		if err := e.pack.flush(); err != nil {
			return err
		}
	}
	if err := e.batch.Flush(); err != nil {
		return err
	}
	return e.line.flush()
}

// send sends all text that has been written so far, and waits until the peer has acknowledged nearly all of it.
func (e *endless) send() error {
	if err := e.flush(); err != nil {
		return err
	}
	err := e.line.drain()
	written, waited := e.line.measure()
	if e.pack != nil {
		e.saving.after(e.raw, written, waited)
	}
	e.raw = 0
	return err
}

// close ends the compressed stream, also when the plane stops.
func (e *endless) close() {
	if e.pack != nil {
		e.line.rush()
		e.pack.close()
		e.batch.Flush()
	}
}

// saving decides whether a picture is compressed, by the rate at which the line took the last pictures. The address of
// the reader says little about its line: a reader behind a tunnel has an address of this machine.
type saving struct {
	every  time.Duration // between two pictures
	always bool
	on     bool
}

// A line counts as slow below slowBelow, and as quick above quickAbove. A busy reader on this machine is above both
// rates: unpacking would only make it slower.
const (
	slowBelow  = 16e6 // bytes a second
	quickAbove = 64e6
)

// during decides in the middle of a picture. The line has taken written bytes of it, and calls waited for that long.
func (s *saving) during(written int, waited time.Duration) bool {
	if waited > s.every/4 && rate(written, waited) < slowBelow {
		s.on = true
	}
	return s.on
}

// after decides for the next picture. It knows the size of the last one before and after it was packed.
func (s *saving) after(raw, written int, waited time.Duration) {
	if s.always || !s.on || written == 0 {
		return
	}
	plain := time.Duration(float64(waited) * float64(raw) / float64(written)) // how long it would have taken uncompressed
	s.on = plain > s.every/16 && rate(raw, waited) < quickAbove
}

// rate is in bytes a second.
func rate(bytes int, in time.Duration) float64 {
	return float64(bytes) / max(in, time.Nanosecond).Seconds()
}

// ended cuts off a reader and logs it if err says that the reader accepted nothing. For other errors the reader is gone
// or the plane stops, and ended does nothing: the end of the answer is the only sign that the reader gets.
func (a *Plane) ended(r *http.Request, out *endless, err error) {
	if !errors.Is(err, errStuck) {
		return
	}
	a.log.Warn("cut off a reader that takes nothing", "path", r.URL.Path, "remote", r.RemoteAddr, "for_ms", a.stuck.Milliseconds())
	if out.line.conn != nil {
		sock.Close(out.line.conn, true) // otherwise the kernel would try to send the rest for a long time
	}
}
