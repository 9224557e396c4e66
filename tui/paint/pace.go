package paint

import "time"

const (
	enough   = 4 << 10          // bytes that tell how fast a line is; it takes some 2 KiB at a time
	inALine  = 16 << 10         // bytes that wait in a line when it is full; a pseudo-terminal of Linux has room for 12 KiB
	episode  = 10 * time.Second // after which it may be another line
	paceFor  = time.Minute      // how long a line is believed to be slow
	ahead    = 100 * time.Millisecond
	mostRest = 10 * time.Second
)

// pace is how much time a slow line needs. What lies between it and the program holds many pictures before a write waits, and
// a key would be answered only behind all of them. So once writes have waited, no picture is begun before the line has passed
// on nearly all that it has.
//
// How fast the line is can be seen only while it is full: it takes no more than it passes on. A terminal that takes nothing for
// a while, and then everything, is no slow line.
type pace struct {
	full   time.Time     // when the line was full, zero if it was not lately
	since  int           // bytes that it took after that
	last   time.Time     // when it was last full
	byByte time.Duration // that the line needs for a byte, 0 if it is not known
	until  time.Time     // this is believed
	waits  time.Duration // that the line needs for what it has
	at     time.Time     // when that was so
}

// took says that the line took n bytes, and whether it is full now.
func (p *pace) took(n int, full bool, now time.Time) {
	p.since += n
	p.waits = p.left(now) + time.Duration(n)*p.byByte
	p.at = now
	if !full {
		return
	}
	switch {
	case now.Sub(p.last) > episode:
		p.full, p.since = now, 0
	case p.since >= enough:
		p.byByte = now.Sub(p.full) * 5 / 4 / time.Duration(p.since) // a quarter more, or an error would fill the line again
		p.until = now.Add(paceFor)
		p.full, p.since = now, 0
	}
	p.last = now
	p.waits = inALine * p.byByte
}

// left is how long the line still needs.
func (p *pace) left(now time.Time) time.Duration { return max(0, p.waits-now.Sub(p.at)) }

// rest is how long to write nothing.
func (p *pace) rest(now time.Time) time.Duration {
	if now.After(p.until) {
		return 0
	}
	return min(max(0, p.left(now)-ahead), mostRest)
}

// limit is how many bytes of a picture to write at once, 0 for any number: those of about half a second, so that a key is
// answered before the rest of a picture that it makes obsolete.
func (p *pace) limit(now time.Time) int {
	if p.byByte == 0 || now.After(p.until) {
		return 0
	}
	return max(together, int(time.Second/2/p.byByte))
}
