package plane

import (
	"bytes"
	"log"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// QuietLog makes a logger for net/http, which logs the mistakes of clients (broken TLS handshakes, early ends). It
// passes on one line a second, with the number of lines that it held back, so that strangers cannot fill a disk.
func QuietLog(l *slog.Logger) *log.Logger {
	return log.New(&quietWriter{log: l, limit: rate.NewLimiter(rate.Every(time.Second), 1)}, "", 0)
}

type quietWriter struct {
	log   *slog.Logger
	limit *rate.Limiter
	held  atomic.Uint64
}

func (w *quietWriter) Write(line []byte) (int, error) {
	if !w.limit.Allow() {
		w.held.Add(1)
		return len(line), nil
	}
	w.log.Warn(string(bytes.TrimSpace(line)), "held_back", w.held.Swap(0))
	return len(line), nil
}
