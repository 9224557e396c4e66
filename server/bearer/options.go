package bearer

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"holter/probe/trust"
	"holter/server/redact"
)

// Options set a guard up. The defaults in the tags are those of the command line. In a zero value nothing is set: no
// leeway, no warning, tokens in the Authorization field and as a subprotocol.
type Options struct {
	Key       []string      `sep:"none" placeholder:"FILE" help:"Let in only clients with a JSON Web Token that the key in this file verifies: a public key or a certificate (PEM) for RS256, ES256 and EdDSA, or a secret of 32 bytes or more for HS256. May be given more than once, as while a key is replaced."`
	JWKS      string        `name:"jwks" placeholder:"FILE|URL" help:"The same with the keys of a JSON Web Key Set. A file is read again when it changes, a URL is fetched again every --jwt-refresh, and for a key that is not in it."`
	CA        string        `name:"ca" type:"existingfile" placeholder:"FILE" help:"Certificates to trust for the URL of --jwt-jwks, beside the system's (PEM)."`
	Refresh   time.Duration `default:"10m" help:"How often the URL of --jwt-jwks is fetched."`
	From      []string      `reload:"" default:"header,protocol" placeholder:"PLACE" help:"Where the token may come from: header (Authorization: Bearer TOKEN), header:NAME, protocol (Sec-WebSocket-Protocol: bearer, TOKEN, as browsers can), protocol:NAME, cookie:NAME, or query:NAME, which ends up in logs on the way."`
	Issuer    []string      `reload:"" placeholder:"NAME" help:"Issuers of tokens that are trusted (iss)."`
	Audience  []string      `reload:"" placeholder:"NAME" help:"Let in only tokens for one of these services (aud)."`
	Require   []string      `reload:"" sep:"none" placeholder:"CLAIM[=VALUE]" help:"Let in only tokens with this claim, or with this value of it or in it, such as role=admin. May be given more than once: all must hold."`
	Leeway    time.Duration `reload:"" default:"30s" help:"How far the clocks of issuers may be off. A connection is closed (4401) between the time at which its token expires (exp) and this much later, spread so that not all go at once."`
	Unlimited bool          `reload:"" help:"Let in tokens that never expire."`
	Warn      time.Duration `reload:"" default:"1m" help:"How long before a token expires an event says so; 0 for no event."`
}

// Given reports whether a guard is wanted.
func (o Options) Given() bool { return len(o.Key) > 0 || o.JWKS != "" }

// Validate refuses settings that make no sense. The error says what to write instead.
func (o Options) Validate() error {
	if !o.Given() {
		return cmp.Or(o.validAlone(), o.validTimes())
	}
	_, badPlace := parsePlaces(o.From)
	_, badRequirement := parseRequirements(o.Require)
	return cmp.Or(badPlace, badRequirement, o.validTimes(), o.validSource())
}

// validAlone refuses what is of use only with a key: without one, everybody is let in.
func (o Options) validAlone() error {
	for _, flag := range []struct {
		name  string
		given bool
	}{
		{"--jwt-issuer", len(o.Issuer) > 0}, {"--jwt-audience", len(o.Audience) > 0}, {"--jwt-require", len(o.Require) > 0},
		{"--jwt-unlimited", o.Unlimited}, {"--jwt-ca", o.CA != ""}, {"--jwt-from", len(o.From) > 0 && !slices.Equal(o.From, usualPlaces)},
	} {
		if flag.given {
			return fmt.Errorf("%s without a key verifies nothing: write --jwt-key or --jwt-jwks too", flag.name)
		}
	}
	return nil
}

func (o Options) validTimes() error {
	switch {
	case o.Leeway < 0 || o.Leeway > maxLeeway:
		return fmt.Errorf("--jwt-leeway is %v: write how far clocks may be off, such as 30s, at most %v", o.Leeway, maxLeeway)
	case o.Warn < 0:
		return fmt.Errorf("--jwt-warn is %v: write how long before a token expires, such as 1m, or 0s for no event", o.Warn)
	case o.Refresh < 0 || o.Refresh > 0 && o.Refresh < minRefresh:
		return fmt.Errorf("--jwt-refresh is %v: write how often keys are fetched, such as 10m, at least %v", o.Refresh, minRefresh)
	}
	return nil
}

