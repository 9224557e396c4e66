package admin

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/probe/trust/trusttest"
	"holter/server/api"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serveWith runs an admin plane with options until the test is over.
func serveWith(t *testing.T, o Options) *Plane {
	t.Helper()
	o.Address = "127.0.0.1:0"
	a := New(newFakeSource(), o, silent)
	runAdmin(t, a)
	return a
}

// The second token opens what only reads, and nothing that changes anything: all routes there are.
func TestReadToken(t *testing.T) {
	both := serveWith(t, Options{Token: "s3cret", Access: Access{ReadToken: "r3ader"}})
	only := serveWith(t, Options{Access: Access{ReadToken: "r3ader"}})
	for _, a := range []*Plane{both, only} {
		for _, r := range a.calls {
			if strings.HasSuffix(r.path, "/events") || strings.HasSuffix(r.path, "/snapshots") || r.path == "/health" {
				continue
			}
			path := strings.NewReplacer("{id}", "c1", "{id...}", "c1").Replace(r.path)
			status, answer, _ := call(t, a.URL(), r.method, path, "", "Authorization: Bearer r3ader")
			if forbidden := status == 403; forbidden != (r.method != "GET") || status == 401 {
				t.Errorf("%s %s with the read token: status %d, %s", r.method, path, status, answer)
			}
			if status, _, _ = call(t, a.URL(), r.method, path, ""); status != 401 {
				t.Errorf("%s %s without a token: status %d", r.method, path, status)
			}
			if status, _, _ = call(t, a.URL(), r.method, path, "", "Authorization: Bearer s3cret"); (status == 401) != (a == only) || status == 403 {
				t.Errorf("%s %s with the token: status %d", r.method, path, status)
			}
		}
	}
}

// A caller with the token that only reads is told so, as by a holter that was started with --read-only.
func TestReadTokenIsToldThatItOnlyReads(t *testing.T) {
	a := serveWith(t, Options{Token: "s3cret", Access: Access{ReadToken: "r3ader"}})
	for token, want := range map[string]bool{"s3cret": false, "r3ader": true} {
		remote, err := api.Attach(t.Context(), a.URL(), token)
		if err != nil {
			t.Fatal(err)
		}
		s, err := remote.Snapshot(t.Context())
		if err != nil || s.Monitor.ReadOnly != want {
			t.Errorf("%s: read-only %v, error %v", token, s.Monitor.ReadOnly, err)
		}
		if _, err := remote.Kick(t.Context(), model.Kick{Query: "all"}); (model.ErrorCode(err) == model.Forbidden) != want {
			t.Errorf("%s: kicking ends with %v", token, err)
		}
		if _, answer, _ := call(t, a.URL(), "GET", "/api/v1/summary", "", "Authorization: Bearer "+token); strings.Contains(answer, `"read_only":true`) != want {
			t.Errorf("%s: %s", token, answer)
		}
		stop := runUntilEnd(t, remote.Run) // which gives its connections back
		stop()
	}
}

// A token that is replaced opens nothing any more, and what it has begun ends. The other token's streams go on.
func TestTokenIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	writeFile(t, path, "first\n")
	a := serveWith(t, Options{Access: Access{TokenFile: path, ReadToken: "r3ader"}})
	stream := func(token string) *bufio.Reader {
		r, err := http.NewRequestWithContext(t.Context(), "GET", a.URL()+"/api/v1/snapshots?every_ms=100", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 2 * patienceOfTests}
		response, err := client.Do(r)
		if err != nil || response.StatusCode != 200 {
			t.Fatal(response, err)
		}
		t.Cleanup(func() { response.Body.Close() })
		lines := bufio.NewReader(response.Body)
		if _, err := lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		return lines
	}
	revoked, other := stream("first"), stream("r3ader")
	writeFile(t, path, "second\n")
	for begin := time.Now(); ; { // until the plane has seen it
		if _, err := revoked.ReadString('\n'); err != nil {
			break
		} else if time.Since(begin) > patienceOfTests {
			t.Fatal("the stream goes on")
		}
	}
	if _, err := other.ReadString('\n'); err != nil {
		t.Error("the other stream ended:", err)
	}
	for token, want := range map[string]int{"first": 401, "second": 200, "r3ader": 200} {
		if status, _, _ := call(t, a.URL(), "GET", "/api/v1/summary", "", "Authorization: Bearer "+token); status != want {
			t.Errorf("%s: status %d, want %d", token, status, want)
		}
	}
}

