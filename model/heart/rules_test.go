package heart

import (
	"testing"
	"time"

	"holter/model"
)

func TestDiagnose(t *testing.T) {
	const s = time.Second
	tests := []struct {
		name string
		e    model.Evidence
		want model.Diagnosis
	}{
		{"well", model.Evidence{State: model.Normal, Ponged: true, Silence: 3 * s}, model.Diagnosis{}},
		{"closed", model.Evidence{State: model.Closed, Missed: 1, PingAge: s}, model.Diagnosis{}},
		{"one beat missed", model.Evidence{State: model.Normal, Missed: 1, PingAge: s}, model.Diagnosis{}},
		{"holter was late, before all else", model.Evidence{State: model.Failed, Late: 312 * ms, PingAge: 3 * s},
			model.Diagnosis{Cause: model.CauseHostBusy, Detail: "holter itself was late by 312 ms, so the ping on its way then proves nothing."}},
		{"never a pong", model.Evidence{State: model.Normal, Missed: 3, Unanswered: 3, Silence: 40 * ms},
			model.Diagnosis{Cause: model.CauseNoPong, Detail: "Data came in, but none of 3 pings was ever answered."}},
		{"never a pong, back from suspicion", model.Evidence{State: model.Normal, Missed: 4, Unanswered: 5, Gap: 3 * s},
			model.Diagnosis{Cause: model.CauseNoPong, Detail: "Data came in, but none of 5 pings was ever answered."}},
		{"no pong yet", model.Evidence{State: model.Normal, Missed: 2}, model.Diagnosis{}},
		{"no pong any more", model.Evidence{State: model.Normal, Missed: 9, Unanswered: 9, Silence: 40 * ms, Ponged: true},
			model.Diagnosis{Cause: model.CauseNoPong, Detail: "Data came in, but none of 9 pings since the last pong was answered."}},
		{"no pong while it was silent", model.Evidence{State: model.Normal, Missed: 9, Gap: 40 * time.Second, Ponged: true},
			model.Diagnosis{Cause: model.CauseJitter, Detail: "Nothing came in for 40.0 s; it recovered by itself."}},
		{"no pong just now", model.Evidence{State: model.Normal, Missed: 2, Unanswered: 2, Ponged: true}, model.Diagnosis{}},
		{"the peer's frames are lost, before all else", model.Evidence{State: model.Suspect, LostIn: true, Late: 312 * ms},
			model.Diagnosis{Cause: model.CauseFramesLost, Detail: "The bytes from the peer make no WebSocket frames: holter passes them on, and neither pings nor judges here any more."}},
		{"the application's frames are lost", model.Evidence{State: model.Normal, LostOut: true, Missed: 9},
			model.Diagnosis{Cause: model.CauseFramesLost, Detail: "The bytes to the peer make no WebSocket frames: holter passes them on, and neither pings nor judges here any more."}},
		{"all frames are lost", model.Evidence{State: model.Normal, LostIn: true, LostOut: true},
			model.Diagnosis{Cause: model.CauseFramesLost, Detail: "The bytes in both directions make no WebSocket frames: holter passes them on, and neither pings nor judges here any more."}},
		{"late answer", model.Evidence{State: model.Normal, Ponged: true, LateAnswer: 2100 * ms, Timeout: 502 * ms, Gap: 6 * s},
			model.Diagnosis{Cause: model.CauseJitter, Detail: "An answer took 2.1 s where 502 ms was expected at most; it came by itself."}},
		{"back without an answer", model.Evidence{State: model.Normal, Ponged: true, Gap: 6240 * ms},
			model.Diagnosis{Cause: model.CauseJitter, Detail: "Nothing came in for 6.2 s; it recovered by itself."}},
		{"pongs come back", model.Evidence{State: model.Normal, Ponged: true, Skipped: 9},
			model.Diagnosis{Cause: model.CauseJitter, Detail: "9 beats in a row had no answer, while data came in; the pongs came back by themselves."}},
		{"suspect", model.Evidence{State: model.Suspect, PingAge: 510 * ms},
			model.Diagnosis{Cause: model.CauseUnknown, Detail: "No answer to a ping came within 510 ms; nothing else came in either."}},
		{"suspect, and the kernel tells nothing", model.Evidence{State: model.Suspect, PingAge: 510 * ms, Kernel: model.Kernel{Missing: model.MissingSystem}},
			model.Diagnosis{Cause: model.CauseUnknown, Detail: "No answer to a ping came within 510 ms; nothing else came in either. Why cannot be told: this system does not tell what its kernel knows of a connection."}},
		{"silent, and there is no socket", model.Evidence{State: model.Suspect, Silence: 70 * s, Kernel: model.Kernel{Missing: model.MissingSocket}},
			model.Diagnosis{Cause: model.CauseUnknown, Detail: "Nothing had come in for 70.0 s. Why cannot be told: there is no TCP socket below this connection that the kernel could tell of."}},
		{"an old kernel does not tell whether the ping was sent", model.Evidence{State: model.Suspect, PingAge: 510 * ms, Kernel: model.Kernel{Known: true, Lacks: model.LackNotSent}},
			model.Diagnosis{Cause: model.CauseUnknown, Detail: "No answer to a ping came within 510 ms; nothing else came in either. Why cannot be told: this kernel does not tell what waits to be sent."}},
		{"not acknowledged, where the last acknowledgement is not told", model.Evidence{State: model.Suspect, PingAge: 700 * ms, Kernel: model.Kernel{Known: true, Unacked: 2, Retransmitted: 1, RTO: 204 * ms, Lacks: model.LackLastAck}},
			model.Diagnosis{Cause: model.CausePathDown, Detail: "A ping was not even acknowledged by the peer's kernel within 700 ms (unacknowledged segments: 2, sent again: 1): the path is down."}},
		{"probing", model.Evidence{State: model.Suspect, PingAge: 1100 * ms, Probes: 1},
			model.Diagnosis{Cause: model.CauseUnknown, Detail: "No answer to a ping came within 1.1 s, nor to 1 probe; nothing else came in either."}},
		{"failed", model.Evidence{State: model.Failed, PingAge: 5700 * ms, Probes: 3, Missed: 1},
			model.Diagnosis{Cause: model.CauseUnknown, Detail: "No answer to a ping came within 5.7 s, nor to 3 probes; nothing else came in either."}},
		{"silent by its own rhythm", model.Evidence{State: model.Suspect, Silence: 12400 * ms, PeerInterval: 5 * s},
			model.Diagnosis{Cause: model.CauseUnknown, Detail: "Nothing had come in for 12.4 s; its own beats used to come every 5.0 s."}},
		{"silent from the start", model.Evidence{State: model.Suspect, Silence: 70 * s},
			model.Diagnosis{Cause: model.CauseUnknown, Detail: "Nothing had come in for 70.0 s."}},
		{"not acknowledged", model.Evidence{State: model.Suspect, PingAge: 700 * ms, Kernel: model.Kernel{Known: true, Unacked: 2, Retransmitted: 1, RTO: 204 * ms, LastAck: 3 * s}},
			model.Diagnosis{Cause: model.CausePathDown, Detail: "A ping was not even acknowledged by the peer's kernel within 700 ms; by then nothing had come from that kernel for 3.0 s (unacknowledged segments: 2, sent again: 1): the path is down."}},
		{"not acknowledged yet", model.Evidence{State: model.Suspect, PingAge: 700 * ms, Kernel: model.Kernel{Known: true, Unacked: 1, RTO: 900 * ms}},
			model.Diagnosis{Cause: model.CauseUnknown, Detail: "No answer to a ping came within 700 ms; nothing else came in either."}},
		{"acknowledged", model.Evidence{State: model.Failed, PingAge: 5700 * ms, Probes: 3, Kernel: model.Kernel{Known: true, RTO: 204 * ms}},
			model.Diagnosis{Cause: model.CausePeerStalled, Detail: "A ping (and 3 probes since) was acknowledged by the peer's kernel, but no pong came within 5.7 s: its process does not answer, or what is behind a proxy is gone."}},
		{"acknowledged, and well", model.Evidence{State: model.Normal, PingAge: 100 * ms, Ponged: true, Kernel: model.Kernel{Known: true}}, model.Diagnosis{}},
		{"the application does not read", model.Evidence{State: model.Normal, PingAge: 3 * s, Unread: true, Kernel: model.Kernel{Known: true, Unread: 162_000}},
			model.Diagnosis{Cause: model.CauseAppNotReading, Detail: "162.0 kB from the peer wait in our own socket: the application does not read." + readOn}},
		{"the application waits in a write and so does not read", model.Evidence{State: model.Suspect, PingAge: 3 * s, Unread: true, Untaken: 2 * s, Kernel: model.Kernel{Known: true, Unread: 162_000, NotSent: 3_500_000, Writing: true}},
			model.Diagnosis{Cause: model.CauseBackpressure, Detail: "The peer has taken nothing for 2.0 s, 3.5 MB wait to be sent, and a write of the application waits."}},
		{"a ping in the queue was not acknowledged", model.Evidence{State: model.Suspect, PingAge: 3 * s, Kernel: model.Kernel{Known: true, NotSent: 3_500_000}},
			model.Diagnosis{Cause: model.CauseUnknown, Detail: "No answer to a ping came within 3.0 s; nothing else came in either."}},
		{"what is written piles up on a dead path", model.Evidence{State: model.Suspect, PingAge: 3 * s, Kernel: model.Kernel{Known: true, Unacked: 1, NotSent: 42, RTO: 204 * ms, Writing: true}},
			model.Diagnosis{Cause: model.CausePathDown, Detail: "A ping was not even acknowledged by the peer's kernel within 3.0 s; by then nothing had come from that kernel for 0 ms (unacknowledged segments: 1, sent again: 0): the path is down."}},
		{"behind a message of the peer's", model.Evidence{State: model.Normal, PingAge: 6200 * ms, Backlog: model.Backlog{Incoming: 52_400_000}},
			model.Diagnosis{Cause: model.CausePingBehindData, Detail: "No pong came within 6.2 s, but the peer is sending a message of 52.4 MB, and no pong has a place in the middle of it: late, not dead." + inPieces}},
		{"behind messages to the peer, although nothing is acknowledged in time", model.Evidence{State: model.Suspect, PingAge: 6200 * ms, Kernel: model.Kernel{Known: true, Unacked: 9}, Backlog: model.Backlog{Queued: 2_100_000, Taking: true}},
			model.Diagnosis{Cause: model.CausePingBehindData, Detail: "No pong came within 6.2 s, but the ping stands behind data that the peer takes more of all the time (2.1 MB are under way): late, not dead." + inPieces}},
		{"not written yet, for a message", model.Evidence{State: model.Normal, Kept: 6200 * ms, Backlog: model.Backlog{Queued: 2_100_000, Taking: true}},
			model.Diagnosis{Cause: model.CausePingBehindData, Detail: "A ping has waited for 6.2 s behind a message to the peer, which takes more of it all the time (2.1 MB are under way): late, not dead." + inPieces}},
		{"behind a message until now", model.Evidence{State: model.Normal, LateAnswer: 12300 * ms, Backlog: model.Backlog{Passed: true}},
			model.Diagnosis{Cause: model.CausePingBehindData, Detail: "A pong came 12.3 s after its ping: one of them had to wait behind a large message, and the peer was well meanwhile." + inPieces}},
		{"behind a message that nobody takes", model.Evidence{State: model.Suspect, PingAge: 700 * ms, Kernel: model.Kernel{Known: true, Unacked: 9, RTO: 204 * ms}, Backlog: model.Backlog{Queued: 2_100_000}},
			model.Diagnosis{Cause: model.CausePathDown, Detail: "A ping was not even acknowledged by the peer's kernel within 700 ms; by then nothing had come from that kernel for 0 ms (unacknowledged segments: 9, sent again: 0): the path is down."}},
		{"a stream from the upstream stopped", model.Evidence{State: model.Normal, Proxied: true, Side: model.UpstreamSide, Stream: model.Stream{Quiet: 41 * s, Usual: s, Longest: 1200 * ms, Sent: true, Pong: 23 * ms, Others: 13, Flowing: 12}},
			model.Diagnosis{Cause: model.CauseStreamStalled, Detail: "No data has come from the upstream for 41.0 s, where pauses are usually 1.0 s and at most 1.2 s, while pongs come on time (the last took 23 ms) and 12 of 13 other streams on this path flow on. Look at what makes this data: a subscription that has ended, a producer that waits, an error that was not logged."}},
		{"a page's messages stopped", model.Evidence{State: model.Normal, Stream: model.Stream{Quiet: 41 * s, Usual: s, Longest: 1200 * ms, Page: true, Pong: 300 * time.Microsecond}},
			model.Diagnosis{Cause: model.CausePageThrottled, Detail: "The page has sent nothing for 41.0 s, where its pauses are usually 1.0 s and at most 1.2 s, while pongs come on time (the last took 0.3 ms): the browser answers pings, but the page's script does not run, as in a hidden, frozen or stuck tab." + aboutPages}},
		{"a page's messages by the minute", model.Evidence{State: model.Normal, Stream: model.Stream{Minutes: 3, Usual: 25 * s, Longest: 26 * s, Page: true}},
			model.Diagnosis{Cause: model.CausePageThrottled, Detail: "The page's messages come about a minute apart (3 in a row), where its pauses are usually 25.0 s and at most 26.0 s, while other bytes come as before: the browser runs the timers of a hidden tab once a minute." + aboutPages}},
		{"a stream came back", model.Evidence{State: model.Normal, Stream: model.Stream{Back: 41 * s}},
			model.Diagnosis{Cause: model.CauseJitter, Detail: "No data came for 41.0 s, against its habit; it came back by itself."}},
		{"a stream of a suspect stopped", model.Evidence{State: model.Suspect, PingAge: 510 * ms, Stream: model.Stream{Quiet: 41 * s, Usual: s, Longest: s}},
			model.Diagnosis{Cause: model.CauseUnknown, Detail: "No answer to a ping came within 510 ms; nothing else came in either."}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := diagnose(&test.e); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}
