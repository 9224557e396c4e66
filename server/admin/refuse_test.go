package admin

import (
	"net/http"
	"strings"
	"testing"
)

func TestRefuseRefuses(t *testing.T) {
	a := serveAdmin(t, newFakeSource(), "")
	for body, want := range map[string]string{
		``:                   "JSON",
		`{}`:                 "for_ms is missing",
		`{"for_ms":-1}`:      "for -1ms",
		`{"for_ms":1e18}`:    "at most",
		`{"for_ms":"10s"}`:   "for_ms",
		`{"for":10}`:         `"for"`,
		`{"for_ms":1,"q":1}`: `"q"`,
	} {
		status, answer, _ := call(t, a.URL(), "POST", "/api/v1/refuse", body)
		if message := wantError(t, answer); status != http.StatusBadRequest || !strings.Contains(message, want) {
			t.Errorf("%s: status %d, %s, want %q in it", body, status, answer, want)
		}
	}
}
