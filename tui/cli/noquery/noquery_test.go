package noquery

import (
	"os"
	"testing"
)

func TestRestore(t *testing.T) {
	if got := os.Getenv("CI"); got != "1" {
		t.Errorf("CI is %q while packages initialise, want 1", got)
	}
	t.Setenv("CI", "1") // puts the package's value back afterwards
	oldBefore, oldSet := before, wasSet
	t.Cleanup(func() { before, wasSet = oldBefore, oldSet })

	before, wasSet = "", false
	Restore()
	if _, ok := os.LookupEnv("CI"); ok {
		t.Error("CI is still set")
	}
	before, wasSet = "yes", true
	Restore()
	if got := os.Getenv("CI"); got != "yes" {
		t.Errorf("CI is %q, want yes", got)
	}
}
