package heart

import (
	"fmt"
	"time"

	"holter/model"
)

// rule is one cause: whether the evidence shows it, and the sentence that explains it. The sentence is written once and may
// be read much later, so the times in it are lengths up to the verdict, and nothing in it is "ago".
type rule struct {
	cause model.Cause
	holds func(*model.Evidence) bool
	write func(*model.Evidence) string
}

// rules are one for each of model.Causes, in the same order. The first that holds wins, so that a deeper cause hides
// the symptoms below it.
var rules = [len(model.Causes)]rule{
	{model.CauseFramesLost, framesLost, writeFramesLost},
	{model.CausePingHostile, pingHostile, writePingHostile},
	{model.CauseHostBusy, hostBusy, writeHostBusy},
	{model.CauseBackpressure, backpressure, writeBackpressure}, // first: an echo handler stuck in its write leaves bytes unread too
	{model.CauseAppNotReading, appNotReading, writeAppNotReading},
	{model.CausePathDown, pathDown, writePathDown},
	{model.CauseNoPong, noPong, writeNoPong},
	{model.CausePeerStalled, peerStalled, writePeerStalled},
	{model.CauseJitter, jitter, writeJitter},
	{model.CauseUnknown, inTrouble, writeUnknown},
}

// diagnose applies the first rule that holds. It returns the zero Diagnosis if none does.
func diagnose(e *model.Evidence) model.Diagnosis {
	for i := range rules {
		if r := &rules[i]; r.holds(e) {
			return model.Diagnosis{Cause: r.cause, Detail: r.write(e)}
		}
	}
	return model.Diagnosis{}
}

func framesLost(e *model.Evidence) bool { return e.LostIn || e.LostOut }

func writeFramesLost(e *model.Evidence) string {
	if e.Tunnel {
		return "The answer to the upgrade does not begin a WebSocket: holter passes the bytes on, and neither pings nor judges here."
	}
	bytes := "The bytes in both directions"
	switch {
	case !e.LostOut:
		bytes = "The bytes from the peer"
	case !e.LostIn:
		bytes = "The bytes to the peer"
	}
	return bytes + " make no WebSocket frames: holter passes them on, and neither pings nor judges here any more."
}

func pingHostile(e *model.Evidence) bool { return e.Killed > 0 || e.Spared }

func writePingHostile(e *model.Evidence) string {
	if e.Spared {
		return "An earlier peer of this kind hung up right after a ping: holter sends none here, and judges nothing."
	}
	return fmt.Sprintf("The peer hung up %s after the first ping, which it never answered: holter sends no more pings to peers of this kind.", span(e.Killed))
}

func hostBusy(e *model.Evidence) bool { return e.Late > 0 }

func writeHostBusy(e *model.Evidence) string {
	return fmt.Sprintf("holter itself was late by %s, so the ping on its way then proves nothing.", span(e.Late))
}

func jitter(e *model.Evidence) bool {
	return e.State == model.Normal && (e.Gap > 0 || e.LateAnswer > 0 || e.Skipped > 0)
}

func writeJitter(e *model.Evidence) string {
	if e.LateAnswer > 0 {
		return fmt.Sprintf("An answer took %s where %s was expected at most; it came by itself.",
			span(e.LateAnswer), span(e.Timeout))
	}
	if e.Skipped > 0 {
		return fmt.Sprintf("%d beats in a row had no answer, while data came in; the pongs came back by themselves.", e.Skipped)
	}
	return fmt.Sprintf("Nothing came in for %s; it recovered by itself.", span(e.Gap))
}

// noPongBeats is the number of beats in a row without an answer that show a peer which does not answer pings.
const noPongBeats = 3

func noPong(e *model.Evidence) bool {
	if e.State != model.Normal {
		return false
	}
	return e.Mute || e.Missed >= noPongBeats && (e.Gap == 0 || !e.Ponged)
}

func writeNoPong(e *model.Evidence) string {
	if e.Ponged {
		return fmt.Sprintf("Data came in, but none of %d pings since the last pong was answered.", e.Unanswered)
	}
	return fmt.Sprintf("Data came in, but none of %d pings was ever answered.", e.Unanswered)
}

// backpressure holds if all that was sent is acknowledged. That distinguishes it from a dead path, on which
// written bytes pile up as well.
func backpressure(e *model.Evidence) bool {
	k := &e.Kernel
	return k.Known && k.Writing && (e.Unread || e.Kept > 0 || e.State.Trouble()) && (k.WindowShut || k.NotSent > 0 && k.Unacked == 0)
}

func writeBackpressure(e *model.Evidence) string {
	return fmt.Sprintf("The peer takes nothing more: %s wait to be sent, and a write of the application waits for them.",
		size(e.Kernel.NotSent))
}

func appNotReading(e *model.Evidence) bool { return e.Unread }

func writeAppNotReading(e *model.Evidence) string {
	if e.Kernel.Unread == 0 {
		return "Bytes from the peer wait in our own socket: the application does not read."
	}
	return fmt.Sprintf("%s from the peer wait in our own socket: the application does not read.", size(e.Kernel.Unread))
}

func pathDown(e *model.Evidence) bool {
	k := &e.Kernel
	return e.State.Trouble() && k.Known && k.Unacked > 0 && e.PingAge > k.RTO
}

func writePathDown(e *model.Evidence) string {
	k := &e.Kernel
	return fmt.Sprintf("A ping%s was not even acknowledged by the peer's kernel within %s; by then nothing had come from that kernel for %s (unacknowledged segments: %d, sent again: %d): the path is down.",
		andProbes(e.Probes), span(e.PingAge), span(k.LastAck), k.Unacked, k.Retransmitted)
}

func peerStalled(e *model.Evidence) bool {
	return e.State.Trouble() && e.Kernel.Known && e.Kernel.Unacked == 0 && e.PingAge > 0
}

// A proxy that ends TCP acknowledges for the peers behind it.
func writePeerStalled(e *model.Evidence) string {
	return fmt.Sprintf("A ping%s was acknowledged by the peer's kernel, but no pong came within %s: its process does not answer, or what is behind a proxy is gone.",
		andProbes(e.Probes), span(e.PingAge))
}

func inTrouble(e *model.Evidence) bool { return e.State.Trouble() }

func writeUnknown(e *model.Evidence) string {
	if e.PingAge == 0 {
		return fmt.Sprintf("Nothing had come in for %s%s.", span(e.Silence), ownBeats(e.PeerInterval))
	}
	return fmt.Sprintf("No answer to a ping came within %s%s; nothing else came in either.", span(e.PingAge), probesToo(e.Probes))
}

func ownBeats(interval time.Duration) string {
	if interval == 0 {
		return ""
	}
	return fmt.Sprintf("; its own beats used to come every %s", span(interval))
}

func andProbes(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return " (and 1 probe since)"
	}
	return fmt.Sprintf(" (and %d probes since)", n)
}

// size writes a number of bytes for a sentence: "512 bytes", "3.5 MB".
func size(n int) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

func probesToo(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", nor to 1 probe"
	}
	return fmt.Sprintf(", nor to %d probes", n)
}

// span writes a duration for a sentence: "340 ms", "5.7 s".
func span(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
