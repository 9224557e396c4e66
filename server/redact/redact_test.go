package redact

import (
	"strings"
	"testing"
)

func TestField(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"Host", "app.example:8080", "app.example:8080"},
		{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (X11; Linux x86_64)"},
		{"Accept-Language", "de, en;q=0.5", "de, en;q=0.5"},
		{"Sec-Websocket-Extensions", "permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits"},
		{"X-Forwarded-For", "192.0.2.7, 10.0.0.1", "192.0.2.7, 10.0.0.1"},
		{"Forwarded", `for=192.0.2.7;proto=https, for="[2001:db8::1]";secret=egah2CGj55fSJFs;by=_b`, `for=192.0.2.7;proto=https, for="[2001:db8::1]";(not shown);by=_b`},
		{"Forwarded", "egah2CGj55fSJFs", Mask},
		{"Authorization", "Bearer s3cret", Mask},
		{"Cookie", "session=s3cret", Mask},
		{"Apikey", "s3cret", Mask},
		{"X-Password", "s3cret", Mask},
		{"X-Session-Id", "s3cret", Mask},
		{"X-Hub-Signature-256", "sha256=s3cret", Mask},
		{"X-Forwarded-Client-Cert", "s3cret", Mask},
		{"X-Whatever", "", Mask},
		{"host", "s3cret", Mask}, // an application may set any name
		{"Referer", "https://ann:s3cret@app.example/a/b?code=s3cret&state=s3cret#s3cret", "https://app.example/a/b?code=(not shown)&state=(not shown)#(not shown)"},
		{"Referer", "https://app.example/a?list=s3c,r3t", "https://app.example/a?list=(not shown)"},
		{"Referer", "https://app.example/a/b", "https://app.example/a/b"},
		{"X-Original-Uri", "/ws?token=s3cret&room=1", "/ws?token=(not shown)&room=(not shown)"},
		{"X-Original-Uri", "/ws?s3cret", "/ws?(not shown)"},
		{"X-Original-Uri", "/ws?czNjcmV0=", "/ws?(not shown)"},
		{"X-Original-Uri", "/ws?0123456789abcdef=1", "/ws?(not shown)"},
		{"X-Original-Uri", "/ws?a=b=s3cret;c=s3cret", "/ws?a=(not shown);c=(not shown)"},
		{"X-Original-Uri", "/ws%3Ftoken=s3cret", "/ws%3Ftoken=(not shown)"},
		{"X-Original-Uri", "/ws;jsessionid=s3cret/x?", "/ws;jsessionid=(not shown)/x?"},
		{"X-Original-Url", "//s3cret@app.example/@team/x", "//app.example/@team/x"},
		{"X-Original-Url", "ann:s3cret@app.example", "app.example"},
		{"X-Original-Url", "https://ann:s3%zzcret@[bad/ws?%zz=s3cret", "https://[bad/ws?(not shown)"},
		{"X-Forwarded-Host", "a.example, b.example", "a.example, b.example"},
		{"Origin", "null", "null"},
		{"Sec-Websocket-Protocol", "graphql-transport-ws, bearer.s3cret,s3cret", "graphql-transport-ws, bearer.(not shown), (not shown)"},
	} {
		if got := Field(test.name, test.value); got != test.want {
			t.Errorf("%s: %s is shown as\n %s, want\n %s", test.name, test.value, got, test.want)
		}
	}
}

func TestPath(t *testing.T) {
	for path, want := range map[string]string{
		"/ws":                           "/ws",
		"/ocpp/CP-0042":                 "/ocpp/CP-0042",
		"/rooms/what?":                  "/rooms/what?",
		"/channels/#general":            "/channels/#general",
		"/mail/ann@app.example":         "/mail/ann@app.example",
		"/ws?token=s3cret":              "/ws?token=(not shown)", // the client has escaped the question mark
		"/ws?s3cret":                    "/ws?(not shown)",
		"/ws;jsessionid=s3cret":         "/ws;jsessionid=(not shown)",
		"/ws;s3cret":                    "/ws;(not shown)",
		"/via/https://a:s3cret@b.c/d@e": "/via/https://b.c/d@e",
	} {
		if got := Path(path); got != want {
			t.Errorf("%s is shown as %s, want %s", path, got, want)
		}
	}
}

