package server

import (
	"context"
	"time"

	"holter/model"
	"holter/server/hub"
)

// Source gives the screen and the admin plane of a monitor their data, and carries out their commands. With
// Options.ReadOnly every command fails with model.Forbidden.
type Source struct {
	*hub.Hub
	monitor *Monitor
}

var errReadOnly = model.Errorf(model.Forbidden, "this holter is read-only (--read-only): it shows, and changes nothing")

// MayChange returns the error that every command fails with, nil if they are allowed.
func (s Source) MayChange() error {
	if s.monitor.options.Load().ReadOnly {
		return errReadOnly
	}
	return nil
}

// Snapshot is Hub.Snapshot, with the services and the alerts.
func (s Source) Snapshot(ctx context.Context) (model.Snapshot, error) {
	now, err := s.monitor.judged(ctx)
	now.Alerts = s.monitor.alerts.Alerts()
	return now, err
}

// Figures are those of the hub, with the services and the alerts.
type Figures struct {
	*hub.Figures
	Services []model.Service
	// Beyond is how many reports of services were turned away for want of room.
	Beyond  uint64
	Alerts  []model.Alert
	Reloads Reloads
}

// Figures are what metrics show beside what an observer counts. That costs much less than a Snapshot.
func (s Source) Figures() *Figures {
	services, beyond := s.monitor.services.Snapshot()
	return &Figures{Figures: s.Hub.Figures(), Services: services, Beyond: beyond, Alerts: s.monitor.alerts.Alerts(), Reloads: *s.monitor.reloads.Load()}
}

// Alerts is all that is known of alerts: the rules too, and where they are sent to.
func (s Source) Alerts(context.Context) (model.AlertBook, error) { return s.monitor.alerts.Book(), nil }

// OrderAlert acknowledges or silences alerts, and returns how many. The error is Invalid, NotFound or Gone.
func (s Source) OrderAlert(_ context.Context, o model.AlertOrder) (int, error) {
	if err := s.MayChange(); err != nil {
		return 0, err
	}
	return s.monitor.alerts.Carry(o)
}

// Kick is Hub.Kick.
func (s Source) Kick(ctx context.Context, k model.Kick) (int, error) {
	if err := s.MayChange(); err != nil {
		return 0, err
	}
	return s.Hub.Kick(ctx, k)
}

// SetFaults is Hub.SetFaults.
func (s Source) SetFaults(ctx context.Context, o model.FaultOrder) (int, error) {
	if err := s.MayChange(); err != nil {
		return 0, err
	}
	return s.Hub.SetFaults(ctx, o)
}

// Refuse is Hub.Refuse.
func (s Source) Refuse(ctx context.Context, length time.Duration) error {
	if err := s.MayChange(); err != nil {
		return err
	}
	return s.Hub.Refuse(ctx, length)
}

// Dismiss is Hub.Dismiss.
func (s Source) Dismiss(ctx context.Context, id string) error {
	if err := s.MayChange(); err != nil {
		return err
	}
	return s.Hub.Dismiss(ctx, id)
}

// Heartbeat is services.Registry.Heartbeat. It is a report and no command, so it is never forbidden.
func (s Source) Heartbeat(b model.Heartbeat) (model.Service, error) {
	return s.monitor.services.Heartbeat(b)
}

// Goodbye is services.Registry.Goodbye. It is a report too.
func (s Source) Goodbye(id string) (model.Service, error) { return s.monitor.services.Goodbye(id) }

// Service is services.Registry.Service.
func (s Source) Service(id string) (model.Service, []model.Sample, error) {
	return s.monitor.services.Service(id)
}

// Recall is Hub.Recall.
func (s Source) Recall(ctx context.Context, id string) error {
	if err := s.MayChange(); err != nil {
		return err
	}
	return s.Hub.Recall(ctx, id)
}
