package server

import (
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"

	"holter/model"
	"holter/server/hub"
)

// A monitor in an application takes other limits and rules while it runs, and tells of it.
func TestPrepare(t *testing.T) {
	o := Options{MaxConns: 1, Logger: slog.New(slog.DiscardHandler)}
	m := New(o)
	full := func(all int) model.RefusalLimit {
		limit, _ := m.full(hub.Sizes{All: all, FromOrigin: 1, Network: -1})
		return limit
	}
	if full(1) != "" || full(2) != model.LimitConnections {
		t.Errorf("at first: %q, %q", full(1), full(2))
	}
	next := o
	next.MaxConns, next.AcceptRate = 2, 10
	commit, err := m.Prepare(next)
	if err != nil || full(2) != model.LimitConnections {
		t.Fatalf("%v, %q before the commit", err, full(2))
	}
	commit()
	if full(2) != "" || full(3) != model.LimitConnections {
		t.Errorf("then: %q, %q", full(2), full(3))
	}
	if s, err := m.Source().Snapshot(t.Context()); err != nil || s.Monitor.MaxConns != 2 || s.Monitor.AcceptRate != 10 {
		t.Errorf("%+v, %v", s.Monitor, err)
	}
	next.MaxConns = -1
	if commit, err := m.Prepare(next); commit != nil || err == nil {
		t.Errorf("%v", err)
	}
}

// A rate that stays is not given its burst anew by a reload.
func TestReloadKeepsTheRate(t *testing.T) {
	o := Options{AcceptRate: 10, Logger: slog.New(slog.DiscardHandler)}
	m := New(o)
	admitted := 0
	for range 20 {
		if limit, _ := m.full(hub.Sizes{All: 1, FromOrigin: 1, Network: -1}); limit == "" {
			admitted++
		}
		o.MaxConns++
		commit, err := m.Prepare(o)
		if err != nil {
			t.Fatal(err)
		}
		commit()
	}
	if admitted > 3 {
		t.Errorf("%d of 20 were admitted at once", admitted)
	}
}

// Without a command around it, a monitor reads the files anew that its options name.
func TestReloadWithoutACommand(t *testing.T) {
	m := New(Options{MaxConns: 3, Logger: slog.New(slog.DiscardHandler)})
	if r := m.Reload(model.ByAPI); r.Error != "" || len(r.Changed)+len(r.Kept) != 0 || r.By != model.ByAPI {
		t.Errorf("%+v", r)
	}
	events, err := m.Source().Events(t.Context(), 0)
	if err != nil || !slices.ContainsFunc(events, func(e model.Event) bool { return e.Type == model.ConfigReloaded && e.Reload.By == model.ByAPI }) {
		t.Errorf("%v, %v", events, err)
	}
	m.OnReload(func() model.Reload { return model.Reload{Error: "no"} })
	if _, err := m.Source().Reload(t.Context()); model.ErrorCode(err) != model.BadSettings || err.Error() != "no" {
		t.Errorf("%v", err)
	}
	if r := m.Source().Figures().Reloads; r.Done != 1 || r.Failed != 1 || r.InForce || r.Last.IsZero() {
		t.Errorf("%+v", r)
	}
	readOnly := New(Options{ReadOnly: true, Logger: slog.New(slog.DiscardHandler)})
	if _, err := readOnly.Source().Reload(t.Context()); err != nil { // otherwise there would be no way back
		t.Errorf("%v", err)
	}
}

// A monitor that is only to show from now on refuses the commands that it took before.
func TestReloadToReadOnly(t *testing.T) {
	o := Options{Logger: slog.New(slog.DiscardHandler)}
	m := New(o)
	if err := m.Source().MayChange(); err != nil {
		t.Error(err)
	}
	o.ReadOnly = true
	commit, err := m.Prepare(o)
	if err != nil {
		t.Fatal(err)
	}
	commit()
	s, _ := m.Source().Snapshot(t.Context())
	if err := m.Source().MayChange(); model.ErrorCode(err) != model.Forbidden || !s.Monitor.ReadOnly {
		t.Errorf("%v, %+v", err, s.Monitor)
	}
}

// A reload by which the admin plane loses its token says so. A plane that other machines can reach does not lose it, wherever
// its listener is from.
func TestReloadWithoutToken(t *testing.T) {
	for _, c := range []struct {
		listen  string
		refused bool
	}{{"127.0.0.1:0", false}, {":0", true}} {
		l, err := net.Listen("tcp", c.listen)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		o := Options{Admin: "127.0.0.1:7071", Token: "s3cret", Logger: slog.New(slog.DiscardHandler)}
		m := New(o)
		if err := m.Door().Inherit(l); err != nil {
			t.Fatal(err)
		}
		if err := m.Door().Listen(); err != nil {
			t.Fatal(err)
		}
		m.OnReload(func() model.Reload {
			next := o
			next.Token = ""
			commit, err := m.Prepare(next)
			if err != nil {
				return model.Reload{Error: err.Error()}
			}
			commit()
			return model.Reload{}
		})
		r := m.Reload(model.BySignal)
		if (r.Error != "") != c.refused || strings.Contains(r.Warning, "no token") == c.refused {
			t.Errorf("%s: %+v", c.listen, r)
		}
		if r = m.Reload(model.BySignal); r.Warning != "" {
			t.Errorf("%s: told again: %+v", c.listen, r)
		}
	}
}
