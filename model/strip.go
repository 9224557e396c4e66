package model

// Beat is how one beat went, in little room: for a strip of them in a table.
type Beat uint8

// From 1 to 8 a beat was answered, after so many eighths of the timeout, rounded up.
const (
	NoBeat     Beat = 0 // not yet
	FullBeat   Beat = 8
	MissedBeat Beat = 9  // unanswered
	LateBeat   Beat = 10 // answered after the timeout
)

// Strip is the newest beats of a connection, oldest first, with NoBeat in front where there are fewer.
type Strip [24]Beat
