package plane

import (
	"io"
	"net/http"
	"strings"

	"holter/model"
)

// meet is the handler of a data plane: it lets a connection know that a handler has its request, and answers the
// preface of HTTP/2, which package http takes for a request (method PRI, target *).
func meet(m Monitor, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handled(r)
		if IsPreface(r) {
			m.Refused(r, model.Refusal{
				Status: http.StatusHTTPVersionNotSupported, Reason: "HTTP/2 in clear text", By: model.RefusedByHolter, Diagnosis: broken(noHTTP2),
			})
			w.Header().Set("Connection", "close")
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusHTTPVersionNotSupported)
			io.WriteString(w, noHTTP2+"\n")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// IsPreface reports whether r is the preface of HTTP/2 in clear text, RFC 9113 section 3.4.
func IsPreface(r *http.Request) bool { return r.ProtoMajor == 2 && r.Method == "PRI" }

const noHTTP2 = "HTTP/1.1 is spoken here, and this is the preface of HTTP/2: set the client, or the proxy in front, to HTTP/1.1 (nginx: proxy_http_version 1.1; Envoy: http_protocol_options; Caddy: versions 1.1; curl: --http1.1)"

// Handshaking reports whether r was meant as the opening handshake of a WebSocket: it has a field that nothing else
// has.
func Handshaking(r *http.Request) bool {
	return r.Header["Sec-Websocket-Key"] != nil || r.Header["Sec-Websocket-Version"] != nil || hasUpgrade(r)
}

func hasUpgrade(r *http.Request) bool { return hasToken(r.Header["Upgrade"], "websocket") }

// hasToken reports whether a token is in the lists of a header field. Package httpguts has a function for this, but it
// would bring all of IDNA into an application that embeds a monitor.
func hasToken(values []string, token string) bool {
	for _, v := range values {
		for t := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(t), token) {
				return true
			}
		}
	}
	return false
}

// IsBroken reports whether r was meant as the opening handshake of a WebSocket and cannot be one, because a field that asks
// for the upgrade is missing, or because it is the preface of HTTP/2. Over HTTP/2 itself there are other handshakes: RFC
// 8441.
func IsBroken(r *http.Request) bool {
	upgrade := hasUpgrade(r) && hasToken(r.Header["Connection"], "upgrade")
	return IsPreface(r) || r.ProtoMajor == 1 && r.Header["Sec-Websocket-Key"] != nil && !upgrade
}

// CheckHandshake returns the fault of a request that was meant as the opening handshake of a WebSocket: it lacks a
// field that asks for the upgrade, or it is not HTTP/1.1 but perhaps HTTP/2. The diagnosis is empty for a proper handshake, and for a
// request that was not meant as a handshake.
//
// RFC 6455 section 4.2.1.
func CheckHandshake(r *http.Request) model.Diagnosis {
	if IsPreface(r) {
		return broken(noHTTP2)
	}
	if !Handshaking(r) {
		return model.Diagnosis{}
	}
	var missing []string
	if !hasUpgrade(r) {
		missing = append(missing, "Upgrade: websocket")
	}
	if !hasToken(r.Header["Connection"], "upgrade") {
		missing = append(missing, "Connection: Upgrade")
	}
	old := !r.ProtoAtLeast(1, 1)
	switch {
	case len(missing) > 0 && old:
		return broken("the handshake came as HTTP/1.0 and without " + strings.Join(missing, " and ") + mend)
	case len(missing) > 0:
		return broken("the handshake came without " + strings.Join(missing, " and ") + mend)
	case old:
		return broken("the handshake came as HTTP/1.0" + mend)
	}
	return model.Diagnosis{}
}

// mend is the end of a sentence about a handshake that lost a field for one hop only.
const mend = ": a proxy in front of holter does not pass it on; " + Nginx

// Nginx is the setting with which nginx passes a handshake on.
const Nginx = `nginx needs proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`
