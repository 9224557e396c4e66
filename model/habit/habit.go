package habit

import (
	"math"
	"math/bits"
	"time"

	"holter/model"
)

// Way is a direction in which data goes.
type Way uint8

const (
	In  Way = iota // from the client
	Out            // to the client
	ways
)

// Reading is what one direction of a connection shows at a look.
type Reading struct {
	Last  model.Instant // when the last message ended, 0 before the first
	Pause time.Duration // the longest pause between two messages that ended since the look before
	Alive bool          // bytes have come since Last from the end that sends these, and the connection is well
}

// Habit is the learned rhythm of one connection. The zero Habit knows nothing yet.
type Habit struct {
	path   *Path // in whose counts it is, nil if it is in none
	looked model.Instant
	since  model.Instant // the owner was late last: a quiet before that proves nothing
	ways   [ways]way

	// The finding.
	kind kind
	of   Way
	calm uint8 // looks in a row at which data came as usual, since a stretch
}

type kind uint8

const (
	none      kind = iota
	stopped        // no data for too long
	stretched      // the messages of a page come a minute apart
)

// way is the habit of one direction. Pauses are in milliseconds.
type way struct {
	usual   uint32 // the mean of the longest pauses
	longest uint32 // of them, slowly forgotten
	seen    uint8  // looks with data, at most math.MaxUint8
	minutes uint8  // pauses in a row of about a minute
	grade   uint8  // of the limit, as Path counts it; 0 while there is none
	quiet   bool   // counted as quiet
	spared  uint8  // looks until a long pause may again not be learned
	sparing uint8  // the grade of the pause that was not
	beyond  bool   // no data for longer than the limit, at the look before
}

const (
	// steadyLooks are those with data after which a rhythm can be a habit: ten minutes at the default interval. One that
	// wavers needs the more.
	steadyLooks   = 120
	knownLooks    = 30 // on a path that is known to have such streams
	waveringLooks = math.MaxUint8
	// A rhythm is steady if the longest pause is at most half as long again as the usual one, and it wavers if the
	// longest is at most four times that. The longest pauses of messages that come at random are five to six times.
	wavering = 4
	// A stream has stopped after three times its longest pause and a look, or five times if it wavers.
	steadyTimes   = 3
	waveringTimes = 5
	// The longest pause of a habit. What wavers and is slower is most likely a conversation.
	slowest         = 2 * time.Minute
	slowestWavering = 30 * time.Second

	hiccup = 150 * time.Millisecond
	forget = 256 // looks with data after which two thirds of a long pause are forgotten

	// A hidden tab runs its timers about once a minute. Only a rhythm that is clearly faster shows that.
	aboutMinute = 2 * time.Second
	fasterThan  = 40 * time.Second
	fewMinutes  = 3
	calmAfter   = 2  // looks at which data comes as usual that end a stretch
	spareAgain  = 30 // looks with data from one long pause that is not learned to the next
	// anotherScale is how many grades a pause is above another that is four times shorter.
	anotherScale = 8
)

// Due reports whether it is time for another look. between is that from one look to the next, more or less.
func (h *Habit) Due(now model.Instant, between time.Duration) bool {
	return time.Duration(now-h.looked) >= between*3/4
}

// Look learns from the readings of both directions, and returns what is found. path is that of the connection, and page
// says that a browser is the client. late is when the owner was late itself for the last time. A connection that is not on a
// path finds nothing.
func (h *Habit) Look(now model.Instant, between time.Duration, path *Path, read [ways]Reading, page bool, late model.Instant) model.Stream {
	h.join(path)
	before := h.looked
	h.looked, h.since = now, max(h.since, late)
	if path == nil {
		return model.Stream{}
	}
	candidate := [ways]bool{}
	for i := range h.ways {
		w, r := &h.ways[i], &read[i]
		stays := h.kind == stopped && h.of == Way(i) && r.Last <= before // only data ends a stop
		if late > before && !stays {
			w.beyond = false
			r.Pause = min(r.Pause, time.Duration(w.longest)*time.Millisecond) // the rest of it may be our own
		}
		if r.Last > before {
			h.heed(Way(i), r, w.limit(between, path.known(Way(i))), page, now)
		}
		limit := w.limit(between, path.known(Way(i)))
		quiet := time.Duration(now - max(r.Last, h.since))
		if stays {
			quiet = time.Duration(now - r.Last)
		}
		path.count(Way(i), w, limit, quiet)
		beyond := stays || limit > 0 && quiet > limit
		if beyond && !w.beyond {
			path.stops(Way(i), now, between)
		}
		candidate[i] = beyond && w.beyond && (r.Alive || stays) && h.allowed(Way(i), now, quiet, limit, between, page)
		w.beyond = beyond
	}
	back := h.conclude(now, candidate, read)
	s := h.Found(now, read, page)
	s.Back = back
	return s
}

// join makes the counts of path those in which h is.
func (h *Habit) join(path *Path) {
	if h.path == path {
		return
	}
	h.Leave()
	h.path = path
}

// Leave takes h out of the counts of its path. The connection has ended, or has another path now.
func (h *Habit) Leave() {
	if h.path == nil {
		return
	}
	for i := range h.ways {
		h.path.count(Way(i), &h.ways[i], 0, 0)
	}
	h.path = nil
}

