package server

import (
	"cmp"
	"context"
	"time"

	"holter/model"
	"holter/model/reload"
)

// Prepare makes m ready for new options while it runs: see package reload. Of these, m takes the fields with the tag `reload`, and
// reads the files anew that the options name. The other fields must be as before.
func (m *Monitor) Prepare(next Options) (reload.Commit, error) {
	next = next.withDefaults()
	if err := cmp.Or(m.invalid, next.Validate()); err != nil {
		return nil, err
	}
	steps := []reload.Step{reload.Of(&m.limits, next), reload.Of(m.alerts, next.Alerts)}
	if m.admin != nil {
		steps = append(steps, reload.Of(m.admin, next.plane()))
	}
	commit, err := reload.All(steps...)
	if err != nil {
		return nil, err
	}
	return func() {
		commit()
		m.options.Store(&next)
	}, nil
}

// OnReload sets what Reload does: a function that reads the settings from where they are written, has Prepare check them, and
// puts them in force. Without one, Reload reads again the files that the options name. OnReload comes before Run.
func (m *Monitor) OnReload(f func() model.Reload) { m.reload = f }

// Reloads counts the reloads of a monitor.
type Reloads struct {
	Done, Failed uint64
	InForce      bool      // the settings are in force as they are written: the last reload did not fail
	Last         time.Time // when the settings that are in force were read
}

// with returns the counts with one more reload, which began at a time.
func (r Reloads) with(one *model.Reload, began time.Time) *Reloads {
	if r.InForce = one.Error == ""; r.InForce {
		r.Done++
		r.Last = began
	} else {
		r.Failed++
	}
	return &r
}

// Reload reads the settings anew, and publishes what came of it. Only one reload runs at a time.
func (m *Monitor) Reload(by model.Reloader) model.Reload {
	m.reloading.Lock()
	defer m.reloading.Unlock()
	began, locked := time.Now(), m.options.Load().plane().Locked()
	r := m.reload()
	if locked && !m.options.Load().plane().Locked() {
		r.Warning = "the admin plane asks for no token any more: all who can reach it get in"
	}
	r.By, r.Took = by, time.Since(began)
	m.reloads.Store(m.reloads.Load().with(&r, began))
	m.hub.Publish(model.Event{Time: time.Now(), Type: model.ConfigReloaded, Reload: &r})
	return r
}

// reread reads the files anew that the options name.
func (m *Monitor) reread() model.Reload {
	commit, err := m.Prepare(*m.options.Load())
	if err != nil {
		return model.Reload{Error: err.Error()}
	}
	commit()
	return model.Reload{}
}

// Reload is Monitor.Reload for the admin plane. The error says why nothing has changed. It is no command, and never forbidden:
// it takes over what its operator has written, and is the way back from read-only.
func (s Source) Reload(context.Context) (model.Reload, error) {
	r := s.monitor.Reload(model.ByAPI)
	if r.Error != "" {
		return r, model.Errorf(model.BadSettings, "%s", r.Error)
	}
	return r, nil
}
