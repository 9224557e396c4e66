package bearer

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	key := []string{"key.pem"}
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, ""},
		{Options{From: usualPlaces, Leeway: time.Second, Warn: time.Minute, Refresh: time.Minute}, ""}, // as the command line gives them
		{Options{Key: key}, ""},
		{Options{JWKS: "https://id.example/keys", CA: "ca.pem"}, ""},
		{Options{JWKS: "keys.json"}, ""},
		{Options{Issuer: key}, "--jwt-issuer without a key"},
		{Options{Audience: key}, "--jwt-audience without a key"},
		{Options{Require: key}, "--jwt-require without a key"},
		{Options{Unlimited: true}, "--jwt-unlimited without a key"},
		{Options{From: []string{"header"}}, "--jwt-from without a key"},
		{Options{Key: key, From: []string{"body"}}, "--jwt-from \"body\" is unknown"},
		{Options{Key: key, From: []string{"query"}}, "--jwt-from \"query\" is unknown"},
		{Options{Key: key, From: []string{"cookie"}}, "is unknown"},
		{Options{Key: key, From: []string{"header:"}}, "no name that fits"},
		{Options{Key: key, From: []string{"header:a b"}}, "no name that fits"},
		{Options{Key: key, From: []string{"protocol:a,b"}}, "no name that fits"},
		{Options{Key: key, Require: []string{"=admin"}}, "names no claim"},
		{Options{Key: key, Require: []string{""}}, "names no claim"},
		{Options{Leeway: -1}, "--jwt-leeway"}, // also without a key
		{Options{Key: key, Leeway: -1}, "--jwt-leeway"},
		{Options{Key: key, Leeway: time.Hour}, "--jwt-leeway"},
		{Options{Key: key, Warn: -1}, "--jwt-warn"},
		{Options{Key: key, Refresh: time.Second}, "--jwt-refresh"},
		{Options{Key: key, CA: "ca.pem"}, "--jwt-ca"},
		{Options{JWKS: "http://id.example/keys", CA: "ca.pem"}, "--jwt-ca"},
		{Options{JWKS: "https:///keys?key=s3cret"}, "is no URL"},
		{Options{JWKS: "ftp://user:s3cret@id.example/keys"}, "neither https:// nor http://"},
	} {
		err := c.o.Validate()
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%+v: %v, want %q", c.o, err, c.want)
		}
	}
}

// somethingElse stands in the way of all requests of an application.
type somethingElse struct{ http.RoundTripper }

// An application may have replaced http.DefaultTransport.
func TestTransportIsItsOwn(t *testing.T) {
	usual := http.DefaultTransport
	defer func() { http.DefaultTransport = usual }()
	http.DefaultTransport = somethingElse{usual}
	guard(t, Options{JWKS: "https://id.example/keys"})
}
