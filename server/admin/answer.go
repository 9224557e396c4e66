package admin

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"holter/model"
	"holter/server/api"
	"holter/server/plane"
)

// answer answers every request of the plane, and every error of its handlers, a panic included.
func (a *Plane) answer(w http.ResponseWriter, r *http.Request) {
	out := &begun{ResponseWriter: w, request: r, stuck: a.stuck}
	defer func() {
		if p := recover(); p != nil {
			plane.LogPanic(a.log, r, p)
			writeError(out, plane.ErrBland)
		}
	}()
	if err := a.handle(out, r); err != nil {
		err = plane.Presentable(a.log, r, err)
		a.refused(out, r, err)
		writeError(out, err)
	}
}

func (a *Plane) handle(w http.ResponseWriter, r *http.Request) error {
	if err := a.refuseForeign(r); err != nil {
		return err
	}
	return find(a.calls, r)(w, r)
}

// begun is a writer that knows whether an answer is on its way. A long one may take a slow reader as long as it needs.
type begun struct {
	http.ResponseWriter
	request *http.Request
	stuck   time.Duration
	yes     bool
}

func (b *begun) WriteHeader(status int) {
	b.yes = true
	b.ResponseWriter.WriteHeader(status)
}

func (b *begun) Write(text []byte) (int, error) {
	b.yes = true
	if len(text) <= batchSize {
		return b.ResponseWriter.Write(text)
	}
	l, n := newLine(b.ResponseWriter, b.request, b.stuck), 0
	for part := range slices.Chunk(text, batchSize) {
		written, err := l.Write(part)
		if n += written; err != nil {
			return n, err
		}
	}
	return n, nil
}

func (b *begun) FlushError() error {
	b.yes = true
	return http.NewResponseController(b.ResponseWriter).Flush()
}

func (b *begun) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// writeError answers with err unless an answer is on its way.
func writeError(w *begun, err error) {
	if !w.yes {
		code := model.ErrorCode(err)
		writeJSON(w, plane.StatusOf(code), api.Error{Error: api.ErrorBody{Code: code, Message: err.Error()}})
	}
}

// writeJSON answers with v. That the client has gone is no error of the request.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(text)
	return nil
}
