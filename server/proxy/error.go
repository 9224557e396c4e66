package proxy

import (
	"context"
	"crypto/tls"
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
	"holter/server/tap"
)

// Codes of a proxy whose upstream fails it.
const (
	codeBadGateway     model.Code = "bad_gateway"
	codeGatewayTimeout model.Code = "gateway_timeout"
)

// answerFailure answers a request that the upstream did not answer, and says what was tried.
func (p *proxy) answerFailure(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errTaken) {
		return
	}
	from := clientOf(r)
	if from.request.Context().Err() != nil { // it has gone, and reads no answer
		return
	}
	status, code := http.StatusBadGateway, codeBadGateway
	if isTimeout(err) {
		status, code = http.StatusGatewayTimeout, codeGatewayTimeout
	}
	message := fmt.Sprintf("The upstream %s %s.", p.upstream.url, describe(err))
	if tap.IsUpgrade(from.request) {
		p.door.Refused(from.request, status, message, 0)
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
	switch {
	case name != nil:
		return "has a name that cannot be resolved: " + name.Err
	case dial != nil && dial.Op == "dial" && dial.Addr != nil:
		return fmt.Sprintf("cannot be reached at %s: %s", dial.Addr, system(dial))
	case errors.Is(err, errNoHandshake):
		return "did not answer: " + err.Error()
	case cert != nil:
		return "shows a certificate that is not trusted: " + model.Clean(cert.Err.Error(), 300) +
			" (--upstream-ca FILE names certificates to trust, --insecure-upstream trusts any)"
	}
	return "did not answer as it should: " + model.Clean(err.Error(), 300)
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