const (
	maxLeeway      = 10 * time.Minute
	minRefresh     = 5 * time.Second
	defaultRefresh = 10 * time.Minute
)

func (o Options) refresh() time.Duration { return cmp.Or(o.Refresh, defaultRefresh) }

func (o Options) validSource() error {
	u := o.jwksURL()
	switch {
	case o.CA != "" && (u == nil || u.Scheme != "https"):
		return errors.New("--jwt-ca is for a --jwt-jwks at https://: leave the flag out")
	case u != nil && u.Hostname() == "":
		return fmt.Errorf("--jwt-jwks %.80q is no URL: write https://HOST/PATH, or the name of a file", redact.Address(o.JWKS))
	case u == nil && strings.Contains(o.JWKS, "://"):
		return fmt.Errorf("--jwt-jwks %.80q is neither https:// nor http:// nor the name of a file", redact.Address(o.JWKS))
	}
	return nil
}

// jwksURL is where a set of keys is, nil if it is in a file or there is none.
func (o Options) jwksURL() *url.URL {
	u, err := url.Parse(o.JWKS)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil
	}
	return u
}

// jwksFile is the file with a set of keys, empty if it is at a URL or there is none.
func (o Options) jwksFile() string {
	if o.jwksURL() != nil {
		return ""
	}
	return o.JWKS
}

// transport is how the URL is asked: not as http.DefaultTransport does, which an application may have replaced.
func (o Options) transport() (*http.Transport, error) {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DisableKeepAlives:      true, // it is asked once in minutes
		MaxResponseHeaderBytes: 64 << 10,
	}
	if o.CA == "" {
		return t, nil
	}
	authorities, err := trust.OpenAuthorities("--jwt-ca", o.CA)
	if err != nil {
		return nil, err
	}
	t.TLSClientConfig = authorities.Within(&tls.Config{})
	return t, nil
}

// place is where a token may be in a request.
type place struct {
	kind string // header, protocol, cookie or query
	name string // empty for Authorization, and for the usual subprotocol
}

var usualPlaces = []string{"header", "protocol"}

// parsePlaces parses what --jwt-from says. Without anything it is the defaults.
func parsePlaces(from []string) ([]place, error) {
	if len(from) == 0 {
		from = usualPlaces
	}
	var all []place
	for _, text := range from {
		kind, name, named := strings.Cut(strings.TrimSpace(text), ":")
		p := place{kind, name}
		switch {
		case named && (name == "" || strings.ContainsAny(name, " \t\r\n,;:=\"")):
			return nil, fmt.Errorf("--jwt-from %.40q has no name that fits: write such as header:X-Token, cookie:session or query:token", text)
		case kind == "header" && named:
			p.name = http.CanonicalHeaderKey(name)
		case kind == "header", kind == "protocol", (kind == "cookie" || kind == "query") && named:
		default:
			return nil, fmt.Errorf("--jwt-from %.40q is unknown: write header, header:NAME, protocol, protocol:NAME, cookie:NAME or query:NAME", text)
		}
		all = append(all, p)
	}
	return all, nil
}

// requirement is a claim that must be there and, if value is set, have that value.
type requirement struct {
	claim, value string
	any          bool // value
}

func parseRequirements(texts []string) ([]requirement, error) {
	var all []requirement
	for _, text := range texts {
		claim, value, valued := strings.Cut(text, "=")
		if claim == "" || strings.TrimSpace(claim) != claim {
			return nil, fmt.Errorf("--jwt-require %.40q names no claim: write CLAIM or CLAIM=VALUE, such as role=admin", text)
		}
		all = append(all, requirement{claim, value, !valued})
	}
	return all, nil
}
