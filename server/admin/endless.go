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

// endless is an answer without an end. What is written to it leaves with send, or with the next batch. A slow reader
// gets what is new because the caller takes what it writes next only when send has returned. A reader that takes nothing for
// too long fails a call, and so ends the answer.
type endless struct {
	line   *line
	batch  *bufio.Writer
	pack   *packer // nil if the reader cannot unpack it
	saving *saving
	raw    int // bytes since the last drain, before they are packed
}

// newEndless begins an answer of lines in the given format, for a reader who may take nothing for as long as
// stuck.
func newEndless(w http.ResponseWriter, r *http.Request, contentType string, stuck time.Duration) *endless {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx
	l := newLine(w, r, stuck)
	return &endless{line: l, batch: bufio.NewWriterSize(l, batchSize)}
}

// compress has the answer compressed, if the reader can unpack it, whenever a part in each interval of the given length
// would be too much for the line, and always if the reader takes nothing else. It comes before the first write.
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

// flush sends what has been written so far, and the head of the answer before anything has. It does not wait until it
// has left.
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

// send sends what has been written so far, and waits until nearly all of it has left this machine.
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

// close ends what is packed, also when the plane stops.
func (e *endless) close() {
	if e.pack != nil {
		e.line.rush()
		e.pack.close()
		e.batch.Flush()
	}
}

// saving decides whether a picture is compressed: by what the line took of the last ones, since an address says little
// about it. What is at the other end of a tunnel has one of this machine.
type saving struct {
	every  time.Duration // between two pictures
	always bool
	on     bool
}

// A line counts as slow below the one rate, and as quick above the other. A reader on this machine that is busy with
// reading lies above both: it would be slower still if it had to unpack.
const (
	slowBelow  = 16e6 // bytes a second
	quickAbove = 64e6
)

// during decides in the midst of a picture, of which the line has taken the given bytes while it was waited for.
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

// ended cuts off a reader that takes nothing, and logs it, if that is the error by which the answer ended. Otherwise the
// reader is gone or the plane stops, and the end of the answer is all that can tell.
func (a *Plane) ended(r *http.Request, out *endless, err error) {
	if !errors.Is(err, errStuck) {
		return
	}
	a.log.Warn("cut off a reader that takes nothing", "of", r.URL.Path, "remote", r.RemoteAddr, "for", a.stuck)
	if out.line.conn != nil {
		sock.Close(out.line.conn, true) // or the kernel would go on offering what it holds
	}
}