// A file with the other token in it would make one of both, so all stays as it was.
func TestTokensStayTwo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	writeFile(t, path, "r3ader")
	a := New(newFakeSource(), Options{Address: "127.0.0.1:0", Token: "s3cret", Access: Access{ReadTokenFile: path}}, silent)
	if err := a.Listen(); err != nil {
		t.Fatal(err)
	}
	defer a.plane.Listener.Close()
	writeFile(t, path, "s3cret")
	file := a.files()[0]
	file.Refresh()
	for range 2 {
		if _, err := file.Refresh(); err != errSameTokens {
			t.Errorf("error %v", err)
		}
	}
	if keys := *a.keys.Load(); len(keys) != 2 || keys[0].token != "s3cret" || keys[1].token != "r3ader" || keys[1].ctx.Err() != nil {
		t.Errorf("keys %+v", keys)
	}
}

func TestOptionsOfThePlane(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, ""},
		{Options{Address: "127.0.0.1:7071"}, ""},
		{Options{Address: ":7071", Token: "s3cret"}, ""},
		{Options{Address: ":7071", Access: Access{TokenFile: "token"}}, ""},
		{Options{Address: ":7071", Access: Access{ReadToken: "r3ader"}}, ""},
		{Options{Address: ":7071"}, "--token-file FILE"},
		{Options{Token: "s3cret s3cret"}, ""}, // of no plane
		{Options{Address: "127.0.0.1:0", Token: "s3cret s3cret"}, "--token: it goes into a header"},
		{Options{Address: "127.0.0.1:0", Access: Access{ReadToken: "s3crét"}}, "--read-token: it goes into a header"},
		{Options{Address: "127.0.0.1:0", Token: "s3cret", Access: Access{TokenFile: "token"}}, "one or the other"},
		{Options{Address: "127.0.0.1:0", Access: Access{ReadToken: "s3cret", ReadTokenFile: "token"}}, "one or the other"},
		{Options{Address: "127.0.0.1:0", Token: "s3cret", Access: Access{ReadToken: "s3cret"}}, "write another"},
		{Options{Address: "127.0.0.1:0", Access: Access{AdminCert: "x"}}, "write both"},
		{Options{Address: "127.0.0.1:0", Access: Access{AdminKey: "x"}}, "write both"},
		{Options{Address: "127.0.0.1:0", Access: Access{AdminHosts: []string{"ops.example", "ops.example:8443"}}}, ""},
		{Options{Address: "127.0.0.1:0", Access: Access{AdminHosts: []string{"https://ops.example"}}}, "is no name"},
		{Options{Address: "127.0.0.1:0", Access: Access{AdminHosts: []string{"ops.example/x"}}}, "is no name"},
		{Options{Address: "127.0.0.1:0", Access: Access{AdminHosts: []string{"*"}}}, "is no name"},
		{Options{Address: "127.0.0.1:0", Access: Access{AdminHosts: []string{":80"}}}, "is no name"},
		{Options{Address: "127.0.0.1:0", Access: Access{AdminHosts: []string{"a:b"}}}, "is no name"},
		{Options{Address: "127.0.0.1:0", Access: Access{AdminHosts: []string{""}}}, "is no name"},
	} {
		err := c.o.Validate()
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cr")) {
			t.Errorf("%+v: error %v, want %q", c.o, err, c.want)
		}
	}
}

