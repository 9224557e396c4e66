package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"holter/model"
	"holter/server/plane"
)

// refuseForeign refuses pages of other sites, which could otherwise read and kick with the rights of their visitor. If
// only this machine can reach the plane, it also refuses requests that were sent to another name.
func (a *Plane) refuseForeign(r *http.Request) error {
	switch {
	case !plane.SameOrigin(r):
		return model.Errorf(model.Forbidden, "pages of other origins have no access")
	case a.private() && !plane.OwnHost(r):
		return model.Errorf(model.Forbidden, "on a loopback address the host must be localhost, 127.0.0.1 or [::1]")
	}
	return nil
}

// authorized returns a handler that accepts only requests with the token (RFC 6750 section 2.1), or all requests if
// there is no token.
func (a *Plane) authorized(h handler) handler {
	if a.token == "" {
		return h
	}
	want := sha256.Sum256([]byte(a.token))
	return func(w http.ResponseWriter, r *http.Request) error {
		// The sums have one length, so that every comparison takes the same time.
		got := sha256.Sum256([]byte(credentials(r.Header.Get("Authorization"))))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="holter"`)
			return model.Errorf(model.Unauthorized, "send the token as Authorization: Bearer TOKEN")
		}
		return h(w, r)
	}
}

// credentials is the token in an Authorization header of the scheme Bearer, else nothing.
func credentials(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
