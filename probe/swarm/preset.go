package swarm

import (
	"fmt"
	"time"

	"holter/model"
)

// Preset is how a well-known client comes back if nobody has set it up otherwise.
type Preset struct {
	Name   string
	Policy Policy
	Source string // where that is written
}

// Presets are the clients whose defaults are known. Those in browsers cannot see a refusal's
// Retry-After.
var Presets = []Preset{
	{
		"socketio",
		Policy{Kind: Exponential, Base: time.Second, Factor: 2, Cap: 5 * time.Second, Jitter: Around50, Deaf: true},
		"socketio/socket.io: packages/socket.io-client/lib/manager.ts, contrib/backo2.ts",
	},
	{
		"phoenix",
		Policy{Kind: Steps, Steps: milliseconds(10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000), Deaf: true},
		"phoenixframework/phoenix: assets/js/phoenix/socket.js, reconnectAfterMs",
	},
	{
		"signalr", // with withAutomaticReconnect(); it does not come back without
		Policy{Kind: Steps, Steps: milliseconds(0, 2000, 10_000, 30_000), Attempts: 4, Deaf: true},
		"dotnet/aspnetcore: src/SignalR/clients/ts/signalr/src/DefaultReconnectPolicy.ts",
	},
	{
		"centrifugo",
		Policy{Kind: Exponential, Base: 500 * time.Millisecond, Factor: 2, Cap: 20 * time.Second, Jitter: OnTop, Deaf: true},
		"centrifugal/centrifuge-js: src/utils.ts, backoff",
	},
	{
		"grpc",
		Policy{Kind: Exponential, Base: time.Second, Factor: 1.6, Cap: 2 * time.Minute, Jitter: Around20},
		"grpc/grpc: doc/connection-backoff.md",
	},
}

func milliseconds(list ...time.Duration) []time.Duration {
	for i := range list {
		list[i] *= time.Millisecond
	}
	return list
}

// PresetName is the name of a preset, or what somebody took for one.
type PresetName string

// Suggest are the names of all presets.
func (PresetName) Suggest() []string {
	names := make([]string, len(Presets))
	for i, p := range Presets {
		names[i] = p.Name
	}
	return names
}

// FindPreset is the preset of that name, or an error with the names that there are.
func FindPreset(name string) (Preset, error) {
	for _, p := range Presets {
		if p.Name == name {
			return p, nil
		}
	}
	return Preset{}, fmt.Errorf("preset %q is unknown: write %s", name, model.OneOf(PresetName(name).Suggest()))
}