// A reverse proxy asks under its own name, and passes on the Origin of pages that came from there.
func TestAdminHost(t *testing.T) {
	a := serveWith(t, Options{Access: Access{AdminHosts: []string{"ops.example", "Other.example:8443"}}})
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{[]string{"Host: ops.example"}, 200},
		{[]string{"Host: OPS.example:443"}, 200},
		{[]string{"Host: other.example:8443"}, 200},
		{[]string{"Host: OPS.EXAMPLE."}, 200},
		{[]string{"Host: other.example.:8443"}, 200},
		{[]string{"Host: ops.example.."}, 403},
		{[]string{"Host: localhost:7071", "Origin: https://ops.example."}, 200},
		{[]string{"Host: other.example"}, 403},
		{[]string{"Host: x.ops.example"}, 403},
		{[]string{"Host: ops.example.evil.example"}, 403},
		{[]string{"Host: holter.localhost:7071"}, 200},
		{[]string{"Host: localhost.evil.example"}, 403},
		{[]string{"Host: ops.example", "Origin: https://ops.example"}, 200},
		{[]string{"Host: localhost:7071", "Origin: https://ops.example"}, 200}, // nginx sets Host unless it is told not to
		{[]string{"Host: localhost:7071", "Origin: https://other.example:8443"}, 200},
		{[]string{"Host: localhost:7071", "Origin: https://ops.example:8443"}, 403}, // another program on that machine
		{[]string{"Host: localhost:7071", "Origin: https://evil.example"}, 403},
		{[]string{"Host: ops.example", "Origin: null"}, 403},
	} {
		if status, answer, _ := call(t, a.URL(), "GET", "/api/v1/summary", "", c.headers...); status != c.status {
			t.Errorf("%v: status %d, %s, want %d", c.headers, status, answer, c.status)
		} else if status == 403 && !strings.Contains(answer, "--admin-host") {
			t.Errorf("%v: %s", c.headers, answer)
		}
	}
}

