package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"holter/model"
)

// Bounds for what another holter may send, so that it cannot use up the memory here.
const (
	longestSnapshot = 256 << 20 // bytes
	longestList     = 500_000   // connections, or clients
)

var errTooLong = errors.New("it is too long")

// SnapshotReader reads a series of snapshots, and completes each from the one before.
type SnapshotReader struct {
	in     *meter
	limit  int64 // bytes of one Snapshot
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
	r.in.left = r.limit
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
	s.Activity = addBins(r.last.Activity, d.activity.model())
	if max(len(s.Connections), len(s.Clients)) > longestList {
		return model.Snapshot{}, fmt.Errorf("more than %d connections or clients", longestList)
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
	connections changes[model.Connection, model.ID]
}

// delta reads a Snapshot element by element. Its keys may come in any order; unknown ones are skipped.
func (r *SnapshotReader) delta() (d delta, err error) {
	if err := r.expect('{'); err != nil {
		return d, err
	}
	for r.decode.More() {
		key, err := r.decode.Token()
		if err == nil {
			err = r.value(fmt.Sprint(key), &d)
		}
		if err != nil {
			return d, fmt.Errorf("%.40v: %w", key, whole(err))
		}
	}
	return d, whole(r.expect('}'))
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
		return r.decode.Decode(&d.summary)
	case "activity":
		return r.decode.Decode(&d.activity)
	case "clients":
		d.clients.changed, err = readList(r, (*Client).Model)
	case "clients_gone":
		d.clients.gone, err = readList(r, func(id *string) (string, error) { return text(*id), nil })
	case "storms":
		d.storms.changed, err = readList(r, (*Storm).Model)
	case "storms_gone":
		d.storms.gone, err = readList(r, func(id *int) (int, error) { return *id, nil })
	case "connections":
		d.connections.changed, err = readList(r, (*Connection).Model)
	case "connections_gone":
		d.connections.gone, err = readList(r, func(id *string) (model.ID, error) { return model.ParseID(*id) })
	default:
		return r.decode.Decode(new(json.RawMessage))
	}
	return err
}

// readList reads a list element by element, so that only one of them is in memory as JSON.
func readList[W, M any](r *SnapshotReader, meaning func(*W) (M, error)) ([]M, error) {
	if err := r.expect('['); err != nil {
		return nil, err
	}
	var list []M
	for r.decode.More() {
		if len(list) == longestList {
			return nil, fmt.Errorf("more than %d", longestList)
		}
		var w W
		if err := r.decode.Decode(&w); err != nil {
			return nil, err
		}
		m, err := meaning(&w)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, r.expect(']')
}

func (r *SnapshotReader) expect(want json.Delim) error {
	token, err := r.decode.Token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("%.40q instead of %q", fmt.Sprint(token), want)
	}
	return nil
}

// meter reads at most left bytes.
type meter struct {
	r    io.Reader
	left int64
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errTooLong
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	return n, err
}
