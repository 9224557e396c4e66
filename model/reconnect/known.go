package reconnect

import (
	"math"
	"reflect"
	"strings"
	"time"

	"holter/model"
)

// KnownClient is a client library, with the policy of its default options.
type KnownClient struct {
	Name   string // for users
	Preset string // name for holter swarm --preset
	Policy model.Policy
	Source string // where the policy is written: repository and file
	Ends   Ends   // what it does not come back from, as tried on the client itself
}

// KnownClients is the one table of known clients. A swarm imitates them, and a storm compares with each of them how
// clients come back. So a new entry is both a new value of --preset and a new name that storms and drills may give to
// clients: its policy must be the library's own. Clients with the same delays are named together.
//
// The deaf ones run in browsers, which do not show the Retry-After of a refusal to a script, or have no code that reads it.
//
// What ends a client was tried on the client itself, with close codes from 1000 to 4999 and statuses from 200 to 504:
// Socket.IO, Phoenix, SignalR and Centrifugo come back after 1000, 1002, 1003, 1007, 1008 and 1010 too, and once they have
// been connected, after every status. A connection that lasts for a moment is enough for their delays to begin anew.
// Ends of a client that names no release in Tried are as its source has them.
var KnownClients = []KnownClient{
	{
		"Socket.IO", "socketio",
		model.Policy{
			Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Cap: 5 * time.Second,
			Jitter: model.JitterPartial, Share: 0.5, CapLast: true, Deaf: true,
		},
		"socketio/socket.io: packages/socket.io-client/lib/manager.ts, contrib/backo2.ts",
		Ends{Tried: "4.8.4"},
	},
	{
		"Phoenix", "phoenix",
		model.Policy{
			Kind: model.PolicySteps, Base: 10 * time.Millisecond, Steps: milliseconds(10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000),
			Factor: 1, Jitter: model.JitterNone, Deaf: true,
		},
		"phoenixframework/phoenix: assets/js/phoenix/socket.js, reconnectAfterMs",
		Ends{Tried: "1.8.16; up to 1.8.15 close 1000 ended it"},
	},
	{
		"SignalR", "signalr", // with withAutomaticReconnect(); without that it does not come back
		model.Policy{
			Kind: model.PolicySteps, Steps: milliseconds(0, 2000, 10_000, 30_000), MaxAttempts: 4,
			Factor: 1, Jitter: model.JitterNone, Deaf: true,
		},
		"dotnet/aspnetcore: src/SignalR/clients/ts/signalr/src/DefaultReconnectPolicy.ts",
		Ends{Refusals: AnyFailure, First: true, Tried: "10.0.11"}, // its start() tries once
	},
	{
		"Centrifugo", "centrifugo",
		model.Policy{
			Kind: model.PolicyExponential, Base: 500 * time.Millisecond, Factor: 2, Cap: 20 * time.Second,
			Jitter: model.JitterFull, Share: 1, OnTop: 500 * time.Millisecond, Deaf: true,
		},
		"centrifugal/centrifuge-js: src/utils.ts, backoff",
		Ends{Codes: []Range{{1009, 1009}}, Reasoned: []Range{{3500, 3999}, {4500, 4999}}, Tried: "5.8.0"},
	},
	{
		"gRPC", "grpc",
		model.Policy{
			Kind: model.PolicyExponential, Base: time.Second, Factor: 1.6, Cap: 2 * time.Minute,
			Jitter: model.JitterPartial, Share: 0.2,
		},
		"grpc/grpc: doc/connection-backoff.md",
		Ends{Tried: "not tried, as it speaks no WebSocket"},
	},
	{
		"holter's page", "holter",
		model.Policy{
			Kind: model.PolicyExponential, Base: 500 * time.Millisecond, Factor: 2, Cap: 30 * time.Second,
			Jitter: model.JitterFull, Share: 1, Deaf: true,
		},
		"holter: server/endpoint/page/index.html",
		Ends{Codes: PoliteCodes, Settled: 30 * time.Second, AtLeast: map[int]time.Duration{1012: 5 * time.Second, 1013: 10 * time.Second}, Tried: "its script"},
	},
	{
		"graphql-ws", "graphql-ws", // it throws after the fifth attempt
		model.Policy{
			Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Cap: 16 * time.Second,
			Jitter: model.JitterAdded, AddedFrom: 300 * time.Millisecond, AddedTo: 3 * time.Second, MaxAttempts: 5, Deaf: true,
		},
		"enisdenjo/graphql-ws 6.4: src/client.ts, randomisedExponentialBackoff, isFatalInternalCloseCode",
		Ends{Codes: []Range{
			{1002, 1004}, {1007, 1011}, {1015, 1999}, {4004, 4005}, {4400, 4401}, {4406, 4406}, {4409, 4409}, {4429, 4429}, {4500, 4500},
		}, Refusals: AnyFailure, Tried: "6.4.2; a failed attempt does not end it where shouldRetry is set"},
	},
	{
		"Home Assistant", "homeassistant",
		model.Policy{Kind: model.PolicyLinear, Step: time.Second, Cap: 5 * time.Second, Factor: 1, Jitter: model.JitterNone, Deaf: true},
		"home-assistant/home-assistant-js-websocket 9.7: lib/connection.ts, _handleClose",
		Ends{Refusals: AnyFailure, First: true, Tried: "9.7.0"},
	},
	{
		"reconnecting-websocket", "reconnecting-websocket", // each page draws its base from 1 s to 5 s
		model.Policy{
			Kind: model.PolicyExponential, Base: 3 * time.Second, Factor: 1.3, Cap: 10 * time.Second,
			Jitter: model.JitterOnce, Share: 2. / 3, Deaf: true,
		},
		"pladaria/reconnecting-websocket 4.4: reconnecting-websocket.ts, DEFAULT, _getNextDelay",
		Ends{Settled: 5 * time.Second, Tried: "4.4.0"},
	},
	{
		"PartySocket", "partysocket", // made from reconnecting-websocket, but all pages have the same base
		model.Policy{
			Kind: model.PolicyExponential, Base: 3 * time.Second, Factor: 1.3, Cap: 10 * time.Second, Jitter: model.JitterNone, Deaf: true,
		},
		"cloudflare/partykit 1.3: packages/partysocket/src/ws.ts, DEFAULT, _getNextDelay",
		Ends{Settled: 5 * time.Second},
	},
	{
		"ReconnectingWebSocket", "reconnectingwebsocket", // the older one, of a similar name
		model.Policy{
			Kind: model.PolicyExponential, Base: time.Second, Factor: 1.5, Cap: 30 * time.Second, Jitter: model.JitterNone, Deaf: true,
		},
		"joewalnes/reconnecting-websocket 1.0: reconnecting-websocket.js, onclose",
		Ends{Tried: "1.0"},
	},
	{
		"react-use-websocket", "react-use-websocket", // with shouldReconnect; without that it does not come back
		model.Policy{Kind: model.PolicyFixed, Base: 5 * time.Second, Factor: 1, Jitter: model.JitterNone, MaxAttempts: 20, Deaf: true},
		"robtaussig/react-use-websocket 4.13: src/lib/constants.ts, attach-listener.ts",
		Ends{Tried: "4.13.0"},
	},
	{
		"STOMP", "stomp",
		model.Policy{Kind: model.PolicyFixed, Base: 5 * time.Second, Factor: 1, Jitter: model.JitterNone, Deaf: true},
		"stomp-js/stompjs 7.5: src/client.ts, reconnectDelay",
		Ends{Tried: "7.5.0"},
	},
	{
		"MQTT.js", "mqtt",
		model.Policy{Kind: model.PolicyFixed, Base: time.Second, Factor: 1, Jitter: model.JitterNone, Deaf: true},
		"mqttjs/MQTT.js 5.16: src/lib/client.ts, reconnectPeriod",
		Ends{Tried: "5.16.0"},
	},
	{
		"NATS", "nats", // it dials at once a server that it has not dialled for two seconds
		model.Policy{
			Kind: model.PolicySteps, Steps: milliseconds(0, 2000), Ends: milliseconds(0, 2100), Factor: 1, Jitter: model.JitterRanges,
			MaxAttempts: 10, Deaf: true,
		},
		"nats-io/nats.js 3.4: core/src/options.ts, core/src/protocol.ts, dodialLoop",
		Ends{Refusals: AnyFailure, First: true, Settled: 2 * time.Second, Tried: "nats.ws 1.30.3"},
	},
	{
		"autobahn", "autobahn",
		model.Policy{
			Kind: model.PolicyExponential, Base: 1500 * time.Millisecond, Factor: 1.5, Cap: 300 * time.Second,
			Jitter: model.JitterNormal, Share: 0.1, Carried: true, MaxAttempts: 15, Deaf: true,
		},
		"crossbario/autobahn-js 22.11: packages/autobahn/lib/connection.js, _autoreconnect_advance",
		Ends{Tried: "22.11.1 as in a browser; in Node a failed attempt ends it"},
	},
	{
		"Action Cable", "actioncable",
		actionCable(),
		"rails/rails 8.1: actioncable/app/javascript/action_cable/connection_monitor.js, getPollInterval",
		Ends{Tried: "8.1.400"},
	},
	{
		"Python websockets", "websockets", // async for websocket in connect(…): at once after a connection, and then as backoff says
		model.Policy{
			Kind: model.PolicySteps, Steps: milliseconds(0, 0, 3100, 5016, 8116, 13131, 21246, 34376, 55620, 89994, 90000),
			Ends: milliseconds(0, 5000, 3100, 5016, 8116, 13131, 21246, 34376, 55620, 89994, 90000), Factor: 1, Jitter: model.JitterRanges, Deaf: true,
		},
		"python-websockets/websockets 17.1: src/websockets/client.py, backoff; src/websockets/asyncio/client.py, process_exception",
		Ends{Refusals: []Range{{1, 499}, {501, 501}, {505, 999}}},
	},
	{
		"Python websockets, legacy", "websockets-legacy",
		model.Policy{
			Kind: model.PolicySteps, Steps: milliseconds(0, 0, 3000, 5000, 8000, 13000, 21000, 34000, 55000, 60000),
			Ends: milliseconds(0, 5000, 3000, 5000, 8000, 13000, 21000, 34000, 55000, 60000), Factor: 1, Jitter: model.JitterRanges, Deaf: true,
		},
		"python-websockets/websockets 10.4: src/websockets/legacy/client.py, __aiter__",
		Ends{},
	},
	{
		"OCPP 2.x", "ocpp", // with a RetryBackOffWaitMinimum and a RandomRange of 10 s, and RepeatTimes of 3
		model.Policy{
			Kind: model.PolicySteps, Steps: milliseconds(10_000, 20_000, 40_000, 80_000), Factor: 1,
			Jitter: model.JitterAdded, AddedTo: 10 * time.Second, Deaf: true,
		},
		"OCPP 2.0.1: part 4, section 5.3; SAP/e-mobility-charging-stations-simulator: src/charging-station/ocpp/2.0/OCPP20ServiceUtils.ts",
		Ends{},
	},
	{
		"OCPP 2.x, libocpp", "libocpp", // which doubles what it drew before, and draws whole seconds
		model.Policy{
			Kind: model.PolicySteps, Steps: milliseconds(10_000, 20_000, 40_000, 80_000), Factor: 1,
			Jitter: model.JitterAdded, AddedTo: 10 * time.Second, Carried: true, Deaf: true,
		},
		"EVerest/libocpp: lib/ocpp/common/websocket/websocket_base.cpp, get_reconnect_interval",
		Ends{},
	},
}

