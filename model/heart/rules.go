package heart

import (
	"fmt"
	"strings"
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
	{model.CausePingBehindData, pingBehindData, writePingBehindData},
	{model.CausePathDown, pathDown, writePathDown},
	{model.CauseNoPong, noPong, writeNoPong},
	{model.CausePeerStalled, peerStalled, writePeerStalled},
	{model.CauseStreamStalled, streamStalled, writeStreamStalled},
	{model.CausePageThrottled, pageThrottled, writePageThrottled},
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

func pingHostile(e *model.Evidence) bool { return (e.Killed > 0 || e.Spared) && !e.Unsure }

// perhapsHostile holds where a silence may have been what killed.
func perhapsHostile(e *model.Evidence) bool { return (e.Killed > 0 || e.Spared) && e.Unsure }

func writePerhapsHostile(e *model.Evidence) string {
	if e.Spared {
		return "A peer of this kind was reset when a ping came after a silence: it hung up on the ping, or something on the way forgets silent connections. holter sends none here, and judges nothing."
	}
	return fmt.Sprintf("The connection was reset %s after the first ping, which came after %s of silence: the peer hung up on the ping, or something on the way had forgotten the connection.",
		span(e.Killed), span(e.Silence))
}

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
	return e.State == model.Normal && (e.Untaken > 0 || e.Gap > 0 || e.LateAnswer > 0 || e.Skipped > 0 || e.Stream.Back > 0)
}

