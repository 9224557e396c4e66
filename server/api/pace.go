package api

import (
	"fmt"
	"time"
)

const (
	usualPause   = 250 * time.Millisecond // between two pictures
	longestPause = 20 * time.Second

	lagging = 2 * time.Second // the age from which a picture is late
	calm    = 20              // pictures in a row that came quickly, after which they may come more often
)

// slowLine is the rate, in bytes a second before they are packed, below which a line is slow. A machine that is busy with
// reading what it gets is quicker.
const slowLine = 8e6

// pace is how often pictures are asked for. The other holter has one picture under way at most, as far as it can tell: it
// does not see what a tunnel or a proxy holds, which may be many. Then they come late, and all of them are thrown away by
// asking anew, for as few as the line takes.
type pace struct {
	pause   time.Duration
	squeeze bool // have all compressed
	quick   int  // pictures in a row that came quickly
}

// began judges the line by how the first picture came in, which was compressed.
func (p *pace) began(bytes int, took time.Duration) {
	p.squeeze = slow(bytes, took, 50*time.Millisecond)
}

// midway judges the line by a part of a picture. It reports whether to ask anew, for all to be compressed: the other
// holter, which compresses when it has to wait, does not see a slow line behind a tunnel that takes everything.
func (p *pace) midway(bytes int, took time.Duration) (anew bool) {
	if p.squeeze || !slow(bytes, took, 500*time.Millisecond) {
		return false
	}
	p.squeeze = true
	return true
}

// slow reports whether bytes came in slowly, and took longer than is worth a word.
func slow(bytes int, took, longest time.Duration) bool {
	return took > longest && float64(bytes)/took.Seconds() < slowLine
}

// judge takes in how old a picture was when it was there, and how long it took to come in. It reports whether to ask anew.
func (p *pace) judge(age, took time.Duration) (anew bool) {
	switch {
	case age > lagging && age > 2*took+lagging/4: // others were on the way before it
		p.pause, p.squeeze, p.quick = min(max(2*p.pause, took*3/2), longestPause), true, 0
		return true
	case p.pause == usualPause || took > p.pause/8:
		p.quick = 0
	case p.quick < calm:
		p.quick++
	default:
		p.pause, p.quick = max(p.pause/2, usualPause), 0
		return true
	}
	return false
}

// path is that of the stream.
func (p *pace) path() string {
	return fmt.Sprintf("/api/v1/snapshots?every_ms=%d", p.pause.Milliseconds())
}

// accept is the Accept-Encoding for the stream: the other holter may choose, or not.
func (p *pace) accept() string {
	if p.squeeze {
		return "gzip, identity;q=0"
	}
	return "gzip"
}
