package proxy

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"os"
	"strings"

	"holter/model"
	"holter/server/api"
	"holter/server/plane"
)

// Error codes for an upstream that cannot be reached or does not answer.
const (
	codeBadGateway     model.Code = "bad_gateway"
	codeGatewayTimeout model.Code = "gateway_timeout"
)

// answerFailure answers a request that the upstream did not answer, and describes the attempt.
func (p *proxy) answerFailure(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errTaken) {
		return
	}
	from := clientOf(r)
	if from.request.Context().Err() != nil { // it has gone, and reads no answer
		if plane.Handshaking(from.request) {
			p.door.Refused(from.request, model.Refusal{
				Reason: "the client went away before the upstream had answered", By: model.RefusedByClient,
				Diagnosis: plane.CheckHandshake(from.request),
			})
		}
		return
	}
	status, code := http.StatusBadGateway, codeBadGateway
	if isTimeout(err) {
		status, code = http.StatusGatewayTimeout, codeGatewayTimeout
	}
	message := fmt.Sprintf("The upstream %s %s.", p.upstream.url, describe(err))
	if plane.Handshaking(from.request) {
		p.door.Refused(from.request, model.Refusal{
			Status: status, Reason: message, By: model.RefusedByHolter, Diagnosis: plane.CheckHandshake(from.request),
		})
	}
	p.quiet.Print(message)
	writeFailure(w, from.request, status, api.Error{Error: api.ErrorBody{Code: code, Message: message}})
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout() || errors.Is(err, errNoHandshake) || errors.Is(err, context.DeadlineExceeded)
}

// describe says why a request failed, as the end of a sentence that begins with the upstream. Text that came
// from the upstream is cut and cleaned.
func describe(err error) string {
	dial, _ := errors.AsType[*net.OpError](err)
	name, _ := errors.AsType[*net.DNSError](err)
	cert, _ := errors.AsType[*tls.CertificateVerificationError](err)
	through, _ := errors.AsType[*viaError](err)
	switch {
	case through != nil:
		return fmt.Sprintf("cannot be reached through the proxy %s, which %s names: %s (with the upstream's name in NO_PROXY no proxy is used)",
			through.via, through.via.variable, through.reason())
	case name != nil:
		return "has a name that cannot be resolved: " + name.Err
	case dial != nil && dial.Op == "dial" && dial.Addr != nil:
		return fmt.Sprintf("cannot be reached at %s: %s", dial.Addr, system(dial))
	case errors.Is(err, errNoHandshake):
		return "did not answer: " + err.Error()
	case cert != nil:
		return "shows a certificate that is not trusted: " + model.Abridge(cert.Err.Error(), 300) +
			" (" + cmp.Or(tlsHint(err), "--upstream-ca FILE names certificates to trust") + ", --insecure-upstream trusts any)"
	}
	text := "did not answer as it should: " + model.Abridge(withoutHeader(err.Error()), 300)
	if hint := tlsHint(err); hint != "" {
		text += " (" + hint + ")"
	}
	return text
}

// tlsHint names the settings that may mend a TLS handshake that failed, "" if none is known.
func tlsHint(err error) string {
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "--upstream-server-name NAME is the name to expect in its certificate"
	}
	op, _ := errors.AsType[*net.OpError](err)
	if op == nil || op.Op != "remote error" { // an alert: package tls gives only its text
		return ""
	}
	switch text := op.Err.Error(); {
	case strings.Contains(text, "unrecognized name"):
		return "--upstream-server-name NAME is the name to ask for"
	case strings.Contains(text, "handshake failure"): // which has many causes
		return "--upstream-cert FILE if it wants a certificate, --upstream-server-name NAME if it wants another name"
	case strings.Contains(text, "certificate"):
		return "--upstream-cert FILE and --upstream-key FILE are the certificate that holter shows"
	}
	return ""
}

// withoutHeader cuts the text of an error where package textproto repeats a line of the header, perhaps a cookie.
func withoutHeader(text string) string {
	const malformed = "malformed MIME header"
	if i := strings.Index(text, malformed); i >= 0 {
		return text[:i+len(malformed)]
	}
	return text
}

// system returns the text of the operating system.
func system(err *net.OpError) string {
	if s, ok := errors.AsType[*os.SyscallError](err); ok {
		return s.Err.Error()
	}
	return err.Err.Error()
}

// writeFailure writes a page if the client accepts one, and JSON otherwise.
func writeFailure(w http.ResponseWriter, r *http.Request, status int, body api.Error) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if strings.Contains(strings.Join(r.Header["Accept"], ","), "text/html") {
		h.Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		failurePage.Execute(w, struct{ Title, Message string }{
			fmt.Sprintf("%d %s", status, http.StatusText(status)), body.Error.Message,
		})
		return
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

var failurePage = template.Must(template.New("failure").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:4em auto;padding:0 1em;color-scheme:light dark}</style>
<h1>{{.Title}}</h1>
<p>{{.Message}}
<p>This answer is from <b>holter proxy</b>, which stands in front of it.
</html>
`))
