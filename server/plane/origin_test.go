package plane

import (
	"net/http"
	"testing"
)

func TestAllowedOrigin(t *testing.T) {
	for _, c := range []struct {
		origin string
		allow  []string
		want   bool
	}{
		{"", nil, true},
		{"https://holter.example", nil, true},
		{"https://HOLTER.example", nil, true},
		{"https://evil.example", nil, false},
		{"https://evil.example", []string{"*"}, true},
		{"null", []string{"*"}, true},
		{"https://APP.example", []string{"https://app.example"}, true},
		{"http://app.example", []string{"https://app.example"}, false},
		{"https://app.example.evil.example", []string{"https://app.example"}, false},
	} {
		r := &http.Request{Host: "holter.example", Header: http.Header{}}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if got := AllowedOrigin(r, c.allow); got != c.want {
			t.Errorf("origin %q with %q allowed: %v", c.origin, c.allow, got)
		}
	}
}