// The plane speaks TLS, to a screen too, and shows a certificate that has been replaced to later callers.
func TestAdminWithTLS(t *testing.T) {
	files := trusttest.New(t, 1)
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	a := New(newFakeSource(), Options{Address: "127.0.0.1:0", Token: "s3cret", Access: Access{AdminCert: files.Cert, AdminKey: files.Key}}, log)
	if err := a.Listen(); err != nil {
		t.Fatal(err)
	}
	stop := runUntilEnd(t, a.Serve)
	if want := "https://" + a.plane.Listener.Addr().String(); a.URL() != want {
		t.Errorf("URL %s, want %s", a.URL(), want)
	}
	tokenFile := filepath.Join(t.TempDir(), "token")
	writeFile(t, tokenFile, "s3cret\n")
	for _, c := range []struct {
		address string
		access  api.Access
		want    string
	}{
		{a.URL(), api.Access{Token: "s3cret", CA: files.Cert}, ""},
		{a.URL(), api.Access{TokenFile: tokenFile, Insecure: true}, ""},
		{a.URL(), api.Access{Token: "guess", CA: files.Cert}, "does not accept this token"},
		{a.URL(), api.Access{Token: "s3cret"}, "--ca FILE"},
		{a.URL(), api.Access{Token: "s3cret", CA: trusttest.New(t, 2).Cert}, "--ca FILE"},
		{strings.Replace(a.URL(), "https", "http", 1), api.Access{Token: "s3cret"}, "speaks TLS: write https://"},
		{strings.Replace(a.URL(), "https", "http", 1), api.Access{CA: files.Cert}, "write https://"},
		{serveWith(t, Options{}).URL(), api.Access{Insecure: true}, "are for TLS"},
		{strings.Replace(serveWith(t, Options{}).URL(), "http", "https", 1), api.Access{Insecure: true}, "write http://"},
	} {
		remote, err := c.access.Attach(t.Context(), c.address)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %+v: error %v, want %q", c.address, c.access, err, c.want)
		}
		if err == nil {
			runUntilEnd(t, remote.Run)()
		}
	}
	serial := func() int64 {
		c, err := tls.Dial("tcp", a.plane.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Errorf("serial number %d", n)
	}
	files.Write(t, 3)
	file := a.files()[0] // it is looked at each second
	file.Refresh()
	file.Refresh()
	if n := serial(); n != 3 {
		t.Errorf("serial number %d after the certificate was replaced", n)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if strings.Contains(text.String(), "s3cret") {
		t.Errorf("the log: %s", text.String())
	}
}

// A reload takes new tokens, names, files and limits, all of them or none.
func TestAccessIsReloaded(t *testing.T) {
	files := trusttest.New(t, 1)
	path := filepath.Join(t.TempDir(), "token")
	writeFile(t, path, "first\n")
	o := Options{Address: "127.0.0.1:0", Token: "s3cret", Access: Access{AdminCert: files.Cert, AdminKey: files.Key, ReadTokenFile: path}}
	a := New(newFakeSource(), o, silent)
	runAdmin(t, a)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}, Timeout: patienceOfTests}
	ask := func(token, host string) (status int, serial int64) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "GET", a.URL()+"/api/v1/summary", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Host = host
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode, response.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	want := func(serial int64, status map[string]int) {
		t.Helper()
		for token, want := range status {
			if got, shown := ask(token, "localhost"); got != want || shown != serial {
				t.Errorf("%s: status %d with certificate %d, want %d with %d", token, got, shown, want, serial)
			}
		}
	}
	before := map[string]int{"s3cret": 200, "first": 200, "second": 401, "other": 401}
	want(1, before)
	files = trusttest.New(t, 2)
	writeFile(t, path+".second", "second\n")
	next := o
	next.Token, next.AdminHosts, next.Subscribers = "other", []string{"ops.example"}, 5
	next.ReadTokenFile, next.AdminCert, next.AdminKey = path+".second", files.Cert, files.Key
	for name, spoil := range map[string]func(*Options){
		"one token":   func(o *Options) { o.Token = "second" },
		"no file":     func(o *Options) { o.ReadTokenFile = path + ".gone" },
		"no key":      func(o *Options) { o.AdminKey = o.AdminCert },
		"no TLS":      func(o *Options) { o.AdminCert, o.AdminKey = "", "" },
		"a bad token": func(o *Options) { o.Token = "with blanks" },
		"no token":    func(o *Options) { o.Token, o.ReadTokenFile, o.Address = "", "", ":7071" },
	} {
		bad := next
		spoil(&bad)
		if commit, err := a.Prepare(bad); err == nil || commit != nil {
			t.Errorf("%s is taken", name)
		}
	}
	commit, err := a.Prepare(next)
	if err != nil {
		t.Fatal(err)
	}
	want(1, before)
	if status, _ := ask("s3cret", "ops.example"); status != 403 {
		t.Errorf("status %d for the new name before the commit", status)
	}
	if most := a.bounds.most.Load(); most != int64(UsualLimits.Subscribers) {
		t.Errorf("%d subscribers before the commit", most)
	}
	commit()
	want(2, map[string]int{"s3cret": 401, "first": 401, "second": 200, "other": 200})
	if status, _ := ask("other", "ops.example"); status != 200 {
		t.Errorf("status %d for the new name", status)
	}
	if most := a.bounds.most.Load(); most != 5 {
		t.Errorf("%d subscribers after it", most)
	}
	plain := serveWith(t, Options{})
	if _, err := plain.Prepare(Options{Address: "127.0.0.1:0", Access: Access{AdminCert: files.Cert, AdminKey: files.Key}}); err == nil || !strings.Contains(err.Error(), "until a restart") {
		t.Errorf("error %v", err)
	}
	if commit, err = plain.Prepare(Options{Address: "127.0.0.1:0", Token: "s3cret"}); err != nil {
		t.Fatal(err)
	}
	commit()
	if status, _, _ := call(t, plain.URL(), "GET", "/api/v1/summary", ""); status != 401 {
		t.Errorf("status %d without the token that came by a reload", status)
	}
}

