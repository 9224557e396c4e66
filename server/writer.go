package server

import (
	"bufio"
	"log"
	"net"
	"net/http"
	"path"
	"runtime"
	"strings"
)

// httpWriter is the writer of an upgrade. It can do all that the writer below it can, and a connection that is
// hijacked from it is tapped.
//
// What the application must not do with a writer, package http says in its log, with the line of the caller. Below
// an httpWriter that would be a line of this file. So an httpWriter says it by itself, in the same words.
type httpWriter struct {
	http.ResponseWriter
	monitor  *Monitor
	request  *http.Request
	switched bool // a 101 was written to it
	wrote    bool // so was a status, be it by a body
	hijacked bool
}

func (w *httpWriter) WriteHeader(status int) {
	switch {
	case w.hijacked:
		w.complain("response.WriteHeader on hijacked connection")
		return
	case w.wrote:
		w.complain("superfluous response.WriteHeader call")
		return
	}
	w.switched = status == http.StatusSwitchingProtocols
	w.wrote = w.switched || status >= http.StatusOK
	w.ResponseWriter.WriteHeader(status)
}

func (w *httpWriter) Write(b []byte) (int, error) {
	if w.hijacked {
		if len(b) > 0 {
			w.complain("response.Write on hijacked connection")
		}
		return 0, http.ErrHijacked
	}
	w.wrote = true
	return w.ResponseWriter.Write(b)
}

func (w *httpWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := w.monitor.hijack(w.ResponseWriter, w.request, w.switched)
	w.hijacked = w.hijacked || err == nil
	return c, rw, err
}

func (w *httpWriter) Flush() {
	w.wrote = w.wrote || !w.hijacked
	http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *httpWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// complain logs what the application did wrong, where package http would and as it does. It is to be called from a
// method of httpWriter itself.
func (w *httpWriter) complain(what string) {
	printf := log.Printf
	if s, ok := w.request.Context().Value(http.ServerContextKey).(*http.Server); ok && s.ErrorLog != nil {
		printf = s.ErrorLog.Printf
	}
	from := caller()
	printf("http: %s from %s (%s:%d)", what, from.Function, path.Base(from.File), from.Line)
}

// caller is the place in the application that called a method of httpWriter, be it through package http, as
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
