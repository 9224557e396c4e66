package tui

import (
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
)

func TestSVGGolden(t *testing.T) {
	s := newStyles(themes[1], graphBraille, utf8Locale)
	lines := []string{
		s.title.String("holter") + " <&\"> " + s.cursor[model.Suspect].String("▸◐ suspect  名前 é") + s.dim.String(" faint"),
		strip(allBeats, 1, 18, s) + " " + gauge(0.4, 10, &s.glyphs) + "▀▒▐" + s.alarm.String("×"),
	}
	lines = append(lines, rttChart(wavingSamples(60, 30*time.Millisecond), 60, 6, s)...)
	var b strings.Builder
	if err := drawSVG(&b, strings.Join(lines, "\n"), s.theme); err != nil {
		t.Fatal(err)
	}
	golden.RequireEqual(t, []byte(b.String()))
}

// TestSVGIsWellFormed draws whole screens in all themes, and what was never one.
func TestSVGIsWellFormed(t *testing.T) {
	views := []string{"", "\n\n", "\x1b[", "\x1b[38;5m\x1b[999;1;7mx", "a\x1b]0;title\x07b\x00\u202e\u200b", "\xff\xfe<"}
	for _, th := range themes {
		s := newScreen(t, newFake(ward(20)...), 120, 30)
		*s.app.styles = *newStyles(th, graphBraille, utf8Locale)
		views = append(views, s.press("n", "enter").app.View())
	}
	r := rand.New(rand.NewPCG(9, 10))
	for range 200 {
		wild := make([]rune, 50)
		for i := range wild {
			wild[i] = rune(r.UintN(0x10ffff) >> r.UintN(16))
		}
		views = append(views, string(wild))
	}
	for _, view := range views {
		for _, th := range []*theme{themes[0], themes[2], colourless} {
			var b strings.Builder
			if err := drawSVG(&b, view, th); err != nil {
				t.Fatal(err)
			}
			d := xml.NewDecoder(strings.NewReader(b.String()))
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%q in %s: %v\n%s", view, th.name, err, b.String())
				}
			}
		}
	}
	if drawSVG(fullDisk{}, "x", themes[0]) == nil {
		t.Error("nobody noticed the full disk")
	}
}

func TestLook(t *testing.T) {
	for seq, want := range map[string]rendition{
		"\x1b[m":            {},
		"\x1b[1;31m":        {bold: true, ink: 2},
		"\x1b[2;97;104m":    {faint: true, ink: 16, ground: 13},
		"\x1b[38;5;203m":    {ink: 204},
		"\x1b[48;5;9;7m":    {ground: 10, reverse: true},
		"\x1b[1;31;0;32m":   {ink: 3},
		"\x1b[1;2;7;22;27m": {},
		"\x1b[31;42;39;49m": {},
		"\x1b[38;5m\x1b[1m": {bold: true},
	} {
		p := picturePage{paper: &darkPaper}
		p.line(seq, 0)
		if p.rendition != want {
			t.Errorf("%q looks like %+v, want %+v", seq, p.rendition, want)
		}
	}
	if got := colourOn(&darkPaper, 203); got != "#ff5f5f" {
		t.Errorf("colour 203 is %s", got)
	}
}

func TestThemes(t *testing.T) {
	th, err := findTheme("")
	if err != nil || th != themes[0] {
		t.Errorf("the default theme is %v, %v", th, err)
	}
	seen := map[string]bool{}
	for range themes {
		found, err := findTheme(th.name)
		if err != nil || found != th {
			t.Errorf("%s is %v, %v", th.name, found, err)
		}
		seen[th.name] = true
		th = th.next()
	}
	if len(seen) != len(themes) || th != themes[0] {
		t.Errorf("went through %v", seen)
	}
	if _, err := findTheme("pink"); model.ErrorCode(err) != model.Invalid {
		t.Errorf("pink: %v", err)
	}
	s := newStyles(themes[2], graphBraille, func(name string) string { return map[string]string{"NO_COLOR": "1", "LANG": "C.UTF-8"}[name] })
	if got := s.states[model.Failed].on; got != ansi.NewStyle().Bold().String() {
		t.Errorf("failed without colour is %q", got)
	}
}

func TestChooseGraph(t *testing.T) {
	for _, test := range []struct {
		name string
		env  map[string]string
		want graph
	}{
		{"", map[string]string{"LANG": "C.UTF-8", "TERM": "xterm"}, graphBraille},
		{"", map[string]string{"LANG": "C.UTF-8", "TERM": "linux"}, graphBlock},
		{"", map[string]string{"LC_ALL": "C", "LANG": "C.UTF-8"}, graphASCII},
		{"", map[string]string{"LANG": "C.UTF-8", "TERM": "dumb"}, graphASCII},
		{"block", nil, graphBlock},
	} {
		got, err := chooseGraph(test.name, func(name string) string { return test.env[name] })
		if err != nil || got != test.want {
			t.Errorf("%q in %v is %q, %v, want %q", test.name, test.env, got, err, test.want)
		}
	}
	if _, err := chooseGraph("sixel", os.Getenv); model.ErrorCode(err) != model.Invalid {
		t.Errorf("sixel: %v", err)
	}
}
