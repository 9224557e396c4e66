package look

import (
	"slices"
	"testing"
)

func TestCutMiddle(t *testing.T) {
	g := &Glyphs{Ellipsis: "…"}
	for _, tt := range []struct {
		text string
		w    int
		want string
	}{
		{"js 127.0.0.1 pusher #7", 22, "js 127.0.0.1 pusher #7"},
		{"js 127.0.0.1 pusher #7", 12, "js 127…er #7"},
		{"abcdef", 2, "a…"},
		{"abcdef", 1, "…"},
		{"漢漢漢漢", 6, "漢…漢"},
	} {
		if got := g.CutMiddle(tt.text, tt.w); got != tt.want {
			t.Errorf("%s in %d cells: %q, want %q", tt.text, tt.w, got, tt.want)
		}
	}
}

func TestWrapCut(t *testing.T) {
	g := &Glyphs{Ellipsis: "…"}
	for n, want := range map[int][]string{1: {"one tw…"}, 2: {"one two", "three …"}, 9: {"one two", "three", "four"}} {
		if got := g.WrapCut("one two three four", 7, n); !slices.Equal(got, want) {
			t.Errorf("%d lines: %q, want %q", n, got, want)
		}
	}
}