// Hosts and origins that look like those of this machine, and are not.
func TestHostileHosts(t *testing.T) {
	a := serveWith(t, Options{})
	address := a.plane.Listener.Addr().String()
	for head, want := range map[string]int{
		"Host: " + address:                   200,
		"Host: [::ffff:127.0.0.1]:7071":      200,
		"Host: localhost@evil.example":       400,
		"Host: evil.example@localhost":       400,
		"Host: localhost.":                   200,
		"Host: localhost..":                  403,
		"Host: .localhost":                   200,
		"Host: xlocalhost":                   403,
		"Host: [::1]evil.example":            403,
		"Host: [::1].evil.example:80":        403,
		"Host: evil.example:80:7071":         403,
		"Host: 2130706433":                   403,
		"Host: 127.1":                        403,
		"Host:":                              403,
		"Host: \x7f":                         400,
		"Host: localhost\r\nHost: localhost": 400,
		"Host: localhost\r\nOrigin: http://localhost.evil.example":                        403,
		"Host: localhost\r\nOrigin: http://localhost@evil.example":                        403,
		"Host: localhost\r\nOrigin: http://evil.example#localhost":                        403,
		"Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://evil.example":      403,
		"Host: localhost\r\nOrigin: file://":                                              403,
		"Host: localhost\r\nOrigin: " + strings.Repeat("http://localhost", 1000):          403,
		"Host: localhost\r\nX-Forwarded-Host: localhost\r\nOrigin: http://evil.example":   403,
		"Host: evil.example\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: localhost": 403,
	} {
		response := exchange(t, address, "GET /api/v1/summary HTTP/1.1\r\n"+head+"\r\n\r\n")
		if response.StatusCode != want {
			t.Errorf("%.80q: status %d, want %d", head, response.StatusCode, want)
		}
	}
}

// The log says that somebody guesses tokens, without the guesses, and once a second at most.
func TestGuessesAreTold(t *testing.T) {
	var text bytes.Buffer
	a := New(newFakeSource(), Options{Address: "127.0.0.1:0", Token: "s3cret"}, slog.New(slog.NewTextHandler(&text, nil)))
	if err := a.Listen(); err != nil {
		t.Fatal(err)
	}
	stop := runUntilEnd(t, a.Serve)
	for range 20 {
		call(t, a.URL(), "GET", "/api/v1/summary?token=gu3ss", "", "Authorization: Bearer gu3ss")
		call(t, a.URL(), "GET", "/api/v1/summary", "")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	n := strings.Count(text.String(), "has asked the admin plane with a wrong token")
	if n == 0 || n > 15 || strings.Contains(text.String(), "gu3ss") {
		t.Errorf("%d lines: %s", n, text.String())
	}
}

// A short token is only warned of where strangers can try to guess it.
func TestShortTokens(t *testing.T) {
	long := filepath.Join(t.TempDir(), "token")
	writeFile(t, long, "0123456789abcdef\n")
	for _, c := range []struct {
		o    Options
		want []string
	}{
		{Options{Address: "127.0.0.1:0", Token: "s3cret"}, nil},
		{Options{Address: ":0", Token: "s3cret"}, []string{"--token-file"}},
		{Options{Address: ":0", Token: "0123456789abcde"}, []string{"--token-file"}},
		{Options{Address: ":0", Access: Access{TokenFile: long}}, nil},
		{Options{Address: ":0", Access: Access{TokenFile: long, ReadToken: "r3ader"}}, []string{"--read-token-file"}},
	} {
		var text bytes.Buffer
		a := New(newFakeSource(), c.o, slog.New(slog.NewTextHandler(&text, nil)))
		if err := a.Listen(); err != nil {
			t.Fatal(err)
		}
		a.plane.Listener.Close()
		if n := strings.Count(text.String(), "may be guessed"); n != len(c.want) || strings.Contains(text.String(), "s3cret") {
			t.Errorf("%+v: the log: %s", c.o, &text)
		}
		for _, flag := range c.want {
			if !strings.Contains(text.String(), " "+flag) {
				t.Errorf("%+v: the log: %s", c.o, &text)
			}
		}
	}
}
