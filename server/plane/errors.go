package plane

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"holter/model"
	"holter/server/redact"
)

// Codes for errors of HTTP, which package model does not know.
const (
	codeNoMethod model.Code = "method_not_allowed"
	CodeTooLarge model.Code = "too_large"
)

// Errors that every plane answers with.
var (
	ErrNoRoute  = model.Errorf(model.NotFound, "there is nothing at this path")
	ErrNoMethod = model.Errorf(codeNoMethod, "this path does not take that method")
	ErrBland    = model.Errorf(model.Internal, "something went wrong in holter; its log says what")
	ErrStopping = model.Errorf(model.Unavailable, "holter is shutting down")
)

var statuses = map[model.Code]int{
	model.Invalid:      http.StatusBadRequest,
	model.NotFound:     http.StatusNotFound,
	model.Gone:         http.StatusGone,
	model.Forbidden:    http.StatusForbidden,
	model.Unauthorized: http.StatusUnauthorized,
	model.Unavailable:  http.StatusServiceUnavailable,
	model.BadSettings:  http.StatusUnprocessableEntity,
	codeNoMethod:       http.StatusMethodNotAllowed,
	model.TooCostly:    http.StatusUnprocessableEntity,
	model.TooMany:      http.StatusTooManyRequests,
	CodeTooLarge:       http.StatusRequestEntityTooLarge,
}

// StatusOf returns the HTTP status for a code, 500 if there is none for it.
func StatusOf(code model.Code) int {
	if s, ok := statuses[code]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// SetRetryAfter asks a client to come back after a time, which is rounded up to seconds.
func SetRetryAfter(h http.Header, wait time.Duration) {
	h.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// Presentable is the error that a client is told when err has ended its request. An error without a code may
// tell a stranger too much: it goes to the log, and the client gets a bland one.
func Presentable(log *slog.Logger, r *http.Request, err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return model.Errorf(CodeTooLarge, "the body is too large")
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return ErrStopping
	}
	if model.ErrorCode(err) == model.Internal {
		log.Error("request failed", "method", r.Method, "path", logged(r), "error", err)
		return ErrBland
	}
	return err
}

// LogPanic writes a recovered panic to the log, with its stack. It passes http.ErrAbortHandler on to
// net/http: with it a handler aborts its request on purpose.
func LogPanic(log *slog.Logger, r *http.Request, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	log.Error("panic in a request", "method", r.Method, "path", logged(r), "panic", p, "stack", string(debug.Stack()))
}

// logged is the path of a request for the log, with what may be secret in it masked.
func logged(r *http.Request) string { return model.Clean(redact.Path(r.URL.Path), 256) }
