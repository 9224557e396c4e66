package tui

import (
	"context"
	"time"

	"holter/model"
)

// Source is all that the screen knows of where its picture comes from: a monitor in this process,
// or one behind an admin plane. Its methods may wait and are called from commands only, never from
// Update or View.
//
// Errors are sentences for the message line. An error of Snapshot means that there is no newer picture for now, with
// the code model.Unavailable if there is no answer; the screen keeps the last picture and asks again. The sequence
// numbers of events only grow, even when the monitor behind the source is restarted.
type Source interface {
	// Snapshot is the whole picture now. The caller may keep and change it.
	Snapshot(ctx context.Context) (model.Snapshot, error)
	// Detail is one connection, with a model.NotFound error once it is forgotten.
	Detail(ctx context.Context, id model.ID) (model.Detail, error)
	// Events returns the events with a Seq above after, oldest first, and waits until there is one. If some were
	// lost since then, one model.Dropped event in front counts them.
	Events(ctx context.Context, after uint64) ([]model.Event, error)
	// Kick ends connections and returns how many. It returns an error as well if some of several were gone
	// already.
	Kick(ctx context.Context, k model.Kick) (int, error)
	// SetFaults replaces the faults of connections and returns of how many. Like Kick, it may succeed for some and
	// return an error as well.
	SetFaults(ctx context.Context, o model.FaultOrder) (int, error)
	// Refuse refuses upgrades for the given time from now on; 0 accepts them again.
	Refuse(ctx context.Context, length time.Duration) error
}
