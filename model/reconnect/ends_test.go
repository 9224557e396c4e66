package reconnect

import (
	"slices"
	"testing"
)

// What each client did with each close code and each refusal, when it was tried.
func TestWhatEndsKnownClients(t *testing.T) {
	codes := []int{1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3499, 3500,
		3501, 3999, 4000, 4001, 4003, 4100, 4200, 4400, 4401, 4403, 4429, 4499, 4500, 4999}
	tried := map[string]bool{"grpc": true}
	for preset, want := range map[string]struct {
		codes, reasoned []int // that end it
		first, later    bool  // refusals end it
	}{
		"socketio":   {},
		"phoenix":    {},
		"signalr":    {first: true},
		"centrifugo": {codes: []int{1009}, reasoned: []int{1009, 3500, 3501, 3999, 4500, 4999}},
		"holter":     {codes: []int{1000, 1002, 1003, 1007, 1008, 1009, 1010}, reasoned: []int{1000, 1002, 1003, 1007, 1008, 1009, 1010}},
		"graphql-ws": {
			codes:    []int{1002, 1003, 1007, 1008, 1009, 1010, 1011, 4400, 4401, 4429, 4500},
			reasoned: []int{1002, 1003, 1007, 1008, 1009, 1010, 1011, 4400, 4401, 4429, 4500}, first: true, later: true,
		},
		"homeassistant": {first: true}, "nats": {first: true},
		"reconnecting-websocket": {}, "reconnectingwebsocket": {}, "react-use-websocket": {}, "stomp": {}, "mqtt": {}, "actioncable": {}, "autobahn": {},
	} {
		tried[preset] = true
		ends := FindPreset(preset).Ends
		for _, code := range codes {
			for reasoned, list := range map[bool][]int{false: want.codes, true: want.reasoned} {
				if got, want := ends.AtClose(code, reasoned), slices.Contains(list, code); got != want {
					t.Errorf("%s, close %d, with a reason %t: ends %t, want %t", preset, code, reasoned, got, want)
				}
			}
		}
		for _, status := range []int{0, 200, 301, 302, 400, 401, 403, 404, 405, 410, 426, 429, 500, 501, 502, 503, 504} {
			if first, later := ends.AtRefusal(status, false), ends.AtRefusal(status, true); first != want.first || later != want.later {
				t.Errorf("%s, status %d: ends %t, and later %t; want %t and %t", preset, status, first, later, want.first, want.later)
			}
		}
	}
	for _, c := range KnownClients {
		if (c.Ends.Tried != "") != tried[c.Preset] {
			t.Errorf("%s was tried on %q: what it did is missing here", c.Preset, c.Ends.Tried)
		}
	}
}

func TestEndsInWords(t *testing.T) {
	for _, test := range []struct {
		ends Ends
		want string
	}{
		{Ends{}, "nothing"},
		{Ends{Codes: PoliteCodes}, "close 1000, 1002–1003, 1007–1010"},
		{Ends{Codes: []Range{{1009, 1009}}, Reasoned: []Range{{3500, 3999}}}, "close 1009; 3500–3999 with a reason"},
		{Ends{Refusals: AnyFailure, First: true}, "a failed first attempt"},
		{Ends{Refusals: []Range{{400, 499}}}, "a refusal with 400–499"},
	} {
		if got := test.ends.String(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
