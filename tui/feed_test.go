package tui

import (
	"testing"

	"holter/model"
)

// The page of events says who refused a handshake and what mends it, and no more than is known.
func TestRefusalsInWords(t *testing.T) {
	broken := model.Diagnosis{Cause: model.CauseHandshakeBroken, Detail: "no Upgrade: set it"}
	for want, r := range map[string]model.Refusal{
		"refused 10.0.0.1:1: 503 full":                           {Status: 503, Reason: "full"},
		"refused 10.0.0.1:1: 403 no":                             {Status: 403, Reason: "no", By: model.RefusedByHolter},
		"refused 10.0.0.1:1 by upstream: 426 no Upgrade: set it": {Status: 426, Reason: "no", By: model.RefusedByUpstream, Diagnosis: broken},
		"refused 10.0.0.1:1 by client: the connection was reset": {Reason: "the connection was reset", By: model.RefusedByClient},
		"refused 10.0.0.1:1 by net/http: 400 no Upgrade: set it": {Status: 400, Reason: "Bad Request", By: model.RefusedByHTTP, Diagnosis: broken},
	} {
		r.Remote = "10.0.0.1:1"
		it, ok := itemOf(&model.Event{Seq: 1, Type: model.ConnectionRefused, Refusal: &r})
		if !ok || it.text != want {
			t.Errorf("%q, want %q", it.text, want)
		}
	}
}
