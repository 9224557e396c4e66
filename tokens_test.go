package main

import (
	"os"
	"strings"
	"testing"
)

// A wrong setting for the tokens of clients is told in one line, and never leaves the door open.
func TestTokenSettings(t *testing.T) {
	alone(t)
	if err := os.WriteFile("empty", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]struct {
		code int
		err  string
	}{
		"--demo 5 --jwt-key empty":                         {exitUsage, "so give one or the other"},
		"--jwt-audience chat":                              {exitUsage, "--jwt-audience without a key verifies nothing: write --jwt-key or --jwt-jwks too (see holter serve --help)"},
		"proxy http://h --jwt-key k --jwt-from x":          {exitUsage, "--jwt-from \"x\" is unknown"},
		"--jwt-key empty":                                  {exitFailure, "load --jwt-key: empty: the secret has 0 bytes"},
		"proxy http://127.0.0.1:1 --jwt-jwks missing.json": {exitFailure, "missing.json: "},
	} {
		code, out, errs := run(t.Context(), strings.Fields(line)...)
		if code != want.code || out != "" || !oneLine(errs) || !strings.Contains(errs, want.err) {
			t.Errorf("holter %s: exit code %d, stdout %q, stderr\n%swant %d and one line with\n%s", line, code, out, errs, want.code, want.err)
		}
	}
}
