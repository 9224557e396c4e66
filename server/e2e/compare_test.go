//go:build unix

package e2e

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// compared runs holter compare and answers what it printed.
func compared(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), holter, append([]string{"compare"}, args...)...).Output()
	if err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("%v: %s", err, e.Stderr)
		}
		t.Fatal(err)
	}
	return string(out)
}

func TestCompareQuickly(t *testing.T) {
	t.Parallel()
	type spread struct {
		Count   int     `json:"count"`
		MeanMS  float64 `json:"mean_ms"`
		WorstMS float64 `json:"worst_ms"`
	}
	var report struct {
		LateOften int `json:"late_often"`
		Schemes   []struct {
			Name  string  `json:"name"`
			Bytes float64 `json:"frame_bytes_per_minute"`
		} `json:"schemes"`
		Cells []struct {
			Scheme string `json:"scheme"`
			Fault  string `json:"fault"`
			Server struct {
				Struck int    `json:"struck"`
				Over   spread `json:"over"`
			} `json:"server"`
		} `json:"cells"`
	}
	if err := json.Unmarshal([]byte(compared(t, "--quick", "--json")), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Schemes) != 6 || report.Schemes[0].Bytes == 0 {
		t.Errorf("schemes %+v", report.Schemes)
	}
	half := map[string]float64{}
	for _, c := range report.Cells {
		if c.Fault == "half-open" {
			half[c.Scheme] = c.Server.Over.MeanMS
		}
		if c.Server.Over.Count > c.Server.Struck {
			t.Errorf("%+v", c)
		}
	}
	if both, chat := half["holter both"], half["fixed 54s/60s"]; both <= 0 || chat < 6000 || both > chat/2 {
		if report.LateOften > 0 {
			t.Skipf("this machine is busy: holter ran late %d times, and its hearts wait longer then: %v ms", report.LateOften, half)
		}
		t.Errorf("given up after %v ms", half)
	}
}

func TestCompareTellsHowFarItIsAndStops(t *testing.T) {
	t.Parallel()
	term := atTerminal(t, "compare")
	term.until(t, "measuring the processor time of holter both")
	if _, err := term.file.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	if code := term.wait(t); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if text := term.text(); !strings.HasSuffix(strings.TrimSpace(text), "holter: compare was stopped before it had anything to report") {
		t.Errorf("on the terminal:\n%q", text)
	}
}
