package health

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
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
