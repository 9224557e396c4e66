package services

import (
	"os"
	"strings"
	"testing"

	"holter/model"
)

func TestReadmeHasAllCauses(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range model.ServiceCauses {
		if !strings.Contains(string(text), "| `"+string(c)+"` |") {
			t.Errorf("the table of causes lacks %s", c)
		}
	}
}
