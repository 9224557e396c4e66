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
	readOnly bool
}

var errReadOnly = model.Errorf(model.Forbidden, "this holter was started with --read-only: it shows, and changes nothing")

// MayChange returns the error that every command fails with, nil if they are allowed.
func (s Source) MayChange() error {
	if s.readOnly {
		return errReadOnly
	}
	return nil
}

// Snapshot is Hub.Snapshot.
func (s Source) Snapshot(ctx context.Context) (model.Snapshot, error) {
	now, err := s.Hub.Snapshot(ctx)
	now.Monitor.ReadOnly = s.readOnly
	return now, err
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

// Recall is Hub.Recall.
func (s Source) Recall(ctx context.Context, id string) error {
	if err := s.MayChange(); err != nil {
		return err
	}
	return s.Hub.Recall(ctx, id)
}
