package model

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	tests := []struct {
		name, in string
		limit    int
		want     string
	}{
		{"empty", "", 10, ""},
		{"plain", "demo-0117", 100, "demo-0117"},
		{"exactly at the limit", "demo", 4, "demo"},
		{"letters of all kinds", "Zoë 東京 🙂", 100, "Zoë 東京 🙂"},
		{"its own replacement", "a\uFFFDb", 100, "a\uFFFDb"},
		{"escape sequence", "\x1b[2Jx", 100, "\uFFFD[2Jx"},
		{"C0 and DEL", "a\x00b\tc\r\nd\x7f", 100, "a\uFFFDb\uFFFDc\uFFFD\uFFFDd\uFFFD"},
		{"C1", "a\u009b31mb\u0085", 100, "a\uFFFD31mb\uFFFD"},
		{"direction", "\u202egnp\u2066x\u2069\u200e\u200f\u061c", 100, "\uFFFDgnp\uFFFDx\uFFFD\uFFFD\uFFFD\uFFFD"},
		{"no width", "ad\u200bm\u200ci\u200dn\u2060\ufeff", 100, "ad\uFFFDm\uFFFDi\uFFFDn\uFFFD\uFFFD"},
		{"lines and paragraphs", "a\u2028b\u2029c", 100, "a\uFFFDb\uFFFDc"},
		{"other spaces", "a\u00a0b\u3000c\u2800", 100, "a\uFFFDb\uFFFDc\uFFFD"},
		{"fillers and selectors", "a\u3164b\u115fc\ufe0f\U000e0041", 100, "a\uFFFDb\uFFFDc\uFFFD\uFFFD"},
		{"no UTF-8", "a\xffb\xc3", 100, "a\uFFFDb\uFFFD"},
		{"surrogate", "\xed\xa0\x80", 100, "\uFFFD\uFFFD\uFFFD"},
		{"cut", strings.Repeat("a", 40), 20, "aaaaaaaaac95b8a25…"},
		{"cut between characters", "日本語日本語", 14, "日38e1a583…"},
		{"longer once it is replaced", "\x01\x02\x03\x04\x05", 14, "\uFFFD470b99f4…"},
		{"no room for the checksum", "日本語日本語", 10, "日本語"},
		{"no room at all", "abc", 0, ""},
		{"less than no room", "abc", -1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Clean(tt.in, tt.limit); got != tt.want {
				t.Errorf("Clean(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
			}
		})
	}
}

// A text for people ends in an ellipsis where it is cut.
func TestAbridge(t *testing.T) {
	for _, c := range []struct {
		s     string
		limit int
		want  string
	}{
		{"a short one", 20, "a short one"},
		{"a short one", 11, "a short one"},
		{"a short one", 10, "a short…"},
		{"a short one", 9, "a shor…"},
		{"größer", 7, "grö…"},
		{"größer", 6, "gr…"},
		{"a\nb", 20, "a\uFFFDb"},
		{"long", 2, "lo"},
		{"long", 0, ""},
		{"long", -1, ""},
	} {
		if got := Abridge(c.s, c.limit); got != c.want || len(got) > max(c.limit, 0) {
			t.Errorf("%q within %d bytes is %q, want %q", c.s, c.limit, got, c.want)
		}
	}
}

func TestCleanKeepsLongStringsApart(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	if a, b := Clean(long+"1", 256), Clean(long+"2", 256); a == b {
		t.Errorf("two strings became one: %q", a)
	}
}

func TestCleanAllocatesNothingForCleanStrings(t *testing.T) {
	for _, s := range []string{"demo-0117", "Zoë 東京 🙂 \uFFFD"} {
		if n := testing.AllocsPerRun(100, func() { Clean(s, 64) }); n != 0 {
			t.Errorf("Clean(%q) allocates %v times", s, n)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"demo-1", "\x1b[31m", "a\u202eb", "日本語日本語日本語", "\xff\xfe", strings.Repeat("\x00", 99)} {
		f.Add(s, 20)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		clean := Clean(s, limit)
		if len(clean) > max(limit, 0) {
			t.Errorf("Clean(%q, %d) has %d bytes", s, limit, len(clean))
		}
		if !utf8.ValidString(clean) {
			t.Errorf("Clean(%q, %d) = %q is not UTF-8", s, limit, clean)
		}
		if strings.ContainsFunc(clean, func(r rune) bool { return !visible(r) }) {
			t.Errorf("Clean(%q, %d) = %q hides something", s, limit, clean)
		}
		if again := Clean(clean, limit); again != clean {
			t.Errorf("Clean(%q, %d) = %q, and cleaned again %q", s, limit, clean, again)
		}
	})
}

func BenchmarkClean(b *testing.B) {
	agent := "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
	inputs := []struct{ name, s string }{
		{"clean", agent},
		{"escape", "\x1b" + agent},
		{"64KiB", strings.Repeat("x", 64<<10)},
	}
	for _, in := range inputs {
		b.Run(in.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Clean(in.s, 256)
			}
		})
	}
}
