//go:build unix

package e2e

import (
	"regexp"
	"testing"
	"time"
)

// walkWithin is how long a newcomer has, from the command to the cause of a dying client.
const walkWithin = 30 * time.Second

var (
	troubleUnderCursor = regexp.MustCompile(`(?m)^▸(◐ suspect|✖ failed) +demo-\d+ `)
	causeInWords       = regexp.MustCompile(`(?m)^ [a-z-]+: (The|A|No|Nothing|Data|\d+) `)
)

// TestNewcomersWalk does what the README of the screen says of a first walk: start the demo, press enter on the first
// client in trouble, read why. The cursor is already on it.
func TestNewcomersWalk(t *testing.T) {
	t.Parallel()
	x := startTmux(t, 120, 36)
	begin := time.Now()
	x.write(t, holter+" --demo 200 --listen 127.0.0.1:0 --admin 127.0.0.1:0")
	x.press(t, "Enter")
	x.shows(t, "a client in trouble under the cursor", troubleUnderCursor.MatchString)
	trouble := time.Since(begin)
	x.press(t, "Enter")
	x.shows(t, "the cause in words", causeInWords.MatchString)
	cause := time.Since(begin)
	x.press(t, "?")
	x.until(t, "suspect: a beat went unanswered")
	x.press(t, "Escape")
	x.shows(t, "the cause again", causeInWords.MatchString)
	t.Logf("in trouble after %v, its cause after %v and one key, the marks explained after another", trouble.Round(time.Second/10), cause.Round(time.Second/10))
	if cause > walkWithin {
		t.Errorf("from the command to the cause it took %v, want %v at most", cause, walkWithin)
	}
}
