package health

import (
	"bytes"
	"context"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// asked runs the command line.
func asked(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	var b bytes.Buffer
	k, err := kong.New(new(Command), kong.Name("holter"), kong.DefaultEnvars("HOLTER"), kong.Writers(&b, &b), kong.BindTo(t.Context(), (*context.Context)(nil)))
	if err != nil {
		t.Fatal(err)
	}
	command, err := k.Parse(args)
	if err == nil {
		err = command.Run()
	}
	return b.String(), err
}

func TestAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		want   string // "" for up
	}{
		"a holter":              {200, `{"status":"ok"}`, ""},
		"one that goes down":    {503, `{"status":"draining"}`, "it answers 503"},
		"one that is not up":    {200, `{"status":"starting"}`, "no holter"},
		"something else":        {200, `<html>`, "no holter"},
		"an answer without end": {200, strings.Repeat(" ", 100<<10) + `{"status":"ok"}`, "no holter"},
		"a way somewhere else":  {302, ``, "it answers 302"},
		"a data plane":          {404, ``, "it answers 404, and is not the admin plane"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				if r.URL.Path != "/health" {
					tt.status, tt.body = 200, `{"status":"ok"}`
				}
				w.WriteHeader(tt.status)
				w.Write([]byte(tt.body))
			}))
			defer s.Close()
			out, err := asked(t, "--admin", s.Listener.Addr().String())
			switch {
			case tt.want == "" && (err != nil || out != s.URL+" is up\n"):
				t.Errorf("%v, %q", err, out)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || out != ""):
				t.Errorf("%v, %q, want an error with %q", err, out, tt.want)
			}
		})
	}
}

func TestOverTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"status":"ok"}`)) }))
	defer s.Close()
	if out, err := asked(t, "--admin", s.Listener.Addr().String(), "--admin-cert", "/etc/holter/cert.pem"); err != nil {
		t.Errorf("%v, %q", err, out)
	}
}

// A holter elsewhere shows who it is, and what is wrong says what to write.
func TestElsewhere(t *testing.T) {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ops/health" {
			w.Write([]byte(`{"status":"ok"}`))
		}
	})
	secure, plain := httptest.NewTLSServer(answer), httptest.NewServer(answer)
	defer secure.Close()
	defer plain.Close()
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args []string
		want string // "" for up
	}{
		"plain":              {[]string{plain.URL + "/ops"}, ""},
		"its own authority":  {[]string{"--ca", ca, secure.URL + "/ops"}, ""},
		"any":                {[]string{"--insecure", secure.URL + "/ops"}, ""},
		"not trusted":        {[]string{secure.URL + "/ops"}, "--ca FILE names certificates to trust, --insecure trusts any"},
		"speaks TLS":         {[]string{"--admin", secure.Listener.Addr().String()}, "it speaks TLS: write --admin-cert FILE"},
		"does not speak TLS": {[]string{"--admin", plain.Listener.Addr().String(), "--admin-cert", "cert.pem"}, "it does not speak TLS"},
		"both":               {[]string{"--insecure", "--ca", ca, secure.URL}, "give one or the other"},
		"no certificate":     {[]string{"--ca", os.DevNull, secure.URL}, "there is no certificate in it"},
		"no address":         {[]string{"box.example"}, "not the address of an admin plane"},
		"a password":         {[]string{"http://ann:geheim@box.example"}, "no token is needed"},
	} {
		if _, err := asked(t, tt.args...); (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "geheim")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	if _, err := asked(t, "--admin", address); err == nil || err.Error() != "http://"+address+": connect: connection refused" {
		t.Errorf("%v", err)
	}
}

// A container's health check knows the settings only from the environment, in which the plane may listen everywhere.
func TestSettings(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"status":"ok"}`)) }))
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	t.Setenv("HOLTER_ADMIN", "0.0.0.0:"+port)
	if out, err := asked(t); err != nil || out != "http://localhost:"+port+" is up\n" {
		t.Errorf("%v, %q", err, out)
	}
	for address, want := range map[string]string{"": "without an admin plane", "7071": "is no address"} {
		if _, err := asked(t, "--admin", address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--admin %q: %v", address, err)
		}
	}
}
