package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strings"

	"holter/model"
	"holter/probe/process"
	"holter/server/plane"
)

// refuseForeign refuses pages of other sites, which could otherwise read and kick with the rights of their visitor. If
// only this machine can reach the plane, it also refuses requests that were sent to another name, unless that is one of
// Access.AdminHosts.
func (a *Plane) refuseForeign(r *http.Request) error {
	switch {
	case !plane.SameOrigin(r) && !a.knownOrigin(r):
		return foreign("pages of other origins have no access; --admin-host lets those of a host in")
	case a.plane.Private() && !plane.OwnHost(r) && !plane.KnownHost(r, a.guard.Load().AdminHosts):
		return foreign("on a loopback address the host must be localhost, 127.0.0.1 or [::1]; --admin-host lets another name in")
	}
	return nil
}

func foreign(why string) error {
	return &beyond{error: model.Errorf(model.Forbidden, "%s", why), limit: model.LimitSite}
}

// knownOrigin reports whether r comes from a page of one of Access.AdminHosts.
func (a *Plane) knownOrigin(r *http.Request) bool {
	host, ok := plane.OriginHost(r)
	return ok && slices.ContainsFunc(a.guard.Load().AdminHosts, func(known string) bool { return plane.SameHost(host, known) })
}

// keyOf returns the key that r has the token of (RFC 6750 section 2.1). It returns nil if there are keys and none is r's.
func (a *Plane) keyOf(r *http.Request) *key {
	// The sums have one length, and all of them are compared, so that every comparison takes the same time.
	got := sha256.Sum256([]byte(credentials(r.Header.Get("Authorization"))))
	var found *key
	for _, k := range *a.keys.Load() {
		if subtle.ConstantTimeCompare(got[:], k.sum[:]) == 1 {
			found = k
		}
	}
	return found
}

// authorized returns a handler that accepts only requests with a token that opens enough, or all requests if there is no
// token.
func (a *Plane) authorized(needs rights, h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if len(*a.keys.Load()) == 0 {
			return h(w, r)
		}
		k := a.keyOf(r)
		switch {
		case k == nil && credentials(r.Header.Get("Authorization")) == "":
			return noToken(w)
		case k == nil:
			a.quiet.Printf("%s has asked the admin plane with a wrong token", r.RemoteAddr)
			if err := a.refuseGuess(r); err != nil {
				return err
			}
			return wrongToken(w)
		case k.opens < needs:
			return model.Errorf(model.Forbidden, "this token only reads: what changes something needs that of --token")
		}
		return k.lend(h, w, r)
	}
}

// lend has a handler answer for as long as the key is in force.
func (k *key) lend(h handler, w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	stop := context.AfterFunc(k.ctx, process.Guard(cancel))
	defer stop()
	if k.opens < changing {
		ctx = context.WithValue(ctx, readerKey{}, true)
	}
	err := h(w, r.WithContext(ctx))
	if errors.Is(err, context.Canceled) && k.ctx.Err() != nil {
		return wrongToken(w)
	}
	return err
}

func noToken(w http.ResponseWriter) error {
	w.Header().Set("WWW-Authenticate", `Bearer realm="holter"`)
	return model.Errorf(model.Unauthorized, "send the token as Authorization: Bearer TOKEN")
}

func wrongToken(w http.ResponseWriter) error {
	w.Header().Set("WWW-Authenticate", `Bearer realm="holter", error="invalid_token"`) // RFC 6750 section 3.1
	return model.Errorf(model.Unauthorized, "this token is wrong: send that of --token, --token-file, --read-token or --read-token-file as it is now")
}

type readerKey struct{}

// picture is the snapshot for a caller, which says whether the caller may change anything.
func (a *Plane) picture(ctx context.Context) (model.Snapshot, error) {
	s, err := a.pictures.Take(ctx)
	if ctx.Value(readerKey{}) != nil {
		s.Monitor.ReadOnly = true
	}
	return s, err
}

// credentials is the token in an Authorization header of the scheme Bearer, else nothing.
func credentials(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
