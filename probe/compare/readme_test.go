package compare

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestReadmeNotes holds the notes below the README's tables against those that a full comparison writes on a quiet
// machine. The last one has figures, and may be any.
func TestReadmeNotes(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "<!-- compare: written by holter compare --markdown -->\n")
	block, _, closed := strings.Cut(block, "<!-- end of compare -->\n")
	if !closed {
		t.Fatal("README.md lacks the marks around the tables")
	}
	var got []string
	for line := range strings.Lines(block) {
		if note, ok := strings.CutPrefix(line, "- "); ok {
			got = append(got, strings.TrimSuffix(note, "\n"))
		}
	}
	want := newReport(Options{Seed: 1}, fullScale().schemes).notes()
	if len(got) == 0 || !slices.Equal(got[:len(got)-1], want[:len(want)-1]) {
		t.Errorf("measure again with holter compare --markdown: README.md has the notes\n%s\nand the program writes\n%s",
			strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
