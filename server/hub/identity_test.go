package hub

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"holter/model"
)

func TestIdentity(t *testing.T) {
	const claims = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4iLCJuIjo3fQ.bm90IGNoZWNrZWQ" // {"sub":"ann","n":7}
	tests := []struct {
		identity, url string
		header        []string // name, value, …
		want          string
	}{
		{"", "/ws?client=ann", []string{"X-Client-ID", "ben"}, "ann"},
		{"", "/ws?client=", []string{"X-Client-ID", "ben"}, "ben"},
		{"", "/ws", nil, "192.0.2.7"},
		{"", "/ws", []string{"User-Agent", "peer/1"}, "192.0.2.7 peer/1"},
		{"", "/ws?client=%zz", nil, "192.0.2.7"},
		{"", "/ocpp/CP1", []string{"Sec-WebSocket-Protocol", "ocpp2.0.1, ocpp1.6"}, "CP1"},
		{"", "/ocpp/CP1?client=ann", []string{"Sec-WebSocket-Protocol", "ocpp1.6"}, "ann"},
		{"", "/ocpp/CP1", []string{"Sec-WebSocket-Protocol", "mqtt"}, "192.0.2.7"},
		{"", "/", []string{"Sec-WebSocket-Protocol", "ocpp1.6"}, "192.0.2.7"},
		{"", "/ws?client=a%1b%5b31mb", nil, "a\uFFFD[31mb"},
		{"", "/ws?client=a%ff", nil, "a\uFFFD"},
		{"query:who", "/ws?client=ann&who=ben", nil, "ben"},
		{"query:who", "/ws?client=ann&who=+", nil, "192.0.2.7"},
		{"query:who", "/ws?client=ann", nil, "192.0.2.7"},
		{"header:X-User", "/ws", []string{"X-User", "ann"}, "ann"},
		{"cookie:session", "/ws", []string{"Cookie", "a=b"}, "192.0.2.7"},
		{"jwt:sub", "/ws", []string{"Authorization", "Bearer " + claims}, "ann"},
		{"jwt:sub", "/ws?access_token=" + claims, nil, "ann"},
		{"jwt:sub", "/ws?token=" + claims, nil, "ann"},
		{"jwt:n", "/ws?token=" + claims, nil, "192.0.2.7"},
		{"jwt:sub", "/ws", []string{"Authorization", "Bearer junk.junk.junk"}, "192.0.2.7"},
		{"path:2", "/ocpp/CP1", nil, "CP1"},
		{"path:-1", "/ocpp/CP1", nil, "CP1"},
		{"path:-1", "/ocpp//CP1//?client=ann", nil, "CP1"},
		{"path:2", "//ocpp//CP1", nil, "CP1"},
		{"path:3", "/api/kernels/6c1/channels", nil, "6c1"},
		{"path:-2", "/api/kernels/6c1/channels", nil, "6c1"},
		{"path:2", "http://other.example/ocpp/CP1", nil, "CP1"},
		{"path:2", "/ocpp/a%2Fb", nil, "a/b"},
		{"path:2", "/ocpp/CP1;key=s3cret", nil, "CP1;key=(not shown)"},
		{"path:2", "/ocpp/CP1%3Fkey=s3cret", nil, "CP1?key=(not shown)"},
		{"path:2", "/ocpp/a%20%1b%5b31mb", nil, "a \uFFFD[31mb"},
		{"path:2", "/ocpp/a%ff", nil, "a\uFFFD"},
		{"path:3", "/ocpp/CP1", []string{"User-Agent", "peer/1"}, "192.0.2.7 peer/1"},
		{"path:-3", "/ocpp/CP1", nil, "192.0.2.7"},
		{"path:-9223372036854775808", "/ocpp/CP1", nil, "192.0.2.7"},
		{"path:1", "/", nil, "192.0.2.7"},
		{"path:1", "/?a/b", nil, "192.0.2.7"},
		{"path:1", "/%20/", nil, "192.0.2.7"},
		{"basic", "/ws", []string{"Authorization", "Basic YW5uOnMzY3JldA=="}, "ann"},
		{"basic", "/ws", []string{"Authorization", "basic YW5uOnMzY3JldA=="}, "ann"},
		{"basic", "/ws", []string{"Authorization", "Basic OnMzY3JldA=="}, "192.0.2.7"},
		{"basic", "/ws", []string{"Authorization", "Basic junk"}, "192.0.2.7"},
		{"basic", "/ws", []string{"Authorization", "Bearer YW5uOnMzY3JldA=="}, "192.0.2.7"},
		{"basic", "/ws", nil, "192.0.2.7"},
		{"ip", "/ws?client=ann", []string{"User-Agent", "peer/1"}, "192.0.2.7"},
	}
	for _, test := range tests {
		identity, err := ParseIdentity(test.identity)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, test.url, nil)
		r.RemoteAddr = "[::ffff:192.0.2.7]:4000"
		for i := 0; i < len(test.header); i += 2 {
			r.Header.Set(test.header[i], test.header[i+1])
		}
		if got := identity.Of(r); got != test.want {
			t.Errorf("%q of %s %v is %q, want %q", test.identity, test.url, test.header, got, test.want)
		}
	}
}

