package tui

import (
	"time"

	"holter/model"
)

// refreshed is the one message of a refresh: the picture, and the detail if one is open.
type refreshed struct {
	picture *picture // nil if err is set
	detail  *inspected
	took    time.Duration // to get the picture, without the pause before
	err     error
}

// rearranged is the last snapshot in another arrangement.
type rearranged struct{ picture *picture }

// inspected is the detail of one connection.
type inspected struct {
	id     model.ID
	detail model.Detail
	err    error
}

// happened are the events since the last such message.
type happened struct {
	events []model.Event
	first  bool // of this screen: what was dropped before it nobody here has missed
	err    error
}

// kicked is the answer to a kick.
type kicked struct {
	label    string // who it was about
	how      string // what was sent
	asked, n int    // how many were to be kicked, and were
	err      error
}

// told is the answer to anything else: what was done, or what could not be done.
type told struct {
	what, done string
	err        error
}
