package admin

import (
	"net/http"
	"strings"
	"testing"
)

func TestReload(t *testing.T) {
	source := newFakeSource()
	a := serveAdmin(t, source, "")
	status, answer, _ := call(t, a.URL(), "POST", "/api/v1/reload", "")
	want := `{"by":"api","changed":[{"name":"max-conns","was":"0","is":"5","origin":"holter.yaml:3"}],"kept":[],"took_ms":3}`
	if status != http.StatusOK || strings.TrimSpace(answer) != want {
		t.Errorf("%d %s", status, answer)
	}
	if status, answer, _ = call(t, a.URL(), "POST", "/api/v1/reload", `{"max-conns": 5}`); status != http.StatusBadRequest {
		t.Errorf("with a body: %d %s", status, answer)
	}
	readOnly := serveAdmin(t, ownServices{source}, "")
	if status, answer, _ = call(t, readOnly.URL(), "POST", "/api/v1/reload", ""); status != http.StatusOK {
		t.Errorf("of a holter that is only to show: %d %s", status, answer)
	}
	source.mistake = "holter.yaml:1:1: unknown setting"
	want = `{"error":{"code":"bad_settings","message":"holter.yaml:1:1: unknown setting"}}`
	if status, answer, _ = call(t, a.URL(), "POST", "/api/v1/reload", ""); status != http.StatusUnprocessableEntity || strings.TrimSpace(answer) != want {
		t.Errorf("%d %s", status, answer)
	}
}