// heed learns from a look at which data had come.
func (h *Habit) heed(i Way, r *Reading, limit time.Duration, page bool, now model.Instant) {
	w := &h.ways[i]
	longest := time.Duration(w.longest) * time.Millisecond
	page = page && i == In && limit > 0 && longest < fasterThan
	switch minute := (r.Pause - time.Minute).Abs() <= aboutMinute; {
	case page && minute:
		w.minutes, w.spared, h.calm = min(w.minutes+1, math.MaxUint8-1), 0, 0
		if w.minutes >= fewMinutes || h.kind == stopped && h.of == i {
			h.kind, h.of = stretched, i
		}
		return
	case page && w.spares(r.Pause) && r.Pause > longest*5/4 && r.Pause < 2*time.Minute:
		// It may be the time from the last usual message to the first of the throttled ones.
		w.spared, w.sparing = spareAgain, gradeOf(r.Pause)
		return
	case h.kind == stretched && h.of == i && r.Pause <= longest*5/4:
		if h.calm++; h.calm < calmAfter {
			return
		}
	}
	if h.kind == stretched && h.of == i {
		h.kind, h.calm = none, 0
	}
	w.minutes, w.spared = 0, max(w.spared, 1)-1
	w.learn(uint32(min(r.Pause/time.Millisecond, math.MaxUint32)))
	if w.beyond && !page {
		h.path.returned(i, r.Pause, now)
	}
}

// spares reports whether a long pause need not be learned: none was spared lately, or one of another scale. The timers of a hidden
// tab run once a second before they run once a minute.
func (w *way) spares(pause time.Duration) bool {
	return w.spared == 0 || gradeOf(pause) >= w.sparing+anotherScale
}

// learn takes in the longest pause of a look.
func (w *way) learn(pause uint32) {
	if w.seen < math.MaxUint8 {
		w.seen++
	}
	if pause >= w.longest {
		w.longest = pause
	} else {
		w.longest -= (w.longest - pause + forget - 1) / forget
	}
	off := int64(pause) - int64(w.usual)
	w.usual = min(uint32(int64(w.usual)+off/int64(min(w.seen, 16))), w.longest) // small differences do not move it
}

// limit returns after how long a quiet the stream has stopped, 0 while there is no habit. known says that its path has many
// with a habit.
func (w *way) limit(between time.Duration, known bool) time.Duration {
	looks := uint8(steadyLooks)
	if known {
		looks = knownLooks
	}
	usual, longest := time.Duration(w.usual)*time.Millisecond, time.Duration(w.longest)*time.Millisecond
	usual += max(between/8, hiccup) // or those of a fast stream would make it waver
	switch {
	case w.seen < looks || longest > slowest:
		return 0
	case 2*longest <= 3*usual:
		return steadyTimes*longest + between
	case w.seen >= waveringLooks && longest <= min(wavering*usual, slowestWavering):
		return waveringTimes*longest + between
	}
	return 0
}

// allowed reports whether a quiet beyond the limit may be called a stop: the path does not share it, and it is no habit
// of the path. A page is hidden whatever others have done before.
func (h *Habit) allowed(i Way, now model.Instant, quiet, limit, between time.Duration, page bool) bool {
	w := &h.path.ways[i]
	h.path.mu.Lock()
	defer h.path.mu.Unlock()
	return w.flowsOn(h.ways[i].grade, quiet, limit, between) && (page && i == In || !w.habitual(now, quiet))
}

// conclude finds what has stopped. It returns how long the quiet was if one has just ended.
func (h *Habit) conclude(now model.Instant, candidate [ways]bool, read [ways]Reading) (back time.Duration) {
	was := h.kind
	if h.kind == stopped && !candidate[h.of] {
		h.kind = none
		if !h.ways[h.of].beyond {
			back = read[h.of].Pause
		}
	}
	if h.kind == none {
		for i, c := range candidate {
			// What answers the other stops with it, and later: the one that stopped first is at fault.
			if c && (h.kind == none || read[i].Last < read[h.of].Last) {
				h.kind, h.of = stopped, Way(i)
			}
		}
	}
	if was == stopped && h.kind != none {
		back = 0
	}
	return back
}

// Found returns what the last look has found, with the figures of now.
func (h *Habit) Found(now model.Instant, read [ways]Reading, page bool) (s model.Stream) {
	if h.kind == none || h.path == nil {
		return s
	}
	w := &h.ways[h.of]
	s.Sent, s.Page = h.of == Out, page && h.of == In
	s.Usual, s.Longest = time.Duration(w.usual)*time.Millisecond, time.Duration(w.longest)*time.Millisecond
	if h.kind == stopped {
		s.Quiet = time.Duration(now - read[h.of].Last)
		s.Others, s.Flowing = h.path.others(h.of, w)
	} else {
		s.Minutes = int(w.minutes)
	}
	return s
}

// gradeOf returns the grade of a limit. There are four to an octave, from a quarter of a second to an hour.
func gradeOf(limit time.Duration) uint8 {
	ms := uint64(max(limit/time.Millisecond, 1))
	n := max(bits.Len64(ms)-1, 2)
	return uint8(max(1, min(4*(n-7)+int(ms>>(n-2)&3), grades-1)))
}