func writeJitter(e *model.Evidence) string {
	if e.Untaken > 0 {
		return fmt.Sprintf("%s took nothing for %s; it recovered by itself.", sentence(peer(e)), span(e.Untaken))
	}
	if e.LateAnswer > 0 {
		return fmt.Sprintf("An answer took %s where %s was expected at most; it came by itself.",
			span(e.LateAnswer), span(e.Timeout))
	}
	if e.Stream.Back > 0 {
		return fmt.Sprintf("No data came for %s, against its habit; it came back by itself.", span(e.Stream.Back))
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

// untaken holds if the peer takes nothing of what waits for it. The same evidence is backpressure from a client and
// app-not-reading of an upstream.
func untaken(e *model.Evidence) bool {
	return e.State.Trouble() && e.Untaken > 0 && takesNothing(&e.Kernel)
}

func isUpstream(e *model.Evidence) bool { return e.Proxied && e.Side == model.UpstreamSide }

// peer names the other end in a sentence.
func peer(e *model.Evidence) string {
	if e.Proxied {
		return "the " + e.Side.String()
	}
	return "the peer"
}

// beyond names the other side of a proxy.
func beyond(e *model.Evidence) string {
	if isUpstream(e) {
		return "the client"
	}
	return "the upstream"
}

func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// backpressure holds for a client that takes nothing, and for an upstream whose bytes wait behind that client.
func backpressure(e *model.Evidence) bool {
	if isUpstream(e) {
		return e.Unread && e.Beyond > 0
	}
	return untaken(e)
}

func writeBackpressure(e *model.Evidence) string {
	if isUpstream(e) {
		return writeHeldUp(e)
	}
	return writeUntaken(e) + "."
}

// writeUntaken is a sentence without its end.
func writeUntaken(e *model.Evidence) string {
	k := &e.Kernel
	text := fmt.Sprintf("%s has taken nothing for %s", sentence(peer(e)), span(e.Untaken))
	if k.WindowShut {
		text += ", its window is shut"
	}
	if k.NotSent > 0 {
		text += fmt.Sprintf(", %s wait to be sent", size(k.NotSent))
	}
	if k.Writing && e.Proxied {
		text += ", and what " + beyond(e) + " sends waits behind them"
	} else if k.Writing {
		text += ", and a write of the application waits"
	}
	return text
}

// writeHeldUp explains the side of a proxy that waits for the other.
func writeHeldUp(e *model.Evidence) string {
	return fmt.Sprintf("%s from %s wait in our own socket, because %s has taken nothing for %s: that side is at fault.",
		sentence(waiting(e)), peer(e), beyond(e), span(e.Beyond))
}

func waiting(e *model.Evidence) string {
	if e.Kernel.Unread == 0 {
		return "bytes"
	}
	return size(e.Kernel.Unread)
}

func appNotReading(e *model.Evidence) bool { return e.Unread || isUpstream(e) && untaken(e) }

func writeAppNotReading(e *model.Evidence) string {
	switch {
	case !e.Unread:
		return writeUntaken(e) + ": its application does not read." + readOn
	case e.Beyond > 0:
		return writeHeldUp(e)
	case e.Proxied:
		return fmt.Sprintf("%s from %s wait in our own socket: they are not passed on.", sentence(waiting(e)), peer(e))
	}
	return fmt.Sprintf("%s from the peer wait in our own socket: the application does not read.", sentence(waiting(e))) + readOn
}

// readOn is what to do about an application that does not read.
const readOn = " Let it read all the time, and work elsewhere; look for what it waits for between two reads."

func pingBehindData(e *model.Evidence) bool {
	b := &e.Backlog
	return b.Incoming > 0 || b.Taking || b.Passed
}

// inPieces is what to do about a beat that waits behind data.
const inPieces = " Send long messages in fragments, between which there is room for a beat, or over a connection of their own."

func writePingBehindData(e *model.Evidence) string {
	b := &e.Backlog
	switch {
	case b.Passed:
		return fmt.Sprintf("A pong came %s after its ping: one of them had to wait behind a large message, and the peer was well meanwhile.", span(e.LateAnswer)) + inPieces
	case b.Incoming > 0:
		return fmt.Sprintf("No pong came within %s, but the peer is sending a message of %s, and no pong has a place in the middle of it: late, not dead.", span(e.PingAge), size(b.Incoming)) + inPieces
	case e.Kept > 0:
		return fmt.Sprintf("A ping has waited for %s behind a message to the peer, which takes more of it all the time (%s are under way): late, not dead.", span(e.Kept), size(b.Queued)) + inPieces
	}
	return fmt.Sprintf("No pong came within %s, but the ping stands behind data that the peer takes more of all the time (%s are under way): late, not dead.", span(e.PingAge), size(b.Queued)) + inPieces
}

func pathDown(e *model.Evidence) bool {
	k := &e.Kernel
	return e.State.Trouble() && k.Known && (k.Unacked > 0 && e.PingAge > k.RTO || windowProbesLost(k))
}

func writePathDown(e *model.Evidence) string {
	k := &e.Kernel
	if windowProbesLost(k) {
		return fmt.Sprintf("%d probes that our kernel sent to %s's kernel went unanswered; by then nothing had come from that kernel for %s: the path is down.",
			k.WindowProbes, peer(e), span(k.LastAck))
	}
	if k.Lacks&model.LackLastAck != 0 {
		return fmt.Sprintf("A ping%s was not even acknowledged by %s's kernel within %s (unacknowledged segments: %d, sent again: %d): the path is down.",
			andProbes(e.Probes), peer(e), span(e.PingAge), k.Unacked, k.Retransmitted)
	}
	return fmt.Sprintf("A ping%s was not even acknowledged by %s's kernel within %s; by then nothing had come from that kernel for %s (unacknowledged segments: %d, sent again: %d): the path is down.",
		andProbes(e.Probes), peer(e), span(e.PingAge), span(k.LastAck), k.Unacked, k.Retransmitted)
}

func peerStalled(e *model.Evidence) bool {
	k := &e.Kernel
	return e.State.Trouble() && k.Known && k.Lacks&model.LackNotSent == 0 && k.Unacked == 0 && k.NotSent == 0 && e.PingAge > 0
}

// A proxy that ends TCP acknowledges for the peers behind it.
func writePeerStalled(e *model.Evidence) string {
	return fmt.Sprintf("A ping%s was acknowledged by %s's kernel, but no pong came within %s: its process does not answer, or what is behind a proxy is gone.",
		andProbes(e.Probes), peer(e), span(e.PingAge))
}

func inTrouble(e *model.Evidence) bool { return e.State.Trouble() || perhapsHostile(e) }

func writeUnknown(e *model.Evidence) string {
	if perhapsHostile(e) {
		return writePerhapsHostile(e)
	}
	if e.PingAge == 0 {
		return fmt.Sprintf("Nothing had come in for %s%s.", span(e.Silence), ownBeats(e.PeerInterval)) + missing(&e.Kernel)
	}
	return fmt.Sprintf("No answer to a ping came within %s%s; nothing else came in either.", span(e.PingAge), probesToo(e.Probes)) + missing(&e.Kernel)
}

// missing is a sentence about evidence that is missing, with the blank before it.
func missing(k *model.Kernel) string {
	switch {
	case k.Missing != model.MissingNothing:
		return " Why cannot be told: " + k.Missing.Words() + "."
	case k.Lacks&model.LackNotSent != 0:
		return " Why cannot be told: this kernel does not tell what waits to be sent."
	}
	return ""
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