func TestSubprotocol(t *testing.T) {
	for _, name := range []string{
		"", "graphql-ws", "graphql-transport-ws", "mqtt", "mqttv3.1", "amqp", "ocpp1.6", "ocpp2.0.1", "ocpp2.1", "wamp.2.json",
		"wamp.2.msgpack.batched.v1", "stomp", "v10.stomp", "v12.stomp", "soap", "sip", "xmpp", "chat", "json", "binary", "base64",
		"vite-hmr", "vite-ping", "actioncable-v1-json", "actioncable-unsupported", "v4.channel.k8s.io", "base64.channel.k8s.io",
		"MBWS.huawei.com", "opcua+uacp", "janus-protocol", "tty", "msrp", "rfb",
		"chat.v2", "rooms.v1", "acme-rooms.v2.1", "rooms.example.com", "realtime", "v1", "aws-appsync-event-ws", "text.ircv3.net",
	} {
		if got := Subprotocol(name); got != name {
			t.Errorf("%q is shown as %q", name, got)
		}
	}
	for name, want := range map[string]string{
		"s3cret":          Mask,
		"hunter2":         Mask,
		"CorrectHorse":    Mask,
		"1234":            Mask,
		"12":              Mask,
		"v1.s3cret":       "v1.(not shown)",
		"v1.abcdefghij":   "v1.(not shown)",
		"bearer.s3cret":   "bearer.(not shown)",
		"bearer.12":       "bearer.(not shown)",
		"token12":         Mask,
		"token-hunter-v1": "token-(not shown)",
		"access_token-eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.bm90": "access_token-(not shown)",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.bm90":              Mask,
		"base64url.bearer.authorization.k8s.io.c2VjcmV0":            "base64url.bearer.authorization.k8s.io.(not shown)",
		"openai-insecure-api-key.sk-proj-abc123":                    "openai-insecure-api-key.(not shown)",
		"header-eyJob3N0IjoiYSJ9":                                   "header-(not shown)",
		"0b8c7f9e-32ab-4d19-8f6e-1c2d3e4f5a6b":                      Mask,
		"chat-12-34-56-78":                                          "chat-12-34-56-(not shown)",
		"kqzvxwjphfbdtgmrl.v1":                                      Mask,
		strings.Repeat("ws.", 1000):                                 Mask,
	} {
		if got := Subprotocol(name); got != want {
			t.Errorf("%q is shown as %q, want %q", name, got, want)
		}
	}
}

func TestSecret(t *testing.T) {
	for _, name := range []string{
		"Authorization", "X-Auth-Token", "accessToken", "access_token", "apikey", "X-Api-Key", "X-Password", "session", "X-Session-Id",
		"PHPSESSID", "connect.sid", "csrftoken", "X-Signature", "code", "authToken", "MYTOKEN",
	} {
		if !Secret(name) {
			t.Errorf("%s is taken for harmless", name)
		}
	}
	for _, name := range []string{
		"X-User", "X-Client-ID", "client", "who", "device", "X-Auth-Request-User", "X-Forwarded-Email", "monkey", "author", "design",
		"decoder", "sub", "",
	} {
		if Secret(name) {
			t.Errorf("%s is taken for secret", name)
		}
	}
}

// Text of any length is looked at once, and does not grow by what is masked in it.
func TestLongText(t *testing.T) {
	for _, unit := range []string{"a", "a,", "a&", "a=b&", "/", ";", "@", ";a=b,", "%3F", "?", "#", "for=a,", "//a:b@"} {
		long := strings.Repeat(unit, 1<<20/len(unit))
		for _, name := range []string{"Sec-Websocket-Protocol", "Forwarded", "Referer"} {
			if got := Field(name, long+"?"); len(got) > len(long)+1 {
				t.Errorf("%s with many %q is shown with %d bytes", name, unit, len(got))
			}
		}
		if got := Path(long + "@"); len(got) > len(long)+1 {
			t.Errorf("a path with many %q is shown with %d bytes", unit, len(got))
		}
	}
}

func FuzzField(f *testing.F) {
	for _, seed := range []string{"", "https://a:b@c/d;e=f?g=h#i", "a.b.c, d;e=f", "v1.s3cret", "%3F&&;;=="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const needle = "Xq7Zw9Kp4Tn2" // nothing that may be shown has it
		for name := range fields {
			if kindOf(name) == address || kindOf(name) == protocols {
				if got := Field(name, text+"?k="+needle); strings.Contains(got, needle) {
					t.Errorf("%s: %q shows %q", name, text, got)
				}
			}
		}
		Path(text)
		Secret(text)
	})
}
