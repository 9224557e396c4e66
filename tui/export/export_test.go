package export

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
	"holter/tui/traffic"
)

// noon is when everything in the tests happens.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// exported are connections in all states, the first with names that ask for trouble.
func exported() []Row {
	var rows []Row
	for i := 3; i < 9; i++ {
		c := model.Connection{
			ID:         model.ID(i + 1),
			Client:     fmt.Sprintf("demo-%04d", i+1),
			Generation: 1 + i%3,
			Remote:     netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(50000+i)),
			Path:       "/ws",
			UserAgent:  "holter-swarm/1",
			Since:      noon.Add(-time.Duration(i+1) * time.Second),
			Opened:     noon.Add(-time.Duration(i+601) * time.Second),
			RTT:        time.Duration(i*37+300) * time.Microsecond,
			RTTMean:    1200 * time.Microsecond,
			RTTDev:     400 * time.Microsecond,
			Timeout:    520 * time.Millisecond,
			Interval:   5 * time.Second,
			Silence:    time.Duration(i*131) * time.Millisecond,
			PingsSent:  120, PongsReceived: 119, BytesIn: 48_200, FramesIn: 260,
		}
		rows = append(rows, Row{&c, traffic.Flow{In: 1234.4, Out: 56}, noon})
	}
	rows[0].Client, rows[0].UserAgent = `=HYPERLINK("http://10.1.2.3/","a, b")`, "Grüße\n\"quoted\""
	rows[0].State, rows[0].Silence, rows[0].RTT = model.Suspect, 5700*time.Millisecond, 31*time.Millisecond
	rows[0].Diagnosis = model.Diagnosis{Cause: "peer-stalled", Detail: "The ping of 5.7 s ago was acknowledged by the peer's " +
		"kernel after 12 ms, but no pong came: its process is frozen."}
	rows[3].State, rows[3].Silence = model.Failed, 12400*time.Millisecond
	rows[3].Diagnosis = model.Diagnosis{Cause: "path-down", Detail: "The ping of 12.4 s ago was not even acknowledged."}
	rows[5].State = model.Closed
	rows[5].Close = &model.Close{Code: 1001, By: model.ByPeer, At: noon.Add(-time.Second)}
	return rows
}

func TestExportGoldens(t *testing.T) {
	var b strings.Builder
	for _, hide := range []bool{false, true} {
		if err := CSV(&b, exported()[:3], hide); err != nil {
			t.Fatal(err)
		}
		if err := JSON(&b, exported()[:2], hide); err != nil {
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
		if err := errors.Join(CSV(&c, conns[:n], false), JSON(&j, conns[:n], false)); err != nil {
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
		"csv":  CSV(fullDisk{}, exported(), false),
		"json": JSON(fullDisk{}, exported(), false),
	} {
		if export == nil {
			t.Errorf("%s: a full disk is no error", name)
		}
	}
}
