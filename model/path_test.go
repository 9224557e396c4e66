package model

import "testing"

func TestPathTemplate(t *testing.T) {
	for path, want := range map[string]string{
		"":                            "",
		"/":                           "/",
		"/ws":                         "/ws",
		"/v2/chat":                    "/v2/chat",
		"/ocpp/CP0001":                "/ocpp/*",
		"/room/42/ws":                 "/room/*/ws",
		"/a/0b5c1f6e-8a1c-4d/x":       "/a/*/x",
		"/abcdefghijklmnopqrstuvwxyz": "/*",
	} {
		if got := PathTemplate(path); got != want {
			t.Errorf("%q is of %q, want %q", path, got, want)
		}
	}
}
