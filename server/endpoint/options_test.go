package endpoint

import (
	"strings"
	"testing"

	"holter/server"
	"holter/server/plane"
)

func settings() Options {
	return Options{ListenOptions: plane.ListenOptions{Listen: "127.0.0.1:7070"}, ReadLimit: 1 << 20}
}

func TestOptionsValidate(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"defaults":              {func(d *Options) {}, ""},
		"everywhere":            {func(d *Options) { d.Listen = ":0" }, ""},
		"listen":                {func(d *Options) { d.Listen = "7070" }, "--listen"},
		"header limit":          {func(d *Options) { d.HeaderLimit = 1 }, "--header-limit"},
		"least header limit":    {func(d *Options) { d.HeaderLimit = 8192 }, ""},
		"read limit":            {func(d *Options) { d.ReadLimit = 0 }, "--read-limit"},
		"cert alone":            {func(d *Options) { d.TLSCert = "cert.pem" }, "--tls-cert without --tls-key"},
		"key alone":             {func(d *Options) { d.TLSKey = "key.pem" }, "--tls-key without --tls-cert"},
		"both":                  {func(d *Options) { d.TLSCert, d.TLSKey = "cert.pem", "key.pem" }, ""},
		"any origin":            {func(d *Options) { d.AllowOrigin = []string{"*"} }, ""},
		"origin":                {func(d *Options) { d.AllowOrigin = []string{"https://app.example:8443"} }, ""},
		"origin with path":      {func(d *Options) { d.AllowOrigin = []string{"https://app.example/"} }, "nothing after it"},
		"origin without scheme": {func(d *Options) { d.AllowOrigin = []string{"app.example"} }, "scheme://host"},
	} {
		t.Run(name, func(t *testing.T) {
			d := settings()
			tc.change(&d)
			if err := d.Validate(); (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

// The endpoint refuses a monitor that would watch nothing.
func TestEndpointRefusesAnInvalidMonitor(t *testing.T) {
	m := server.New(server.Options{Detector: "oracle", Logger: silent})
	if _, err := New(m, settings()); err == nil || !strings.Contains(err.Error(), "write deviation, jacobson or phi") {
		t.Errorf("error %v", err)
	}
}
