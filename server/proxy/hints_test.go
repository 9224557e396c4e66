package proxy

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"holter/model"
	"holter/server"
)

// A handshake that an upstream refuses because of what holter changed, or left, is told with the setting that mends
// it.
func TestProxyHints(t *testing.T) {
	const page = "Origin: https://app.example"
	answer := func(status int, fields ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for _, f := range fields {
				name, value, _ := strings.Cut(f, ": ")
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
		}
	}
	for name, tc := range map[string]struct {
		backend http.HandlerFunc
		rewrite bool
		fields  []string
		says    string // empty for no diagnosis
	}{
		"TLS ends in front":       {answer(403), false, []string{page, "X-Forwarded-Proto: https"}, "--trusted-proxies 127.0.0.1"},
		"redirect to https":       {answer(301, "Location: https://app.example/chat"), false, []string{"X-Forwarded-Proto: https"}, "--trusted-proxies 127.0.0.1"},
		"https only":              {answer(308, "Location: https://app.example/chat"), false, nil, "--tls-cert"},
		"nobody says https":       {answer(403), false, []string{page}, "X-Forwarded-Proto"},
		"rewritten Host":          {answer(403), true, []string{"Origin: http://localhost:3000"}, "--rewrite-host"},
		"rewritten, and still no": {answer(403), true, []string{page}, "its log says why"},
		"another Origin":          {answer(403), false, []string{"Origin: http://localhost:3000"}, "allow that origin"},
		"slash":                   {answer(301, "Location: /chat/"), false, nil, "/chat/"},
		"login":                   {answer(302, "Location: /login?next=secret"), false, nil, "/login,"},
		"another place":           {answer(302, "Location: https://user:secret@other.example/chat?token=secret#secret"), false, nil, "https://other.example/chat,"},
		"no credentials":          {answer(401), false, nil, "credentials"},
		"not here":                {answer(404), false, nil, "path"},
		"a page":                  {answer(200), false, nil, "no WebSocket at this path"},
		"another version":         {answer(426, "Sec-WebSocket-Version: 14"), false, nil, "version 14"},
		"stripped behind":         {answer(426), false, nil, "proxy_set_header Upgrade"},
		"simply no":               {answer(403), false, nil, "its log says why"},
		"busy":                    {answer(429), false, nil, ""},
		"the upstream's own":      {answer(503, "Retry-After: 7"), false, []string{page}, ""},
		"two keys":                {answer(400), false, []string{"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-WebSocket-Key"},
		"no secret from Origin":   {answer(403), false, []string{"Origin: http://localhost:3000?token=\x1b[31mx"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := runProxy(t, backend(t, tc.backend).URL, func(_ *server.Options, o *Options) { o.RewriteHost = tc.rewrite })
			next := p.refusals(t)
			res, _ := shake(t, connectTo(t, p.Addr().String()), "", tc.fields...)
			got := next()
			if res.StatusCode < 400 && res.StatusCode >= 300 && res.Header.Get("Location") == "" {
				t.Error("the redirect lost its target")
			}
			switch {
			case name == "no secret from Origin":
				if strings.ContainsAny(got.Diagnosis.Detail, "\x1b") {
					t.Errorf("told %q", got.Diagnosis.Detail)
				}
			case tc.says == "" && got.Diagnosis.Cause != "":
				t.Errorf("told %+v", got)
			case tc.says != "":
				isBroken(t, got, res.StatusCode, model.RefusedByUpstream, tc.says)
			}
			if strings.Contains(got.Diagnosis.Detail, "secret") {
				t.Errorf("told %q", got.Diagnosis.Detail)
			}
		})
	}
}

// A server of many names behind TLS is offered the flag that sends its own.
func TestProxyHintsAtTheHostOfAnHTTPSUpstream(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMisdirectedRequest) }))
	t.Cleanup(secure.Close)
	p := runProxy(t, secure.URL, func(_ *server.Options, o *Options) { o.InsecureUpstream = true })
	next := p.refusals(t)
	shake(t, connectTo(t, p.Addr().String()), "")
	isBroken(t, next(), 421, model.RefusedByUpstream, "--rewrite-host")
}

// So is one that has a name and speaks http. What refuses the Origin of a foreign page is told as that.
func TestProxyHintsAtTheHostOfANamedUpstream(t *testing.T) {
	for name, tc := range map[string]struct {
		upstream string
		status   int
		rewrite  bool
		fields   []string
		says     []string
		not      string
	}{
		"refused":       {"http://backend.invalid", 400, false, nil, []string{"the client's Host app.example", "backend.invalid", "--rewrite-host"}, ""},
		"not found":     {"http://backend.invalid:8080", 404, false, nil, []string{"--rewrite-host", "no WebSocket at this path"}, ""},
		"own page":      {"http://backend.invalid", 403, false, []string{"Origin: http://app.example"}, []string{"--rewrite-host"}, ""},
		"foreign page":  {"http://backend.invalid", 403, false, []string{"Origin: http://evil.example"}, []string{"allow that origin"}, "--rewrite-host"},
		"rewritten":     {"http://backend.invalid", 403, true, nil, []string{"its log says why"}, "--rewrite-host"},
		"the same name": {"http://app.example", 404, false, nil, []string{"no WebSocket at this path"}, "--rewrite-host"},
		"no name":       {"http://192.0.2.7", 403, false, nil, []string{"its log says why"}, "--rewrite-host"},
		"a short name":  {"http://backend", 403, false, nil, []string{"--rewrite-host"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			noProxies(t)
			refusing := backend(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(tc.status) })
			proxy, _ := tunnels(t, refusing.Listener.Addr().String())
			t.Setenv("HTTP_PROXY", proxy)
			p := runProxy(t, tc.upstream, func(_ *server.Options, o *Options) { o.RewriteHost = tc.rewrite })
			next := p.refusals(t)
			shake(t, connectTo(t, p.Addr().String()), "", tc.fields...)
			got := next()
			for _, says := range tc.says {
				isBroken(t, got, tc.status, model.RefusedByUpstream, says)
			}
			if tc.not != "" && strings.Contains(got.Diagnosis.Detail, tc.not) {
				t.Errorf("told %q", got.Diagnosis.Detail)
			}
		})
	}
}
