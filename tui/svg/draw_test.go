package svg

import (
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/charmbracelet/x/exp/golden"

	"holter/tui/look"
)

// screen has every kind of cell: looks of all sorts, wide characters, braille, blocks, and what XML escapes.
func screen(t *testing.T) string {
	t.Helper()
	view, err := os.ReadFile("testdata/screen.ansi")
	if err != nil {
		t.Fatal(err)
	}
	return string(view)
}

func TestSVGGolden(t *testing.T) {
	var b strings.Builder
	if err := Draw(&b, screen(t), look.Themes[1]); err != nil {
		t.Fatal(err)
	}
	golden.RequireEqual(t, []byte(b.String()))
}

// TestSVGIsWellFormed draws a screen, and what was never one, on both papers.
func TestSVGIsWellFormed(t *testing.T) {
	views := []string{screen(t), "", "\n\n", "\x1b[", "\x1b[38;5m\x1b[999;1;7mx", "a\x1b]0;title\x07b\x00\u202e\u200b", "\xff\xfe<"}
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
			if err := Draw(&b, view, th); err != nil {
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
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestFullDiskIsAnError(t *testing.T) {
	if Draw(fullDisk{}, "x", look.Themes[0]) == nil {
		t.Error("a full disk is no error")
	}
}

func TestRendition(t *testing.T) {
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
		p := picturePage{paper: &look.Themes[0].Paper}
		p.line(seq, 0)
		if p.rendition != want {
			t.Errorf("%q looks like %+v, want %+v", seq, p.rendition, want)
		}
	}
	if got := colourOn(&look.Themes[0].Paper, 203); got != "#ff5f5f" {
		t.Errorf("colour 203 is %s", got)
	}
}
