package tui

import (
	"encoding/base64"
	"strings"
	"testing"

	"holter/model"
)

func TestClipboardSequence(t *testing.T) {
	const text = "c17\x1b]0;no\x07"
	coded := base64.StdEncoding.EncodeToString([]byte(text))
	plain := "\x1b]52;c;" + coded + "\x07"
	for env, want := range map[string]string{
		"":     plain,
		"TMUX": plain + "\x1bPtmux;\x1b" + plain + "\x1b\\",
		"STY":  "\x1bP" + plain + "\x1b\\",
	} {
		got, err := clipboardSequence(text, func(name string) string {
			if name == env {
				return "1"
			}
			return ""
		})
		if err != nil || got != want {
			t.Errorf("in %q: %q, %v, want %q", env, got, err, want)
		}
	}
	if _, err := clipboardSequence(strings.Repeat("x", maxCopy+1), utf8Locale); model.ErrorCode(err) != model.Invalid {
		t.Errorf("too much to copy: %v", err)
	}
}