// actionCable returns the policy of Action Cable: up to three times the stale threshold of 6 s at first, then 15 % more each
// time, up to ten times, and up to 15 % on top at random. It looks from time to time whether its connection is stale, 6 s to
// 12 s after it looked last. If it has been lost for less than 6 s by then, it looks once more before it tries.
func actionCable() model.Policy {
	p := model.Policy{Kind: model.PolicySteps, Factor: 1, Jitter: model.JitterRanges, Deaf: true}
	low, rate := float64(6*time.Second), 2.0
	for range 11 {
		p.Steps = append(p.Steps, time.Duration(low).Round(time.Millisecond))
		p.Ends = append(p.Ends, time.Duration(low*(1+rate)).Round(time.Millisecond))
		low, rate = 1.15*low, 0.15
	}
	return p
}

func milliseconds(list ...time.Duration) []time.Duration {
	for i := range list {
		list[i] *= time.Millisecond
	}
	return list
}

// Find returns the known client with that name, nil if there is none.
func Find(name string) *KnownClient {
	return find(func(c *KnownClient) bool { return c.Name == name })
}

// FindPreset returns the known client with that preset, nil if there is none.
func FindPreset(preset string) *KnownClient {
	return find(func(c *KnownClient) bool { return c.Preset == preset })
}

