package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"

	"holter/model"
)

// Codes that only the edge knows: the domain has no methods and no bodies.
const (
	codeNoMethod model.Code = "method_not_allowed"
	codeTooLarge model.Code = "too_large"
)

var (
	errNoRoute  = model.Errorf(model.NotFound, "there is nothing at this path")
	errNoMethod = model.Errorf(codeNoMethod, "this path does not take that method")
	errBland    = model.Errorf(model.Internal, "something went wrong in holter; its log says what")
	errStopping = model.Errorf(model.Unavailable, "holter is shutting down")
)

var statuses = map[model.Code]int{
	model.Invalid:      http.StatusBadRequest,
	model.NotFound:     http.StatusNotFound,
	model.Gone:         http.StatusGone,
	model.Forbidden:    http.StatusForbidden,
	model.Unauthorized: http.StatusUnauthorized,
	model.Unavailable:  http.StatusServiceUnavailable,
	codeNoMethod:       http.StatusMethodNotAllowed,
	codeTooLarge:       http.StatusRequestEntityTooLarge,
}

// statusOf is the HTTP status for a code: 500 for one that is not known.
func statusOf(code model.Code) int {
	if s, ok := statuses[code]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// answerer writes an error in the way of its plane.
type answerer func(c *gin.Context, code model.Code, message string)

// renderErrors is the one place that answers an error: the last one that a handler has recorded, or a
// panic. What carries no code may tell a stranger too much: it goes to the log, and the client gets a
// bland answer.
func renderErrors(log *slog.Logger, write answerer) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			if p := recover(); p != nil {
				logPanic(log, c, p)
				render(c, write, errBland)
			}
		}()
		c.Next()
		last := c.Errors.Last()
		if last == nil {
			return
		}
		err := coded(c, last.Err)
		if model.ErrorCode(err) == model.Internal {
			log.Error("request failed", "method", c.Request.Method, "path", c.Request.URL.Path, "error", err)
			err = errBland
		}
		render(c, write, err)
	}
}

// render answers with err unless an answer is on its way already.
func render(c *gin.Context, write answerer, err error) {
	if !c.Writer.Written() {
		write(c, model.ErrorCode(err), err.Error())
	}
}

// coded gives the errors that others make a code.
func coded(c *gin.Context, err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return model.Errorf(codeTooLarge, "the body is too large")
	}
	if errors.Is(err, context.Canceled) && c.Request.Context().Err() != nil {
		return errStopping
	}
	return err
}

// logPanic keeps the stack for the log. A handler that aborts its request on purpose is let through to
// net/http.
func logPanic(log *slog.Logger, c *gin.Context, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	log.Error("panic in a request", "method", c.Request.Method, "path", c.Request.URL.Path, "panic", p, "stack", string(debug.Stack()))
}

// fail records err as the answer and keeps later handlers from running.
func fail(c *gin.Context, err error) {
	c.Error(err)
	c.Abort()
}
