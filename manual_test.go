package main

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"holter/tui/cli/config"
)

// TestManualHasAllFlags looks for every flag of every command on its page of the manual.
func TestManualHasAllFlags(t *testing.T) {
	alone(t)
	parser, err := kong.New(new(commands), config.Values())
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Children {
		if command.Hidden {
			continue
		}
		code, page, errs := run(t.Context(), "man", command.Name)
		if code != 0 || errs != "" {
			t.Errorf("holter man %s: exit code %d, %s", command.Name, code, errs)
		}
		for _, group := range command.AllFlags(true) {
			for _, f := range group {
				if !strings.Contains(page, `\fB\-\-`+strings.ReplaceAll(f.Name, "-", `\-`)+`\fR`) {
					t.Errorf("holter man %s lacks --%s", command.Name, f.Name)
				}
			}
		}
	}
}
