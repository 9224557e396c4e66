package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"holter/model"
)

// Bounds for what another holter may send, so that it cannot use up the memory here. A hundred thousand
// connections, whose clients have all come back many times, are within them.
const (
	longestSnapshot = 512 << 20 // bytes of one as JSON
	longestElement  = 256 << 10 // bytes of one value in it that is taken in as a whole
	largestPicture  = 160 << 20 // bytes in memory
	longestList     = 200_000   // connections, or clients
	mostStorms      = 1000      // that are new or changed; the same of cohorts
	mostPaths       = 2 * model.MaxPaths
	mostServices    = 2 * model.MaxServices
	deepest         = 64 // lists and objects in each other
)

var errTooLong = errors.New("it is too long")

// SnapshotReader reads a series of snapshots, and completes each from the one before.
type SnapshotReader struct {
	in     *meter
	limit  int64 // bytes of one Snapshot
	room   int   // bytes of memory for the Snapshot that is being read
	decode *json.Decoder
	last   model.Snapshot
}

// NewSnapshotReader reads what a SnapshotWriter writes.
func NewSnapshotReader(r io.Reader) *SnapshotReader {
	in := &meter{r: r}
	return &SnapshotReader{in: in, limit: longestSnapshot, decode: json.NewDecoder(in)}
}

// Read returns the next snapshot, whole. The caller may keep it but must not change it: the next one is made
// from it. The error is that of the source, with io.EOF only between two snapshots, or describes why the input is
// not a snapshot.
func (r *SnapshotReader) Read() (model.Snapshot, error) {
	r.in.left, r.room = r.limit, largestPicture
	d, err := r.delta()
	if err != nil {
		return model.Snapshot{}, err
	}
	s := d.summary.Model()
	passed := s.Time.Sub(r.last.Time)
	s.Connections = d.connections.apply(r.last.Connections, connectionKey, func(c *model.Connection) { age(c, passed) })
	s.Clients = d.clients.apply(r.last.Clients, clientKey, func(*model.Client) {})
	s.Storms = d.storms.apply(r.last.Storms, stormKey, func(*model.Storm) {})
	s.Storms = newest(s.Storms, model.MaxStorms+1)
	s.Paths = newest(d.paths.apply(r.last.Paths, pathKey, func(*model.Path) {}), model.MaxPaths)
	s.Cohorts = newest(d.cohorts.apply(r.last.Cohorts, cohortKey, func(*model.Cohort) {}), model.MaxCohorts)
	s.Alerts = r.last.Alerts
	if d.alerted {
		s.Alerts = d.alerts
	}
	s.Services = newest(d.services.apply(r.last.Services, serviceKey, func(*model.Service) {}), mostServices)
	s.Activity = addBins(r.last.Activity, d.activity.model())
	if max(len(s.Connections), len(s.Clients)) > longestList {
		return model.Snapshot{}, fmt.Errorf("more than %d connections or clients", longestList)
	}
	if weighPicture(&s) > largestPicture {
		return model.Snapshot{}, errTooLong
	}
	r.last = s
	return s, nil
}

// delta is a Snapshot while it is read.
type delta struct {
	summary     Summary
	activity    Activity
	clients     changes[model.Client, string]
	storms      changes[model.Storm, int]
	paths       changes[model.Path, int]
	cohorts     changes[model.Cohort, int]
	services    changes[model.Service, string]
	connections changes[model.Connection, model.ID]
	alerts      []model.Alert
	alerted     bool // there are alerts in it
}

// delta reads a Snapshot element by element. Its keys may come in any order; unknown ones are skipped.
func (r *SnapshotReader) delta() (d delta, err error) {
	begin, err := r.token()
	if err != nil {
		return d, err
	}
	if begin != json.Delim('{') {
		return d, fmt.Errorf("%.40q instead of '{'", fmt.Sprint(begin))
	}
	for r.more() {
		key, err := r.token()
		if err == nil {
			err = r.value(fmt.Sprint(key), &d)
		}
		if err != nil {
			return d, fmt.Errorf("%.40q: %w", fmt.Sprint(key), whole(err))
		}
	}
	_, err = r.token()
	return d, whole(err)
}

