package compare

import (
	"os"
	"testing"
)

func TestQuick(t *testing.T) {
	report, err := Run(t.Context(), Options{Quick: true, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	report.WriteText(os.Stdout)
}
