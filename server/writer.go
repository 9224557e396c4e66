package server

import (
	"bufio"
	"cmp"
	"fmt"
	"log"
	"net"
	"net/http"
	"path"
	"runtime"
	"strings"

	"holter/model"
	"holter/server/hub"
	"holter/server/plane"
)

// httpWriter is the writer of an upgrade. It has all abilities of the writer below it. If the application hijacks the
// connection, it gets a tapped one.
//
// If the application misuses a writer, package http logs the mistake with the line of the caller. Below an httpWriter
// that would be a line of this file. So an httpWriter logs the mistake itself, in the same words.
type httpWriter struct {
	http.ResponseWriter
	monitor  *Monitor
	request  *http.Request
	reserved *hub.Reservation // for the connection
	status   int              // that was written to it, be it by a body, but for a 1xx that is no 101; 0 for none
	hijacked bool
}

func (w *httpWriter) WriteHeader(status int) {
	switch {
	case w.hijacked:
		w.complain("response.WriteHeader on hijacked connection")
		return
	case w.status != 0:
		w.complain("superfluous response.WriteHeader call")
		return
	}
	if status == http.StatusSwitchingProtocols || status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *httpWriter) Write(b []byte) (int, error) {
	if w.hijacked {
		if len(b) > 0 {
			w.complain("response.Write on hijacked connection")
		}
		return 0, http.ErrHijacked
	}
	w.status = cmp.Or(w.status, http.StatusOK)
	return w.ResponseWriter.Write(b)
}

func (w *httpWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := w.monitor.hijack(w.ResponseWriter, w.request, w.reserved, w.status == http.StatusSwitchingProtocols)
	if err == nil {
		w.hijacked = true
		w.reserved.Cancel() // if another monitor watches the connection
	}
	return c, rw, err
}

func (w *httpWriter) Flush() {
	if !w.hijacked {
		w.status = cmp.Or(w.status, http.StatusOK)
	}
	http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *httpWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// tell reports an upgrade that the application has answered without taking the connection. Wrap calls it at the
// end of the handler. If the application has written nothing, the answer to the client is not known here.
func (w *httpWriter) tell() {
	status := w.status
	below, ok := w.ResponseWriter.(interface { // Gin's writer, which the handler has written to directly
		Status() int
		Written() bool
	})
	if ok && status == 0 && below.Written() {
		status = below.Status()
	}
	w.report(status)
}

// report reports that the application has answered with that status, unless it has taken the connection or not answered.
func (w *httpWriter) report(status int) {
	if w.hijacked || status < http.StatusOK {
		return
	}
	w.monitor.hub.Report(w.request, model.Refusal{
		Status: status, Reason: "the application refused", By: model.RefusedByApp, Diagnosis: whatBroke(w.request, status),
	})
}

// whatBroke returns a likely reason for an application's answer to an upgrade. It is empty if the status means trouble
// of the application itself.
func whatBroke(r *http.Request, status int) model.Diagnosis {
	if d := plane.CheckHandshake(r); d.Cause != "" {
		return d
	}
	d := model.Diagnosis{Cause: model.CauseHandshakeBroken}
	switch {
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		return model.Diagnosis{}
	case status < http.StatusMultipleChoices:
		d.Detail = "the application answered as if this were no handshake: it serves no WebSocket at this path"
	case status < http.StatusBadRequest:
		d.Detail = "the application redirects, and WebSocket clients follow no redirect: let the client connect to the other address"
	case (status == http.StatusForbidden || status == http.StatusBadRequest) && !plane.SameOrigin(r):
		d.Detail = fmt.Sprintf("the Origin is %.100s and the Host %.100s: an application that compares them refuses; allow that origin in its settings", r.Header.Get("Origin"), r.Host)
	default:
		d.Detail = fmt.Sprintf("the application answered %d: its log says why", status)
	}
	return d
}

// complain logs a mistake of the application as package http does, to the same log. Only methods of httpWriter may call
// it.
func (w *httpWriter) complain(what string) {
	printf := log.Printf
	if s, ok := w.request.Context().Value(http.ServerContextKey).(*http.Server); ok && s.ErrorLog != nil {
		printf = s.ErrorLog.Printf
	}
	from := caller()
	printf("http: %s from %s (%s:%d)", what, from.Function, path.Base(from.File), from.Line)
}

// caller returns the place in the application that called a method of httpWriter, directly or through package http, as
// http.Error does.
func caller() runtime.Frame {
	var pc [16]uintptr
	n := runtime.Callers(4, pc[:]) // beyond Callers, this function, complain and the method
	frames := runtime.CallersFrames(pc[:n])
	for {
		frame, more := frames.Next()
		if !more || !strings.HasPrefix(frame.Function, "net/http.") {
			return frame
		}
	}
}
