package model

// Beat is the result of one beat in one byte, for a strip of them in a table. The low four bits are its kind, which
// tells how near it came to the timeout. The high ones are the height of its spike, which compares the round trip with
// the other round trips of the same connection.
type Beat uint8

// Kinds of beats. One from 1 to FullBeat was answered within that many eighths of the timeout.
const (
	NoBeat     Beat = 0 // not yet
	FullBeat   Beat = 8
	MissedBeat Beat = 9  // not answered
	LateBeat   Beat = 10 // answered after the timeout
	ProbeBeat  Beat = 11 // not answered either: a probe after a missed beat
)

// Heights of beats are from 1 to MostHeight.
const (
	UsualHeight = 4 // what the connection is used to: see heart.Heart.Strip
	MostHeight  = 8
)

// Raised returns b with a height of its spike.
func (b Beat) Raised(height int) Beat { return b.Kind() | Beat(min(max(height, 1), MostHeight))<<4 }

// Kind returns b without its height.
func (b Beat) Kind() Beat { return b & 15 }

// Answered reports whether b was answered in time.
func (b Beat) Answered() bool { return b.Kind() != NoBeat && b.Kind() <= FullBeat }

// Lost reports whether b has had no answer at all.
func (b Beat) Lost() bool { return b.Kind() == MissedBeat || b.Kind() == ProbeBeat }

// Height returns the height of b's spike, 0 if b was not answered in time. The height of one that has come without is
// its kind: a holter of an earlier version tells only that.
func (b Beat) Height() int {
	switch {
	case !b.Answered():
		return 0
	case b>>4 == 0:
		return int(b)
	}
	return int(min(b>>4, MostHeight))
}

// Strip is the newest beats of a connection, oldest first, with NoBeat in front where there are fewer.
type Strip [24]Beat
