package heart

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"holter/model"
)

func TestRulesAreInTheOrderOfCauses(t *testing.T) {
	for i, cause := range model.Causes {
		if got := rules[i].cause; got != cause {
			t.Errorf("rule %d is for %s, where model.Causes has %s", i, got, cause)
		}
	}
}

var causeRow = regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|")

// TestReadmeCauses holds the README's table of causes against model.Causes.
func TestReadmeCauses(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []model.Cause
	for _, row := range causeRow.FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, model.Cause(row[1]))
	}
	if !slices.Equal(rows, model.Causes[:]) {
		t.Errorf("the table in README.md has the causes\n%v, and model.Causes has\n%v", rows, model.Causes)
	}
	if refused := string(model.CauseHandshakeBroken); !strings.Contains(string(text), "`"+refused+"`") {
		t.Errorf("README.md does not tell of %s", refused)
	}
}
