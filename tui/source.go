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
// Errors are sentences for the message line. One of Snapshot says that there is no newer picture for now,
// model.Unavailable if nobody answers: the last one stays, and the source is asked again. The sequence
// numbers of events only grow, also where what is behind the source was started anew.
type Source interface {
	// Snapshot is the whole picture now. The caller may keep and change it.
	Snapshot(ctx context.Context) (model.Snapshot, error)
	// Detail is one connection, with a model.NotFound error once it is forgotten.
	Detail(ctx context.Context, id model.ID) (model.Detail, error)
	// Events are those with a Seq above after, oldest first. It waits until there is one. Those
	// lost since then come as one model.Dropped event in front.
	Events(ctx context.Context, after uint64) ([]model.Event, error)
	// Kick ends connections and answers how many it was about. It may do so and return an error, if some
	// of several were not there any more.
	Kick(ctx context.Context, k model.Kick) (int, error)
	// SetFaults puts faults on connections, in place of those that are on them, and answers on how many. As
	// Kick, it may do so and return an error.
	SetFaults(ctx context.Context, o model.FaultOrder) (int, error)
	// Refuse has upgrades turned away for so long from now on; 0 lets them in again.
	Refuse(ctx context.Context, length time.Duration) error
}
