package heart

import (
	"time"

	"holter/model"
)

// Evidence returns the evidence at now. The present diagnosis may rest on earlier evidence.
func (h *Heart) Evidence(now model.Instant, late *Lateness, p Peer) model.Evidence {
	e := h.fullEvidence(now, p.Heard(), p)
	if e.Unread = e.Kernel.Unread > 0; !e.Kernel.Known {
		e.Unread = p.Unread()
	}
	if h.jam.judged() {
		e.Untaken = time.Duration(now - h.jam.since)
	}
	if e.Unread {
		e.Beyond = p.Beyond(now)
	}
	e.Late = late.since(max(h.sent, h.heard)) // the connection may have opened since the lateness
	return e
}

func (h *Heart) evidence(now, heard model.Instant) model.Evidence {
	proxied, side := h.place()
	return model.Evidence{
		State:        h.state,
		Silence:      time.Duration(now - max(heard, h.heard)),
		PingAge:      h.pingAge(now),
		Timeout:      h.patience(),
		Unanswered:   int(h.written - min(h.answered, h.written)),
		Probes:       h.probesSent(),
		Missed:       int(h.missed),
		Ponged:       h.answered > 0,
		Mute:         h.mute,
		PeerInterval: h.peer.interval(),
		Kept:         h.kept(now),
		LostIn:       h.lostIn,
		LostOut:      h.lostOut,
		Tunnel:       h.tunnel,
		Spared:       h.spared != notSpared,
		Unsure:       h.spared == sparedPerhaps,
		Proxied:      proxied,
		Side:         side,
	}
}

// fullEvidence is evidence with what the kernel knows, which costs system calls.
func (h *Heart) fullEvidence(now, heard model.Instant, p Peer) model.Evidence {
	e := h.evidence(now, heard)
	e.Kernel = p.Kernel()
	return e
}

func (h *Heart) pingAge(now model.Instant) time.Duration {
	switch {
	case h.answered >= h.written:
		return 0
	case h.voided == h.written:
		return time.Duration(now - h.sent)
	}
	return time.Duration(now - h.open)
}

func (h *Heart) probesSent() int {
	if h.state == model.Suspect && !h.waiting && h.probe > 0 {
		return int(h.probe) - 1
	}
	return int(h.probe)
}

// Diagnosis returns what is wrong and what shows it, or the zero Diagnosis if nothing is wrong. The diagnosis of
// trouble that is over stays for a while.
func (h *Heart) Diagnosis() model.Diagnosis {
	if h.diagnosis == nil {
		return model.Diagnosis{}
	}
	return *h.diagnosis
}

// calmBeats is the number of beats without trouble that end a diagnosis: a minute at the default interval.
const calmBeats = 12

func (h *Heart) diagnose(e *model.Evidence) {
	h.calm, h.diagnosis = 0, nil
	d := diagnose(e)
	if d.Cause != "" {
		h.diagnosis = &d
	}
	if d.Cause == model.CauseNoPong {
		h.voided = h.written // a peer that does not answer at all has no late answers either
	}
}

// settle counts a beat without trouble.
func (h *Heart) settle() {
	if h.diagnosis == nil || h.state != model.Normal {
		return
	}
	if h.calm++; h.calm >= calmBeats {
		h.calm, h.diagnosis = 0, nil
	}
}