func find(is func(*KnownClient) bool) *KnownClient {
	for i := range KnownClients {
		if is(&KnownClients[i]) {
			return &KnownClients[i]
		}
	}
	return nil
}

// Likes returns all names that PoolPolicy.Like may consist of: those of the known clients, and of the methods that AWS
// describes.
func Likes() []string {
	names := make([]string, 0, len(KnownClients)+len(methods))
	for i := range KnownClients {
		names = append(names, KnownClients[i].Name)
	}
	return append(names, methods...)
}

// likes returns the names of all known clients that have the delays of c, in the order of the table. What ends them may differ.
func (c *KnownClient) likes() string {
	var names []string
	for i := range KnownClients {
		if sameDelays(&KnownClients[i].Policy, &c.Policy) {
			names = append(names, KnownClients[i].Name)
		}
	}
	return strings.Join(names, model.LikeEither)
}

func sameDelays(a, b *model.Policy) bool {
	x, y := *a, *b
	x.MaxAttempts, x.Deaf = y.MaxAttempts, y.Deaf
	return reflect.DeepEqual(x, y)
}

// known adds the known clients whose delays are not far from the means of l.
func (l *ladder) known(list []candidate) []candidate {
	for i := range KnownClients {
		if c := &KnownClients[i]; l.near(&c.Policy) {
			list = append(list, candidate{Policy: c.Policy, known: c})
			if stalled := (candidate{Policy: c.Policy, known: c}); c.Policy.Jitter == model.JitterNone && l.stall(&stalled) < math.Inf(1) {
				list = append(list, stalled)
			}
		}
	}
	return list
}

// near reports whether the means of l may be those of p: it spares judge the work.
func (l *ladder) near(p *model.Policy) bool {
	for i := range l.rungs {
		r := &l.rungs[i]
		if r.number > 1 && p.Depends() {
			break
		}
		s := p.Span(r.number, -1)
		middle, width := middleOf(&s)
		if math.Abs(r.mean-middle) > 4*width/math.Sqrt(12*float64(len(r.delays)))+0.1*middle+mostLate+crowded {
			return false
		}
	}
	return true
}
