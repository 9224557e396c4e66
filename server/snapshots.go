package server

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"holter/model"
	"holter/server/api"
)

const (
	usualPause    = 250 * time.Millisecond // between two snapshots
	shortestPause = 100 * time.Millisecond
	longestPause  = time.Minute
)

// snapshots answers GET /api/v1/snapshots?every_ms=250: the whole picture, and then what changes in it,
// as lines of JSON until the reader leaves or the plane stops. A reader that is slow gets fewer.
func (a *admin) snapshots(c *gin.Context) {
	every, err := parseEvery(c.Query("every_ms"))
	if err != nil {
		fail(c, err)
		return
	}
	ctx := c.Request.Context()
	s, err := a.source.Snapshot(ctx)
	if err != nil {
		fail(c, err)
		return
	}
	out := newLines(c, a.stuck)
	defer out.close()
	w := api.NewSnapshotWriter(out)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for err == nil && w.Write(&s) == nil && out.flush() == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		s, err = a.source.Snapshot(ctx)
	}
}

func parseEvery(text string) (time.Duration, error) {
	if text == "" {
		return usualPause, nil
	}
	ms, err := strconv.ParseUint(text, 10, 32)
	every := time.Duration(ms) * time.Millisecond
	if err != nil || every < shortestPause || every > longestPause {
		return 0, model.Errorf(model.Invalid, "every_ms %.20q: write a number from %d to %d",
			text, shortestPause.Milliseconds(), longestPause.Milliseconds())
	}
	return every, nil
}

// lines is an answer without an end, compressed for a reader that can unpack it.
type lines struct {
	patient patient
	zip     *gzip.Writer // nil if not compressed
}

func newLines(c *gin.Context, stuck time.Duration) *lines {
	h := c.Writer.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Accel-Buffering", "no") // nginx
	l := &lines{patient: patient{c.Writer, http.NewResponseController(c.Writer), stuck}}
	if acceptsGzip(c.GetHeader("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		l.zip, _ = gzip.NewWriterLevel(&l.patient, gzip.BestSpeed)
	}
	return l
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

func (l *lines) Write(p []byte) (int, error) {
	if l.zip != nil {
		return l.zip.Write(p)
	}
	return l.patient.Write(p)
}

// flush sends what has been written so far.
func (l *lines) flush() error {
	if l.zip != nil {
		if err := l.zip.Flush(); err != nil {
			return err
		}
	}
	return l.patient.ctl.Flush()
}

// close ends what is compressed, so that a reader can tell that it is whole.
func (l *lines) close() {
	if l.zip != nil {
		l.zip.Close()
	}
}

// patient waits so long for a reader that takes nothing, for each write anew.
type patient struct {
	out   io.Writer
	ctl   *http.ResponseController
	stuck time.Duration
}

func (p *patient) Write(text []byte) (int, error) {
	if err := p.ctl.SetWriteDeadline(time.Now().Add(p.stuck)); err != nil {
		return 0, err
	}
	return p.out.Write(text)
}
