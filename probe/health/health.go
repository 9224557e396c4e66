// Package health asks services over HTTP whether they are well, once at a time.
//
// A check ends with its context, whatever the other end does: a server that accepts and says nothing, a body that never ends,
// redirects in circles, an endless head. Nothing of an answer is kept but its status. Where the answer is not good, the
// package says why in one of the causes of package model. It keeps no history, and judges nothing: see heart.Service.
//
// Any goroutine may call an HTTP, at any time.
package health

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"holter/model"
)

// Result is the outcome of a check.
type Result struct {
	// Why is the cause and the evidence, a clause without a capital and an end. It is the zero Diagnosis after a good answer.
	Why    model.Diagnosis
	Status string // of the answer, such as "200", "" if there was none
}

// Well reports whether the answer was good.
func (r *Result) Well() bool { return r.Why.Cause == "" }

// Checker makes one check at a time, which ends with ctx. One that keeps something between two checks has a method Close too.
type Checker interface {
	Check(ctx context.Context) Result
}

// HTTP checks a URL with GET: an answer with a status from 200 to 299 is good. Redirects are not followed, as what answers
// there may be another service. Each check has a connection of its own, so that it meets what a new client would meet.
type HTTP struct {
	url       string
	header    http.Header
	transport *http.Transport
}

// Settings are those of an HTTP.
type Settings struct {
	URL    string      // http or https
	Header http.Header // of each request; Host is the host to ask for
	TLS    *tls.Config // nil for the system's certificates
}

const (
	longestHead = 64 << 10 // bytes of the head of an answer
)

// NewHTTP makes a checker.
func NewHTTP(s Settings) *HTTP {
	return &HTTP{url: s.URL, header: s.Header, transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{KeepAlive: -1}).DialContext,
		TLSClientConfig:        s.TLS,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: longestHead,
	}}
}

// Check asks once.
func (h *HTTP) Check(ctx context.Context) Result {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url, http.NoBody)
	if err != nil {
		return Result{Why: model.Diagnosis{Cause: model.CauseUnreachable, Detail: "the URL is none"}}
	}
	for name, values := range h.header {
		r.Header[name] = values
	}
	r.Header.Set("User-Agent", "holter")
	if u := r.URL.User; u != nil && r.Header.Get("Authorization") == "" {
		password, _ := u.Password()
		r.SetBasicAuth(u.Username(), password)
	}
	if host := h.header.Get("Host"); host != "" {
		r.Host = host
	}
	answer, err := h.transport.RoundTrip(r)
	if err != nil {
		return Result{Why: Explain(ctx, err)}
	}
	defer answer.Body.Close()
	status := fmt.Sprint(answer.StatusCode)
	if answer.StatusCode/100 == 2 {
		return Result{Status: status}
	}
	return Result{Status: status, Why: model.Diagnosis{Cause: model.CauseStatus, Detail: answered(answer)}}
}

// answered says how a server answers that is not well.
func answered(r *http.Response) string {
	text := "it answers " + model.Abridge(r.Status, 80)
	if to := r.Header.Get("Location"); r.StatusCode/100 == 3 && to != "" {
		text += " to " + model.Abridge(withoutQuery(to), 120) + ", and redirects are not followed"
	}
	return text
}

// withoutQuery leaves out what may be secret in an address.
func withoutQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "another address"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// Explain returns the cause of an error of a request, or of a dial, and what shows it. ctx is the one that it had.
func Explain(ctx context.Context, err error) model.Diagnosis {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok && ctx.Err() == nil && !e.IsTimeout {
		return model.Diagnosis{Cause: model.CauseDNS, Detail: "its name has no address: " + model.Abridge(e.Err, 120)}
	}
	if ctx.Err() != nil || timedOut(err) {
		return model.Diagnosis{Cause: model.CauseTimedOut, Detail: "no answer came in time"}
	}
	if detail, ok := explainTLS(err); ok {
		return model.Diagnosis{Cause: model.CauseTLS, Detail: detail}
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return model.Diagnosis{Cause: model.CauseRefused, Detail: "nobody listens there (connection refused)"}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE):
		return model.Diagnosis{Cause: model.CauseNoHTTP, Detail: "the connection ended before an answer came"}
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return model.Diagnosis{Cause: model.CauseUnreachable, Detail: "there is no way to it: " + model.Abridge(e.Err.Error(), 120)}
	}
	return model.Diagnosis{Cause: model.CauseNoHTTP, Detail: "what came is no answer of HTTP: " + model.Abridge(err.Error(), 120)}
}

func timedOut(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

func explainTLS(err error) (detail string, ok bool) {
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not accepted: " + model.Abridge(e.Err.Error(), 160), true
	}
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "its certificate is not accepted: " + model.Abridge(e.Error(), 160), true
	}
	if e, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "it does not speak TLS: " + model.Abridge(e.Msg, 120), true
	}
	if e, ok := errors.AsType[tls.AlertError](err); ok {
		return "it refuses the TLS handshake: " + model.Abridge(e.Error(), 120), true
	}
	if text := err.Error(); strings.Contains(text, "tls: ") || strings.Contains(text, "HTTP response to HTTPS client") {
		return "the TLS handshake failed: " + model.Abridge(text, 160), true
	}
	return "", false
}
