package heart

import (
	"time"

	"holter/model"
)

// jam is what is known of a peer that may take nothing of what waits for it: its window is shut, or our kernel holds
// bytes for it although all that it sent is acknowledged. A ping waits in the same queue as the data, so its missing answer
// proves nothing, and probes would prove nothing either. What counts instead is whether the peer takes any of the bytes: one
// that has taken none for its timeout is suspect. It stays so until it takes them again, and no probe makes it fail.
type jam struct {
	since model.Instant // the peer has taken nothing; 0 while it is not judged for that
	took  model.Instant // the peer took something last
	look  model.Instant // when to look again
	moves uint8         // looks in a row at which it had taken something
}

const (
	// movesToRecover is the number of looks in a row at which the peer has taken something that end a suspicion. One is
	// not enough: a consumer that takes a little from time to time would be suspected again and again.
	movesToRecover = 3
	// probesOfKernel is the number of the kernel's own probes of a shut window without any acknowledgement that show a path
	// which is down. A peer that is merely slow has a kernel that answers them.
	probesOfKernel = 3
)

// judged reports whether the peer is suspect because it takes nothing.
func (j *jam) judged() bool { return j != nil && j.since != 0 }

// next returns when to look again.
func (j *jam) next() model.Instant {
	if j == nil {
		return never
	}
	return j.look
}

// jammed judges at now whether the peer takes what waits for it. It reports whether that settles the matter: then there
// is nothing else to judge.
func (h *Heart) jammed(now, heard model.Instant, overdue bool, p Peer) bool {
	since := p.Untaken(now, overdue || h.jam != nil || h.asked != h.written)
	switch {
	case h.jam.judged():
		h.watch(now, since, heard, p)
		return true
	case since == 0 || h.state != model.Normal:
		h.jam = nil
		return false
	}
	e := h.fullEvidence(now, heard, p)
	if !takesNothing(&e.Kernel) {
		h.jam = nil
		return false
	}
	if h.jam == nil {
		h.jam = new(jam)
	}
	if e.Untaken = time.Duration(now - since); e.Untaken >= h.patience() {
		h.block(now, since, heard, &e)
	} else {
		h.jam.look = since + model.Instant(h.patience())
	}
	return true
}

// block begins the suspicion. The ping that waits in the queue will give no sample.
func (h *Heart) block(now, since, heard model.Instant, e *model.Evidence) {
	e.State, _ = h.move(model.NothingTaken)
	h.heard, h.waiting, h.voided = heard, false, h.written
	*h.jam = jam{since: since, took: since, look: now + h.glance()}
	h.diagnose(e)
}

// glance returns the time from one look to the next.
func (h *Heart) glance() model.Instant {
	return model.Instant(max(judgeAgain, h.patience()/2))
}

// watch looks at a peer that is suspect because it took nothing up to since.
func (h *Heart) watch(now, since, heard model.Instant, p Peer) {
	j := h.jam
	j.look = now + h.glance()
	if since > j.took {
		j.took = since
		j.moves++
	} else {
		j.moves = 0
	}
	if since == 0 || j.moves >= movesToRecover {
		h.flow(now)
		return
	}
	e := h.fullEvidence(now, heard, p)
	e.Untaken = time.Duration(now - j.took)
	switch {
	case windowProbesLost(&e.Kernel):
		h.jam = nil
		e.State, _ = h.move(model.ProbesMissed)
		h.diagnose(&e)
	case takesNothing(&e.Kernel): // for longer than was told
		h.diagnose(&e)
	}
}

// flow ends the suspicion at an instant: the peer takes what waits for it.
func (h *Heart) flow(at model.Instant) (from, to model.State, changed bool) {
	since := h.jam.since
	from, h.jam = h.state, nil
	to, changed = h.move(model.Taken)
	h.quiet, h.due = max(h.quiet, at), min(h.due, at)
	e := h.evidence(at, at)
	e.Untaken = time.Duration(at - since)
	h.diagnose(&e)
	return from, to, changed
}

// takesNothing reports whether bytes wait for a peer whose kernel lives and has no room for them. On a dead path bytes
// pile up as well, but there some are not acknowledged.
func takesNothing(k *model.Kernel) bool {
	return k.Known && (k.WindowShut || k.NotSent > 0 && k.Unacked == 0) && !windowProbesLost(k)
}

func windowProbesLost(k *model.Kernel) bool { return k.Known && k.WindowProbes >= probesOfKernel }
