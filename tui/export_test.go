package tui

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/charmbracelet/x/exp/golden"
)

// exported are connections in all states, the first with names that ask for trouble.
func exported() []exportRow {
	conns := ward(9)[3:]
	conns[0].Client = `=HYPERLINK("http://10.1.2.3/","a, b")`
	conns[0].UserAgent = "Grüße\n\"quoted\""
	rows := make([]exportRow, len(conns))
	for i := range conns {
		rows[i] = exportRow{&conns[i], traffic{in: 1234.4, out: 56}, noon}
	}
	return rows
}

func TestExportGoldens(t *testing.T) {
	var b strings.Builder
	for _, hide := range []bool{false, true} {
		if err := exportCSV(&b, exported()[:3], hide); err != nil {
			t.Fatal(err)
		}
		if err := exportJSON(&b, exported()[:2], hide); err != nil {
			t.Fatal(err)
		}
	}
	golden.RequireEqual(t, []byte(b.String()))
}

// TestExportsAreRead reads back what was written.
func TestExportsAreRead(t *testing.T) {
	conns := exported()
	for n := range len(conns) + 1 {
		var c, j strings.Builder
		if err := errors.Join(exportCSV(&c, conns[:n], false), exportJSON(&j, conns[:n], false)); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(strings.NewReader(c.String())).ReadAll()
		if err != nil || len(records) != n+1 {
			t.Fatalf("%d records of %d connections: %v", len(records), n, err)
		}
		var objects []map[string]any
		if err := json.Unmarshal([]byte(j.String()), &objects); err != nil || len(objects) != n {
			t.Fatalf("%d objects of %d connections: %v", len(objects), n, err)
		}
		for i, object := range objects {
			if object["client"] != conns[i].Client || object["timeout_ms"] != 520.0 {
				t.Errorf("read back %v of %+v", object, conns[i])
			}
			for k, name := range records[0] {
				if _, ok := object[name]; !ok {
					t.Errorf("no %q in the JSON", name)
				}
				if text := records[i+1][k]; strings.HasPrefix(text, "=") {
					t.Errorf("%s is the formula %q", name, text)
				}
			}
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestExportsFail(t *testing.T) {
	for name, export := range map[string]error{
		"csv":  exportCSV(fullDisk{}, exported(), false),
		"json": exportJSON(fullDisk{}, exported(), false),
	} {
		if export == nil {
			t.Errorf("%s: nobody noticed the full disk", name)
		}
	}
}
