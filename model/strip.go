package model

// Beat is the result of one beat in one byte, for a strip of them in a table.
type Beat uint8

// A Beat from 1 to FullBeat was answered within that many eighths of the timeout.
const (
	NoBeat     Beat = 0 // not yet
	FullBeat   Beat = 8
	MissedBeat Beat = 9  // not answered
	LateBeat   Beat = 10 // answered after the timeout
)

// Strip is the newest beats of a connection, oldest first, with NoBeat in front where there are fewer.
type Strip [24]Beat
