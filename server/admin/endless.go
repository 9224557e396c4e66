package admin

import (
	"bufio"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// batchSize is how many bytes of an endless answer are gathered before they are written.
const batchSize = 32 << 10

// endless is an answer without an end. What is written to it leaves with flush, or with the next batch. A reader
// that takes nothing of a write for too long fails that write, and so ends the answer.
type endless struct {
	batch *bufio.Writer
	zip   *gzip.Writer // nil if not compressed
	ctl   *http.ResponseController
}

// newEndless begins an answer of lines in the given format, for a reader who may take nothing for as long as
// stuck.
func newEndless(w http.ResponseWriter, contentType string, stuck time.Duration) *endless {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx
	ctl := http.NewResponseController(w)
	return &endless{batch: bufio.NewWriterSize(&patient{w, ctl, stuck}, batchSize), ctl: ctl}
}

// compress compresses all that is written from now on, for a reader that can unpack it. It comes before the
// first write.
func (e *endless) compress(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept-Encoding")
	if !acceptsGzip(r.Header.Get("Accept-Encoding")) {
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	e.zip, _ = gzip.NewWriterLevel(e.batch, gzip.BestSpeed)
}

// acceptsGzip reads an Accept-Encoding header (RFC 9110 section 12.5.3).
func acceptsGzip(header string) bool {
	for _, coding := range strings.Split(header, ",") {
		name, q, _ := strings.Cut(coding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(q), "q="), 64)
			return err != nil || weight > 0
		}
	}
	return false
}

// Write adds text to the answer.
func (e *endless) Write(text []byte) (int, error) {
	if e.zip != nil {
		return e.zip.Write(text)
	}
	return e.batch.Write(text)
}

// flush sends what has been written so far, and the head of the answer before anything has.
func (e *endless) flush() error {
	if e.zip != nil {
		if err := e.zip.Flush(); err != nil {
			return err
		}
	}
	if err := e.batch.Flush(); err != nil {
		return err
	}
	return e.ctl.Flush()
}

// close ends what is compressed, so that a reader can tell that it is whole.
func (e *endless) close() {
	if e.zip != nil {
		e.zip.Close()
		e.batch.Flush()
	}
}

// patient gives the reader of an answer a new deadline with each write.
type patient struct {
	http.ResponseWriter
	ctl   *http.ResponseController
	stuck time.Duration
}

func (p *patient) Write(text []byte) (int, error) {
	if err := p.ctl.SetWriteDeadline(time.Now().Add(p.stuck)); err != nil {
		return 0, err
	}
	return p.ResponseWriter.Write(text)
}
