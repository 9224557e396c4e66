package glossary

import (
	"os"
	"strings"
	"testing"

	"holter/model"
)

// TestCausesAreThoseOfTheReadme compares the sentences with the table that explains the causes.
func TestCausesAreThoseOfTheReadme(t *testing.T) {
	readme, err := os.ReadFile("../../model/heart/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range model.Causes {
		if row := "| `" + string(c) + "` | " + Cause(c); Cause(c) == "" || !strings.Contains(string(readme), row) {
			t.Errorf("the table of causes lacks the row %q", row)
		}
	}
	if Cause(model.CauseHandshakeBroken) == "" {
		t.Error("the cause of a refusal is not explained")
	}
}

func TestWordsAreShort(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range Words {
		if len(e.Text) > 140 || e.Text == "" || len(e.Name) > 16 || seen[e.Name] {
			t.Errorf("%+v: longer than two lines, without a text, or there twice", e)
		}
		seen[e.Name] = true
	}
}
