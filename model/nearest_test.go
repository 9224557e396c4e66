package model

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	words := []string{"kick", "refuse", "fault", "at", "Socket.IO", "Phoenix", "AWS full jitter", "AWS equal jitter"}
	for text, want := range map[string]string{
		"kik": "kick", "KICK": "kick", "refues": "refuse", "fualt": "fault", "ta": "", "a": "", "": "", "socketio": "Socket.IO",
		"Pheonix": "Phoenix", "aws full jiter": "AWS full jitter", "of": "", "wait": "", "aat": "at", "SignalR": "", strings.Repeat("kick", 20): "",
	} {
		if got := Nearest(text, words); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"listen", "listen", 0}, {"listne", "listen", 2}} {
		if got := EditDistance(tc.a, tc.b); got != tc.want {
			t.Errorf("EditDistance(%q, %q) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}
