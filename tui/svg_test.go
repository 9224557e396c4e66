package tui

import (
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
	"holter/tui/look"
)

func TestSVGGolden(t *testing.T) {
	s := look.New(look.Themes[1], look.Braille, utf8Locale)
	lines := []string{
		s.Title.String("holter") + " <&\"> " + s.Cursor[model.Suspect].String("▸◐ suspect  名前 é") + s.Dim.String(" faint"),
		strip(allBeats, 1, 18, s) + " " + gauge(0.4, 10, &s.Glyphs) + "▀▒▐" + s.Alarm.String("×"),
	}
	lines = append(lines, rttChart(wavingSamples(60, 30*time.Millisecond), 60, 6, s)...)
	var b strings.Builder
	if err := drawSVG(&b, strings.Join(lines, "\n"), s.Theme); err != nil {
		t.Fatal(err)
	}
	golden.RequireEqual(t, []byte(b.String()))
}

// TestSVGIsWellFormed draws whole screens in all themes, and what was never one.
func TestSVGIsWellFormed(t *testing.T) {
	views := []string{"", "\n\n", "\x1b[", "\x1b[38;5m\x1b[999;1;7mx", "a\x1b]0;title\x07b\x00\u202e\u200b", "\xff\xfe<"}
	for _, th := range look.Themes {
		s := newScreen(t, newFake(ward(20)...), 120, 30)
		*s.app.styles = *look.New(th, look.Braille, utf8Locale)
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
		for _, th := range []*look.Theme{look.Themes[0], look.Themes[2], look.Colourless} {
			var b strings.Builder
			if err := drawSVG(&b, view, th); err != nil {
				t.Fatal(err)
			}
			d := xml.NewDecoder(strings.NewReader(b.String()))
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%q in %s: %v\n%s", view, th.Name, err, b.String())
				}
			}
		}
	}
	if drawSVG(fullDisk{}, "x", look.Themes[0]) == nil {
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
		p := picturePage{paper: &look.DarkPaper}
		p.line(seq, 0)
		if p.rendition != want {
			t.Errorf("%q looks like %+v, want %+v", seq, p.rendition, want)
		}
	}
	if got := colourOn(&look.DarkPaper, 203); got != "#ff5f5f" {
		t.Errorf("colour 203 is %s", got)
	}
}
