package api

import (
	"fmt"
	"time"
)

const (
	usualPause   = 250 * time.Millisecond // between two pictures
	longestPause = 20 * time.Second

	lagging = 2 * time.Second // the age from which a picture is late
	calm    = 20              // after this many quick pictures in a row, pictures may come more often
)

// slowLine is the rate below which a line is slow, in bytes a second before they are packed. Even a machine that is busy
// with reading reads faster.
const slowLine = 8e6

// pace decides how often pictures come. The other holter keeps at most one picture under way, but it does not see the
// pictures that a tunnel or a proxy holds. If there are many of those, pictures come late. Then the reader asks anew,
// which drops all of them, and asks for fewer pictures.
type pace struct {
	pause   time.Duration
	squeeze bool // ask for all pictures compressed
	quick   int  // pictures in a row that came quickly
}

// began judges the line by the first picture, which was compressed. took is the time in which it came in.
func (p *pace) began(bytes int, took time.Duration) {
	p.squeeze = slow(bytes, took, 50*time.Millisecond)
}

// midway judges the line by a part of a picture. It reports whether to ask anew for compressed pictures. The other
// holter compresses only if it has to wait, so it does not notice a slow line behind a tunnel that accepts everything.
func (p *pace) midway(bytes int, took time.Duration) (anew bool) {
	if p.squeeze || !slow(bytes, took, 500*time.Millisecond) {
		return false
	}
	p.squeeze = true
	return true
}

// slow reports whether bytes came in slowly. A time up to longest is never slow.
func slow(bytes int, took, longest time.Duration) bool {
	return took > longest && float64(bytes)/took.Seconds() < slowLine
}

// judge adjusts the pace to a picture: age is how old it was when it was complete, took is the time in which it came in.
// It reports whether to ask anew.
func (p *pace) judge(age, took time.Duration) (anew bool) {
	switch {
	case age > lagging && age > 2*took+lagging/4: // other pictures were on the way before it
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

// path returns the path of the stream.
func (p *pace) path() string {
	return fmt.Sprintf("/api/v1/snapshots?every_ms=%d", p.pause.Milliseconds())
}

// accept returns the Accept-Encoding for the stream. Without squeeze the other holter chooses.
func (p *pace) accept() string {
	if p.squeeze {
		return "gzip, identity;q=0"
	}
	return "gzip"
}
