package tui

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"holter/tui/look"
)

// TestPicturesAreWellFormed writes the screen to a file in each theme and reads it back.
func TestPicturesAreWellFormed(t *testing.T) {
	for i := range look.Themes {
		t.Chdir(t.TempDir())
		s := newScreen(t, newFake(ward(20)...), 120, 30).press("n", "enter")
		for range i {
			s.press("t")
		}
		s.press("w", "s")
		s.line("wrote holter-connections-20260301-120000.svg")
		files, _ := filepath.Glob("*.svg")
		if len(files) != 1 {
			t.Fatalf("files %v", files)
		}
		picture, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(bytes.NewReader(picture)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}
