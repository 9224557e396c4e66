package model

import (
	"fmt"
	"time"
)

// Cause is the reason for a connection's state, as far as the evidence goes. The empty cause means
// that nothing is wrong.
type Cause string

const (
	CauseUnknown  Cause = "unknown"
	CauseHostBusy Cause = "host-busy" // holter or the machine was late itself
	CauseNoPong   Cause = "no-pong"   // data flows, but no pong has ever come
	CauseJitter   Cause = "jitter"    // a late answer; recovered by itself
)

// Diagnosis is a cause and one sentence that names its evidence.
type Diagnosis struct {
	Cause  Cause
	Detail string
}

// rule is one cause: whether the evidence shows it, and the sentence that says how.
type rule struct {
	cause Cause
	holds func(*Evidence) bool
	tell  func(*Evidence) string
}

// rules in the order of judging: the first that holds wins, so a deeper cause silences the
// shallower ones below it.
var rules = [...]rule{
	{CauseHostBusy, hostBusy, tellHostBusy},
	{CauseNoPong, noPong, tellNoPong},
	{CauseJitter, jitter, tellJitter},
	{CauseUnknown, inTrouble, tellUnknown},
}

// diagnose finds the first rule that holds. The zero Diagnosis says that nothing is wrong.
func diagnose(e *Evidence) Diagnosis {
	for i := range rules {
		if r := &rules[i]; r.holds(e) {
			return Diagnosis{Cause: r.cause, Detail: r.tell(e)}
		}
	}
	return Diagnosis{}
}

func hostBusy(e *Evidence) bool { return e.Late > 0 }

func tellHostBusy(e *Evidence) string {
	return fmt.Sprintf("holter itself was late by %s, so the ping on its way then proves nothing.", span(e.Late))
}

func jitter(e *Evidence) bool { return e.State == Normal && (e.Gap > 0 || e.LateAnswer > 0) }

func tellJitter(e *Evidence) string {
	if e.LateAnswer > 0 {
		return fmt.Sprintf("An answer took %s where %s was expected at most; it came by itself.",
			span(e.LateAnswer), span(e.Timeout))
	}
	return fmt.Sprintf("Nothing came in for %s; it recovered by itself.", span(e.Gap))
}

// noPongBeats without any answer show that the peer does not answer pings at all.
const noPongBeats = 3

func noPong(e *Evidence) bool {
	return e.State == Normal && !e.Ponged && e.Missed >= noPongBeats
}

func tellNoPong(e *Evidence) string {
	return fmt.Sprintf("Data came in %s ago, but none of %d pings was ever answered.", span(e.Silence), e.Unanswered)
}

func inTrouble(e *Evidence) bool { return e.State.Trouble() }

func tellUnknown(e *Evidence) string {
	if e.PingAge == 0 {
		return fmt.Sprintf("Nothing came in for %s%s.", span(e.Silence), ownBeats(e.PeerInterval))
	}
	return fmt.Sprintf("No answer to the ping of %s ago%s; nothing else came in either.", span(e.PingAge), probesToo(e.Probes))
}

func ownBeats(interval time.Duration) string {
	if interval == 0 {
		return ""
	}
	return fmt.Sprintf("; its own beats used to come every %s", span(interval))
}

func probesToo(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return " nor to 1 probe"
	}
	return fmt.Sprintf(" nor to %d probes", n)
}

// span writes a duration for a sentence: "340 ms", "5.7 s".
func span(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