// whole turns an io.EOF in the middle of a snapshot into io.ErrUnexpectedEOF.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (r *SnapshotReader) value(key string, d *delta) (err error) {
	switch key {
	case "summary":
		return r.element(&d.summary)
	case "activity":
		return r.element(&d.activity)
	case "clients":
		d.clients.changed, err = readList(r, (*Client).Model, weighClient, longestList)
	case "clients_gone":
		d.clients.gone, err = readList(r, func(id *string) (string, error) { return text(*id), nil }, weighText, longestList)
	case "storms":
		d.storms.changed, err = readList(r, func(s *Storm) (model.Storm, error) { return s.Model(), nil }, weighStorm, mostStorms)
	case "storms_gone":
		d.storms.gone, err = readList(r, func(id *int) (int, error) { return *id, nil }, weighWord, longestList)
	case "paths":
		d.paths.changed, err = readList(r, (*Path).Model, weighPath, mostPaths)
	case "paths_gone":
		d.paths.gone, err = readList(r, func(id *int) (int, error) { return *id, nil }, weighWord, longestList)
	case "cohorts":
		d.cohorts.changed, err = readList(r, func(c *Cohort) (model.Cohort, error) { return c.Model(), nil }, weighCohort, mostStorms)
	case "cohorts_gone":
		d.cohorts.gone, err = readList(r, func(id *int) (int, error) { return *id, nil }, weighWord, longestList)
	case "alerts":
		d.alerted = true
		d.alerts, err = readList(r, (*Alert).Model, weighAlert, model.MaxAlerts)
	case "services":
		d.services.changed, err = readList(r, (*Service).Model, weighService, mostServices)
	case "services_gone":
		d.services.gone, err = readList(r, func(id *string) (string, error) { return text(*id), nil }, weighText, mostServices)
	case "connections":
		d.connections.changed, err = readList(r, (*Connection).Model, weighConnection, longestList)
	case "connections_gone":
		d.connections.gone, err = readList(r, func(id *string) (model.ID, error) { return model.ParseID(*id) }, weighWord, longestList)
	default:
		return r.skip()
	}
	return err
}

// readList reads a list element by element, so that only one of them is in memory as JSON. What is no list is
// read as an empty one, and elements that mean nothing are left out.
func readList[W, M any](r *SnapshotReader, meaning func(*W) (M, error), weigh func(*M) int, most int) ([]M, error) {
	begin, err := r.token()
	if err != nil {
		return nil, err
	}
	if begin != json.Delim('[') {
		return nil, r.leave(begin)
	}
	var list []M
	for r.more() {
		if len(list) == most {
			return nil, fmt.Errorf("more than %d", most)
		}
		var w W
		if err := r.element(&w); err != nil {
			return nil, err
		}
		m, err := meaning(&w)
		if err != nil {
			continue
		}
		if r.room -= weigh(&m); r.room < 0 {
			return nil, errTooLong
		}
		list = append(list, m)
	}
	_, err = r.token()
	return list, err
}

// skip leaves out the next value, of any type.
func (r *SnapshotReader) skip() error {
	begin, err := r.token()
	if err != nil {
		return err
	}
	return r.leave(begin)
}

// leave leaves out the rest of the value that begins with a token.
func (r *SnapshotReader) leave(begin json.Token) error {
	depth := step(begin)
	for depth > 0 {
		if depth > deepest {
			return fmt.Errorf("more than %d lists in each other", deepest)
		}
		token, err := r.token()
		if err != nil {
			return err
		}
		depth += step(token)
	}
	return nil
}

// step returns the change of nesting depth at a token: 1, -1 or 0.
func step(token json.Token) int {
	switch token {
	case json.Delim('{'), json.Delim('['):
		return 1
	case json.Delim('}'), json.Delim(']'):
		return -1
	}
	return 0
}

func (r *SnapshotReader) token() (json.Token, error) {
	r.in.element = longestElement
	return r.decode.Token()
}

func (r *SnapshotReader) more() bool {
	r.in.element = longestElement
	return r.decode.More()
}

// element reads the next value into v, as far as it fits there.
func (r *SnapshotReader) element(v any) error {
	r.in.element = longestElement
	return fits(r.decode.Decode(v), r.in.err)
}

// fits returns nil for an error that says that JSON does not fit its Go value: the value then has the parts that fit. It
// returns all other errors: those of the source, and those of the syntax.
func fits(err, read error) error {
	_, syntax := errors.AsType[*json.SyntaxError](err)
	if syntax || read != nil && (errors.Is(err, read) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return err
	}
	return nil
}

// meter reads at most left bytes, and at most element of them at a time.
type meter struct {
	r             io.Reader
	left, element int64
	err           error // of the last read
}

func (m *meter) Read(p []byte) (int, error) {
	room := min(m.left, m.element)
	if room <= 0 {
		m.err = errTooLong
		return 0, errTooLong
	}
	n, err := m.r.Read(p[:min(int64(len(p)), room)])
	m.left -= int64(n)
	m.element -= int64(n)
	m.err = err
	return n, err
}