// What lets its bearer in names a client by a hash: the same in each of its reconnects, another for another value,
// and not one that can be tried out.
func TestIdentityShowsNoSecrets(t *testing.T) {
	const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.bm90IGNoZWNrZWQ"
	for _, test := range []struct{ identity, url, name, value, prefix string }{
		{"cookie:User", "/ws", "Cookie", "User=%s", "user-"},
		{"header:Authorization", "/ws", "Authorization", "Bearer %s", "authorization-"},
		{"header:X-Session-Id", "/ws", "X-Session-Id", "%s", "x-session-id-"},
		{"query:token", "/ws?token=%s", "", "", "token-"},
		{"basic", "/ws", "Authorization", "basic:%s:", "basic-"},
		{"query:who", "/ws?who=" + token + "%s", "", "", "who-"}, // the value says it
		{"", "/ws?client=" + token + "%s", "", "", "client-"},
	} {
		identity, err := ParseIdentity(test.identity)
		if err != nil {
			t.Fatal(err)
		}
		of := func(i Identity, secret string) string {
			fill := func(s string) string { return strings.Replace(s, "%s", secret, 1) }
			r := httptest.NewRequest(http.MethodGet, fill(test.url), nil)
			r.Header.Set(test.name, fill(test.value))
			if user, ok := strings.CutPrefix(r.Header.Get("Authorization"), "basic:"); ok {
				r.SetBasicAuth(strings.TrimSuffix(user, ":"), "")
			}
			return i.Of(r)
		}
		ann, ben := of(identity, "s3cret"), of(identity, "another")
		if !strings.HasPrefix(ann, test.prefix) || len(ann) != len(test.prefix)+12 || strings.Contains(ann, "s3cret") {
			t.Errorf("%s shows %q", test.identity, ann)
		}
		if again := of(identity, "s3cret"); again != ann || ben == ann {
			t.Errorf("%s: %q, again %q, another one %q", test.identity, ann, again, ben)
		}
		if other, _ := ParseIdentity(test.identity); of(other, "s3cret") == ann {
			t.Errorf("%s: %q can be tried out in another process", test.identity, ann)
		}
		if got := of(identity.revealing(), "s3cret"); !strings.Contains(got, "s3cret") {
			t.Errorf("%s, asked for all, shows %q", test.identity, got)
		}
	}
}

func TestIdentityIsBounded(t *testing.T) {
	for _, source := range []string{"", "path:-1", "basic"} {
		identity, _ := ParseIdentity(source)
		names := make(map[string]bool)
		for _, end := range []string{"a", "b"} {
			long := strings.Repeat("é", 32<<10) + end
			r := httptest.NewRequest(http.MethodGet, "/"+url.PathEscape(long), nil)
			r.Header.Set("X-Client-ID", long)
			r.SetBasicAuth(long, "s3cret")
			name := identity.Of(r)
			if len(name) > maxClient || !utf8.ValidString(name) {
				t.Errorf("%q: %d bytes: %q", source, len(name), name)
			}
			names[name] = true
		}
		if len(names) != 2 {
			t.Errorf("%q: two long names count as one client", source)
		}
	}
}

func TestErrorOfAnUnknownIdentityListsTheKnown(t *testing.T) {
	for _, s := range []string{"query", "query:", "jwt:", "ip:4", "body:x", ":", "basic:", "basic:ann"} {
		if _, err := ParseIdentity(s); model.ErrorCode(err) != model.Invalid || !strings.Contains(err.Error(), "query:NAME") {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"path", "path:", "path:0", "path:x", "path:1.5", "path:99999999999999999999", "path:2:3"} {
		if _, err := ParseIdentity(s); model.ErrorCode(err) != model.Invalid || !strings.Contains(err.Error(), "path:-1 for the last") {
			t.Errorf("%q: %v", s, err)
		}
	}
}
