package bearer

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"holter/model"
	"holter/server/pass"
)

// words are what a client is told, and what an operator is told beside that.
var words = map[model.RefusalLimit]struct {
	status int // 401 if it is 0
	reason string
	hint   string // what mends it
}{
	model.TokenMissing:     {reason: "a token is needed"},
	model.TokenMalformed:   {reason: "the token is no JSON Web Token", hint: "its client sends something else, or it was cut off on the way"},
	model.TokenOversized:   {reason: "the token is too long"},
	model.TokenAmbiguous:   {reason: "there is more than one token", hint: "the client must send one: --jwt-from says where holter looks"},
	model.TokenAlgorithm:   {reason: "the token is not signed with an algorithm that is accepted", hint: "that follows from the keys: HS256 for a secret, else RS256, ES256 or EdDSA"},
	model.TokenKey:         {reason: "the key of the token is not known", hint: "it is not, or not yet, among those of --jwt-jwks"},
	model.TokenSignature:   {reason: "the signature of the token is wrong", hint: "it is forged, or was signed with another key than those of --jwt-key or --jwt-jwks"},
	model.TokenExpired:     {reason: "the token has expired", hint: "its client must get a new one"},
	model.TokenEarly:       {reason: "the token is not valid yet", hint: "if the clock of its issuer is ahead, --jwt-leeway is how far it may be"},
	model.TokenIssuer:      {reason: "the issuer of the token is not trusted", hint: "--jwt-issuer says which ones are"},
	model.TokenAudience:    {reason: "the token is for another service", hint: "--jwt-audience says for which it may be"},
	model.TokenClaim:       {status: http.StatusForbidden, reason: "the token lacks a claim that is required"},
	model.TokenUnavailable: {status: http.StatusServiceUnavailable, reason: "tokens cannot be verified now", hint: "its key is not known, and the keys of --jwt-jwks could not be fetched, which the log explains, or are fetched again in some seconds"},
}

// While a key cannot be had, a client is asked to wait for the first of these times, and a part of the second by chance: those
// that are refused together should not return together.
const (
	retryUnavailable = 5 * time.Second
	retrySpread      = 5 * time.Second
)

// refuse makes the refusal for a reason.
func refuse(why model.RefusalLimit) *pass.Refusal {
	return refuseWith(why, words[why].reason, words[why].hint)
}

// malformed makes the refusal of a token that is one, but says something that none may say. The reason shows nothing of it.
func malformed(reason, hint string) *pass.Refusal {
	return refuseWith(model.TokenMalformed, reason, "its issuer must "+hint)
}

func refuseWith(why model.RefusalLimit, reason, hint string) *pass.Refusal {
	r := &pass.Refusal{Refusal: model.Refusal{
		Status: cmp.Or(words[why].status, http.StatusUnauthorized), Reason: reason, By: model.RefusedByHolter, Limit: why,
	}}
	if hint != "" {
		r.Diagnosis = model.Diagnosis{Cause: model.CauseHandshakeBroken, Detail: reason + ": " + hint}
	}
	switch { // RFC 6750 section 3.1
	case why == model.TokenMissing:
		r.Challenge = "Bearer"
	case r.Status == http.StatusUnauthorized:
		r.Challenge = `Bearer error="invalid_token", error_description="` + reason + `"`
	case r.Status == http.StatusForbidden:
		r.Challenge = `Bearer error="insufficient_scope", error_description="` + reason + `"`
	default:
		r.RetryAfter = retryUnavailable + rand.N(retrySpread+time.Second).Truncate(time.Second)
	}
	return r
}

// refuseClaim says which claim is required.
func refuseClaim(which string) *pass.Refusal {
	r := refuse(model.TokenClaim)
	r.Diagnosis = model.Diagnosis{Cause: model.CauseHandshakeBroken, Detail: r.Reason + ": " + which}
	return r
}

// refuseMissing says where the token is looked for.
func (rs *rules) refuseMissing() *pass.Refusal {
	r := refuse(model.TokenMissing)
	var from []string
	for _, p := range rs.from {
		from = append(from, p.String())
	}
	r.Diagnosis = model.Diagnosis{
		Cause: model.CauseHandshakeBroken, Detail: "a token is needed: it is looked for in " + model.OneOf(from) + " (--jwt-from)",
	}
	return r
}

// String is p in words.
func (p place) String() string {
	switch {
	case p.kind == "header" && p.name == "":
		return "Authorization: Bearer"
	case p.kind == "header":
		return "the field " + p.name
	case p.kind == "protocol":
		return "Sec-WebSocket-Protocol: " + cmp.Or(p.name, "bearer") + ", TOKEN"
	case p.kind == "cookie":
		return "the cookie " + p.name
	}
	return "the parameter " + strings.TrimSpace(p.name)
}
