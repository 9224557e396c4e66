package tui

import (
	"strings"
	"testing"

	"holter/model"
)

func TestEveryCauseHasAMeaning(t *testing.T) {
	for _, cause := range model.Causes {
		if causeHelp[cause] == "" {
			t.Errorf("causeHelp lacks %s", cause)
		}
	}
	if len(causeHelp) != len(model.Causes) {
		t.Errorf("causeHelp has %d causes, and model.Causes has %d", len(causeHelp), len(model.Causes))
	}
}

// TestCausesAreReadWithTheirMeaning is about a terminal without room for the sentence.
func TestCausesAreReadWithTheirMeaning(t *testing.T) {
	for cause, meaning := range causeHelp {
		conns := ward(2)
		conns[0].State, conns[0].Side = model.Suspect, model.UpstreamSide
		conns[0].Diagnosis = model.Diagnosis{Cause: cause, Detail: strings.Repeat("What was seen. ", 8)}
		s := newScreen(t, newFake(conns...), 120, 30)
		if got := strings.TrimSpace(s.line("demo-0001")); !strings.HasSuffix(got, string(cause)+"  "+meaning) {
			t.Errorf("%s: %q", cause, got)
		}
	}
}

func TestEndingIsRead(t *testing.T) {
	conns := ward(2)
	conns[0].State = model.Closed
	conns[0].Close = &model.Close{Code: 1006, Reason: "connection lost: connection reset by peer", By: model.ByNetwork, At: noon}
	newScreen(t, newFake(conns...), 200, 60).line("network 1006 connection lost: connection reset by peer")
	newScreen(t, newFake(conns...), 120, 30).line("- network connection reset by peer")
	conns[0].Close.Reason = "end of stream without a close frame"
	newScreen(t, newFake(conns...), 120, 30).line("- network end of stream without a")
}

func TestSentenceIsReadWhole(t *testing.T) {
	conns := ward(4)
	conns[3].Diagnosis = model.Diagnosis{Cause: model.CauseNoPong, Detail: "Data came in 27 ms ago, but none of 7 pings was answered."}
	newScreen(t, newFake(conns...), 200, 60).line("no-pong  Data came in 27 ms ago, but none of 7 pings was answered.")
	newScreen(t, newFake(conns...), 120, 30).line("no-pong  data comes, pongs do not")
	newScreen(t, newFake(conns...), 80, 24).line("no-pong")
}
