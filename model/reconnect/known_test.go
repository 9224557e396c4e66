package reconnect

import (
	"slices"
	"strings"
	"testing"
	"time"

	"holter/model"
)

// The shortest and the longest delay that each client's own code computes for the k-th attempt, counting from 1.
func TestKnownClients(t *testing.T) {
	type span struct{ min, max time.Duration }
	ms := func(low, high time.Duration) span { return span{low * time.Millisecond, high * time.Millisecond} }
	for name, delays := range map[string]map[int]span{
		"socketio": {1: ms(500, 1500), 2: ms(1000, 3000), 3: ms(2000, 5000), 4: ms(4000, 5000), 5: ms(5000, 5000), 50: ms(5000, 5000)},
		"phoenix":  {1: ms(10, 10), 2: ms(50, 50), 9: ms(2000, 2000), 10: ms(5000, 5000), 50: ms(5000, 5000)},
		"signalr":  {1: ms(0, 0), 2: ms(2000, 2000), 3: ms(10_000, 10_000), 4: ms(30_000, 30_000)},
		"centrifugo": {1: ms(500, 1000), 2: ms(500, 1500), 3: ms(500, 2500), 6: ms(500, 16_500), 7: ms(500, 20_000),
			50: ms(500, 20_000)},
		"graphql-ws":             {1: ms(1300, 4000), 2: ms(2300, 5000), 5: ms(16_300, 19_000)},
		"homeassistant":          {1: ms(0, 0), 2: ms(1000, 1000), 6: ms(5000, 5000), 50: ms(5000, 5000)},
		"reconnecting-websocket": {1: ms(1000, 5000), 2: ms(1300, 6500), 4: ms(2197, 10_000), 50: ms(10_000, 10_000)},
		"partysocket":            {1: ms(3000, 3000), 2: ms(3900, 3900), 50: ms(10_000, 10_000)},
		"reconnectingwebsocket":  {1: ms(1000, 1000), 2: ms(1500, 1500), 50: ms(30_000, 30_000)},
		"react-use-websocket":    {1: ms(5000, 5000), 20: ms(5000, 5000)},
		"stomp":                  {1: ms(5000, 5000), 50: ms(5000, 5000)},
		"mqtt":                   {1: ms(1000, 1000), 50: ms(1000, 1000)},
		"nats":                   {1: ms(0, 0), 2: ms(2000, 2100), 10: ms(2000, 2100)},
		"actioncable":            {1: ms(6000, 18_000), 2: ms(6900, 7935), 3: ms(7935, 9126), 50: ms(24_273, 27_914)},
		"websockets":             {1: ms(0, 0), 2: ms(0, 5000), 3: ms(3100, 3100), 4: ms(5016, 5016), 50: ms(90_000, 90_000)},
		"websockets-legacy":      {1: ms(0, 0), 2: ms(0, 5000), 3: ms(3000, 3000), 4: ms(5000, 5000), 50: ms(60_000, 60_000)},
		"ocpp":                   {1: ms(10_000, 20_000), 2: ms(20_000, 30_000), 4: ms(80_000, 90_000), 50: ms(80_000, 90_000)},
		"libocpp":                {1: ms(10_000, 20_000)},
		"grpc":                   {1: ms(800, 1200), 2: ms(1280, 1920), 3: ms(2048, 3072), 50: ms(96_000, 144_000)},
	} {
		policy := &FindPreset(name).Policy
		for k, want := range delays {
			list := make([]time.Duration, 500)
			for i := range list {
				list[i] = delaysOf(NewBackoff(policy, dice(uint64(i))), k)[k-1]
			}
			low, high, slack := slices.Min(list), slices.Max(list), (want.max-want.min)/20
			if low < want.min || low > want.min+slack || high > want.max || high < want.max-slack {
				t.Errorf("%s, attempt %d: %s to %s, want %s to %s", name, k, low, high, want.min, want.max)
			}
		}
	}
}

func TestKnownClientsAreWhole(t *testing.T) {
	names, presets := map[string]bool{}, map[string]bool{}
	for _, p := range KnownClients {
		if names[p.Name] || presets[p.Preset] || strings.Contains(p.Name, model.LikeEither) {
			t.Errorf("%s, %s: the name or the preset is not its own", p.Name, p.Preset)
		}
		names[p.Name], presets[p.Preset] = true, true
	}
	if likes := Find("STOMP").likes(); likes != "react-use-websocket or STOMP" {
		t.Errorf("the delays of STOMP are those of %s", likes)
	}
	for _, p := range KnownClients {
		if err := p.Policy.Validate(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if !strings.Contains(p.Source, "/") {
			t.Errorf("%s has no source", p.Name)
		}
	}
	d := NewBackoff(&FindPreset("signalr").Policy, dice(1))
	for range 4 {
		d.Next(0)
	}
	if _, again := d.Next(0); again {
		t.Error("signalr tries a fifth time")
	}
	if FindPreset("primus") != nil || Find("Primus") != nil {
		t.Error("an unknown client is known")
	}
}

// One name may be a part of another one.
func TestJoin(t *testing.T) {
	for _, tt := range [][3]string{
		{"STOMP", "MQTT.js", "STOMP or MQTT.js"},
		{"STOMP or MQTT.js", "STOMP", "STOMP or MQTT.js"},
		{"Python websockets, legacy", "Python websockets", "Python websockets, legacy or Python websockets"},
	} {
		if got := join(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%q and %q: %q", tt[0], tt[1], got)
		}
	}
}

// A NATS client that is let in and thrown out for ever waits each time, and does not give up, as nats.ws 1.30.3 was seen to do.
func TestNATSIsThrownOutForEver(t *testing.T) {
	c := FindPreset("nats")
	d := NewBackoff(&c.Policy, dice(1))
	d.SettledAfter(c.Ends.Settled)
	if delay, again := d.Next(2 * time.Second); delay != 0 || !again {
		t.Errorf("%v, %t after a connection that lasted", delay, again)
	}
	for range 3 * c.Policy.MaxAttempts {
		if delay, again := d.Next(200 * time.Millisecond); delay < 2*time.Second || !again {
			t.Errorf("%v, %t after a short connection", delay, again)
		}
	}
}
