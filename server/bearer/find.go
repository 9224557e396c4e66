package bearer

import (
	"cmp"
	"encoding/base64"
	"iter"
	"net/http"
	"strings"

	"holter/model"
	"holter/server/pass"
)

// maxToken is the length of a token in bytes beyond which it is not looked at. Headers of servers are bounded at about
// that much.
const maxToken = 8 << 10

// found is a token in a request.
type found struct {
	text   string
	answer string // the subprotocol to answer with
}

// find returns the token of a request. Several different tokens are refused: of these the application may read another
// one than the guard has verified.
func (rs *rules) find(r *http.Request) (found, *pass.Refusal) {
	var token found
	for _, p := range rs.from {
		for _, f := range p.tokens(r) {
			switch {
			case f.text == "":
			case token.text == "":
				token = f
			case token.text != f.text:
				return found{}, refuse(model.TokenAmbiguous)
			}
		}
	}
	switch {
	case token.text == "":
		return found{}, rs.refuseMissing()
	case len(token.text) > maxToken:
		return found{}, refuse(model.TokenOversized)
	}
	return token, nil
}

// tokens returns the tokens in one place of a request.
func (p place) tokens(r *http.Request) (all []found) {
	switch {
	case p.kind == "header" && p.name == "":
		for _, value := range r.Header["Authorization"] {
			if scheme, token, _ := strings.Cut(strings.TrimSpace(value), " "); strings.EqualFold(scheme, "Bearer") {
				all = append(all, found{text: strings.TrimSpace(token)})
			}
		}
	case p.kind == "header":
		for _, value := range r.Header[p.name] {
			all = append(all, found{text: strings.TrimSpace(strings.TrimPrefix(value, "Bearer "))})
		}
	case p.kind == "protocol":
		return offered(r, p.name)
	case p.kind == "cookie":
		for _, c := range r.CookiesNamed(p.name) {
			all = append(all, found{text: c.Value})
		}
	case r.URL.RawQuery != "":
		for _, value := range r.URL.Query()[p.name] {
			all = append(all, found{text: value})
		}
	}
	return all
}

// kubernetes is how Kubernetes has its clients offer a token: this, and the token in base64.
const kubernetes = "base64url.bearer.authorization.k8s.io."

// offered returns the tokens among the subprotocols that a client offers: the one after the name, or the rest of one that
// begins with the name and a point. Without a name that is bearer, or what Kubernetes has. A browser can set no other
// field than this one.
func offered(r *http.Request, name string) (all []found) {
	usual := name == ""
	if usual {
		name = "bearer"
	}
	spare, announced := "", "" // an offer that is no token, and the name before a token
	add := func(text, answer string) {
		if text != "" && (len(all) == 0 || all[0].text != text) {
			all = append(all, found{text, answer})
		}
	}
	for offer := range offersOf(r) {
		rest, joined := strings.CutPrefix(offer, name+".")
		encoded, k8s := strings.CutPrefix(offer, kubernetes)
		switch {
		case len(all) > 1: // these are refused
			return all
		case announced != "":
			add(offer, announced)
			announced = ""
		case strings.EqualFold(offer, name):
			announced = offer
		case usual && k8s:
			if token, err := base64.RawURLEncoding.DecodeString(encoded); err == nil {
				add(string(token), "")
			}
		case joined:
			add(rest, "")
		case spare == "":
			spare = offer
		}
	}
	for i := range all {
		all[i].answer = cmp.Or(all[i].answer, spare)
	}
	return all
}

// offersOf are the subprotocols that a client offers. There may be any number that a head has room for.
func offersOf(r *http.Request) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, value := range r.Header["Sec-Websocket-Protocol"] {
			for offer := range strings.SplitSeq(value, ",") {
				if !yield(strings.TrimSpace(offer)) {
					return
				}
			}
		}
	}
}
