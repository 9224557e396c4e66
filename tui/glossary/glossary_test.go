package glossary

import (
	"os"
	"slices"
	"strings"
	"testing"

	"holter/model"
)

// TestCausesAreThoseOfTheReadme compares the sentences with the table that explains the causes.
func TestCausesAreThoseOfTheReadme(t *testing.T) {
	compareTable(t, "heart", model.Causes[:])
	compareTable(t, "cohort", model.CohortCauses[:])
	if Cause(model.CauseHandshakeBroken) == "" {
		t.Error("the cause of a refusal is not explained")
	}
}

func compareTable(t *testing.T, room string, causes []model.Cause) {
	t.Helper()
	readme, err := os.ReadFile("../../model/" + room + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range causes {
		if row := "| `" + string(c) + "` | " + Cause(c); Cause(c) == "" || !strings.Contains(string(readme), row) {
			t.Errorf("the table of causes of %s lacks the row %q", room, row)
		}
	}
}

// Each piece of advice has its word.
func TestAdviceIsExplained(t *testing.T) {
	for _, kind := range model.WarningKinds {
		if !slices.ContainsFunc(Words, func(e Entry) bool { return e.Name == string(kind) }) {
			t.Errorf("%s is not explained", kind)
		}
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
