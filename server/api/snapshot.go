package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"

	"holter/model"
)

// Snapshot is one of a series. The first is complete; each later one has the changes since the one before.
// An open connection that is not in it has only been silent for longer, by the time between the two.
type Snapshot struct {
	Summary         Summary      `json:"summary"`
	Activity        Activity     `json:"activity"` // the bins that are new
	Clients         []Client     `json:"clients"`  // new or changed
	ClientsGone     []string     `json:"clients_gone"`
	Storms          []Storm      `json:"storms"` // new or changed
	StormsGone      []int        `json:"storms_gone"`
	Paths           []Path       `json:"paths"` // new or changed
	PathsGone       []int        `json:"paths_gone"`
	Cohorts         []Cohort     `json:"cohorts"` // new or changed
	CohortsGone     []int        `json:"cohorts_gone"`
	Alerts          []Alert      `json:"alerts,omitempty"` // all, if one is new or changed; left out if none is
	Services        []Service    `json:"services"`         // new or changed
	ServicesGone    []string     `json:"services_gone"`
	Connections     []Connection `json:"connections"`
	ConnectionsGone []string     `json:"connections_gone"`
}

// Activity holds the counts of each bin of time, oldest first. All its lists have the same length.
type Activity struct {
	BinMS      Millis   `json:"bin_ms"`
	Connects   []uint32 `json:"connects"`
	Reconnects []uint32 `json:"reconnects"`
	Closes     []uint32 `json:"closes"`
	Refused    []uint32 `json:"refused"`
}

// SnapshotWriter writes a series of snapshots, each as one line. It never has more than one connection as JSON in
// memory.
type SnapshotWriter struct {
	out    *bufio.Writer
	one    bytes.Buffer // a value on its way to out
	encode *json.Encoder
	last   model.Snapshot
}

// NewSnapshotWriter begins a series on w.
func NewSnapshotWriter(w io.Writer) *SnapshotWriter {
	s := &SnapshotWriter{out: bufio.NewWriterSize(w, 32<<10)}
	s.encode = json.NewEncoder(&s.one)
	return s
}

// Write writes s as the next Snapshot of the series. It keeps s until the next call.
func (w *SnapshotWriter) Write(s *model.Snapshot) error {
	passed := s.Time.Sub(w.last.Time)
	connections := diff(w.last.Connections, s.Connections, connectionKey, func(before, now *model.Connection) bool {
		return sameConnection(before, now, passed)
	})
	clients := diff(w.last.Clients, s.Clients, clientKey, sameClient)
	storms := diff(w.last.Storms, s.Storms, stormKey, sameStorm)
	paths := diff(w.last.Paths, s.Paths, pathKey, samePath)
	cohorts := diff(w.last.Cohorts, s.Cohorts, cohortKey, sameCohort)
	alerts := !sameAlerts(w.last.Alerts, s.Alerts)
	services := diff(w.last.Services, s.Services, serviceKey, sameService)
	bins := newBins(w.last.Activity, s.Activity)
	w.last = *s

	w.value(`{"summary":`, FromSnapshot(s))
	w.value(`,"activity":`, fromActivity(bins))
	writeList(w, `,"clients":[`, clients.changed, FromClient)
	w.value(`],"clients_gone":`, append([]string{}, clients.gone...))
	writeList(w, `,"storms":[`, storms.changed, FromStorm)
	w.value(`],"storms_gone":`, append([]int{}, storms.gone...))
	writeList(w, `,"paths":[`, paths.changed, FromPath)
	w.value(`],"paths_gone":`, append([]int{}, paths.gone...))
	writeList(w, `,"cohorts":[`, cohorts.changed, FromCohort)
	w.value(`],"cohorts_gone":`, append([]int{}, cohorts.gone...))
	if alerts {
		w.value(`,"alerts":`, fromAlerts(s.Alerts))
	}
	writeList(w, `,"services":[`, services.changed, FromService)
	w.value(`],"services_gone":`, append([]string{}, services.gone...))
	writeList(w, `,"connections":[`, connections.changed, FromConnection)
	w.value(`],"connections_gone":`, names(connections.gone))
	w.out.WriteString("}\n")
	return w.out.Flush() // which returns the first error of all writes
}

func (w *SnapshotWriter) value(before string, v any) {
	w.out.WriteString(before)
	w.element(v)
}

// element writes v without the newline that an Encoder puts behind it.
func (w *SnapshotWriter) element(v any) {
	w.one.Reset()
	w.encode.Encode(v)
	w.out.Write(bytes.TrimSuffix(w.one.Bytes(), []byte{'\n'}))
}

func writeList[M, W any](w *SnapshotWriter, before string, values []M, from func(*M) W) {
	w.out.WriteString(before)
	for i := range values {
		if i > 0 {
			w.out.WriteByte(',')
		}
		v := from(&values[i])
		w.element(&v)
	}
}

func names(ids []model.ID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = id.String()
	}
	return list
}

func fromActivity(bins []model.Activity) Activity {
	n := len(bins)
	w := Activity{
		BinMS: millis(model.ActivityBin), Connects: make([]uint32, n), Reconnects: make([]uint32, n),
		Closes: make([]uint32, n), Refused: make([]uint32, n),
	}
	for i, b := range bins {
		w.Connects[i], w.Reconnects[i], w.Closes[i], w.Refused[i] = b.Connects, b.Reconnects, b.Closes, b.Refused
	}
	return w
}

// model converts the bins that have all four figures.
func (a *Activity) model() []model.Activity {
	bins := make([]model.Activity, min(len(a.Connects), len(a.Reconnects), len(a.Closes), len(a.Refused)))
	for i := range bins {
		bins[i] = model.Activity{Connects: a.Connects[i], Reconnects: a.Reconnects[i], Closes: a.Closes[i], Refused: a.Refused[i]}
	}
	return bins
}
