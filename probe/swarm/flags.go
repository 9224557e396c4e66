package swarm

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"holter/model"
	"holter/model/reconnect"
)

// Traffic holds the flags for what each client sends.
type Traffic struct {
	Rate     float64       `placeholder:"N" help:"Messages per second and client; none by default."`
	Payload  int           `placeholder:"BYTES" help:"Length of a message (default 128)."`
	Beat     string        `enum:"ping,json,none" default:"ping" help:"Heartbeat of the clients: ping frames, messages {\"type\":\"ping\"} that the server answers with {\"type\":\"pong\"}, or none."`
	Interval time.Duration `default:"5s" help:"Time between two beats of a client. Each client learns from its round trips how long to wait for an answer."`
}

const (
	usualPayload = 128
	mostRate     = 1000 // messages per second and client
	leastBeat    = 10 * time.Millisecond
)

// Validate is called by kong.
func (t *Traffic) Validate() error {
	switch {
	case !(t.Rate >= 0 && t.Rate <= mostRate):
		return fmt.Errorf("--rate is %g: write 0 to %d messages a second", t.Rate, mostRate)
	case t.Rate > 0 && t.Rate < 1e-6:
		return fmt.Errorf("--rate is %g: write 0, or at least 0.000001", t.Rate)
	case t.Payload != 0 && t.Rate == 0:
		return errors.New("--payload without --rate: clients send no messages, so add --rate 1")
	case t.Payload != 0 && (t.Payload < leastPayload || t.Payload > mostPayload):
		return fmt.Errorf("--payload is %d: write %d to %d bytes", t.Payload, leastPayload, mostPayload)
	case t.Interval < leastBeat:
		return fmt.Errorf("--interval is %s: write at least %s, or --beat none", t.Interval, leastBeat)
	}
	return nil
}

// behaviour is the behaviour of a client without a fault.
func (t *Traffic) behaviour() Behaviour {
	b := Behaviour{Name: "steady", Payload: t.Payload}
	if t.Beat != "none" {
		b.Beat, b.JSONBeat = t.Interval, t.Beat == "json"
	}
	if t.Rate > 0 {
		gap := time.Duration(float64(time.Second) / t.Rate)
		b.Talk = Span{gap, gap}
		if b.Payload == 0 {
			b.Payload = usualPayload
		}
	}
	return b
}

// Return holds the flags for when clients reconnect.
type Return struct {
	Backoff  string     `placeholder:"POLICY" help:"Delays before a client reconnects: none, fixed:1s, exponential:1s,2,60s (base, factor, cap), linear:0s,1s,5s (base, step, cap) or steps:0s,2s,10s, of which some may be ranges such as 1s..5s (default exponential:1s,2,30s with full jitter)."`
	Jitter   JitterName `placeholder:"KIND" help:"How the delays are randomized: none, full, equal, decorrelated, partial:20% (around the delay), once:50% (so, but once for each client), normal:10% or added:300ms..3s (default none if --backoff is given)."`
	Preset   PresetName `placeholder:"CLIENT" help:"Reconnect as this client does with its default options, and give up where it does: see the list of clients."`
	Attempts int        `placeholder:"N" help:"Give up after this many failed attempts in a row; by default never, or as the preset does."`
}

// Validate is called by kong.
func (r *Return) Validate() error {
	_, _, err := r.policy()
	return err
}

// policy returns when the clients come back, and after what they do not.
func (r *Return) policy() (p model.Policy, ends reconnect.Ends, err error) {
	ends = politeEnds
	switch {
	case r.Preset != "" && (r.Backoff != "" || r.Jitter != ""):
		return p, ends, errors.New("--preset with --backoff or --jitter: the preset has its own: give one or the other")
	case r.Attempts < 0:
		return p, ends, fmt.Errorf("--attempts is %d: write 1 or more", r.Attempts)
	case r.Preset != "":
		if err := r.Preset.Validate(); err != nil {
			return p, ends, err
		}
		client := reconnect.FindPreset(string(r.Preset))
		p, ends = client.Policy, client.Ends
	case r.Backoff == "" && r.Jitter == "":
		p = politePolicy
	default:
		if p, err = model.ParsePolicy(cmp.Or(r.Backoff, usualBackoff), cmp.Or(string(r.Jitter), string(model.JitterNone))); err != nil {
			return p, ends, err
		}
	}
	if r.Attempts > 0 {
		p.MaxAttempts = r.Attempts
	}
	return p, ends, nil
}

// PresetName is what --preset takes: the name of a known client.
type PresetName string

// Validate is called by kong, and for the value in a configuration file while its line is known.
func (p PresetName) Validate() error {
	if p == "" || reconnect.FindPreset(string(p)) != nil {
		return nil
	}
	if near := model.Nearest(string(p), p.Suggest()); near != "" {
		return fmt.Errorf("preset %.60q is unknown: did you mean %s?", string(p), near)
	}
	return fmt.Errorf("preset %.60q is unknown: write %s", string(p), model.OneOf(p.Suggest()))
}

// Suggest lists the names of all presets.
func (PresetName) Suggest() []string {
	names := make([]string, len(reconnect.KnownClients))
	for i, c := range reconnect.KnownClients {
		names[i] = c.Preset
	}
	return names
}

// JitterName is what --jitter takes.
type JitterName string

// Suggest lists the kinds of jitter that --jitter accepts.
func (JitterName) Suggest() []string {
	return []string{string(model.JitterNone), string(model.JitterFull), string(model.JitterEqual), string(model.JitterDecorrelated),
		"partial:20%", "once:50%", "normal:10%", "added:0s..3s"}
}

const usualBackoff = "exponential:1s,2,30s"

// Troubles holds the flags for the shares of clients with a fault. No client has more than one fault.
type Troubles struct {
	Freeze   Share `placeholder:"SHARE" help:"Clients that freeze for 3 to 15 seconds now and then, like a stopped process; for example 5%."`
	Mute     Share `placeholder:"SHARE" help:"Clients that answer no pings."`
	SlowRead Share `placeholder:"SHARE" help:"Clients that read only 512 bytes per second."`
	Late     Share `placeholder:"SHARE" help:"Clients that answer pings up to 250 ms late."`
	Drop     Share `placeholder:"SHARE" help:"Clients that close the socket without a close frame every 10 to 30 seconds, and reconnect."`
}

// Validate is called by kong.
func (t *Troubles) Validate() error {
	if sum := t.sum(); sum > 1+1e-9 {
		return fmt.Errorf("--freeze, --mute, --slow-read, --late and --drop are %.4g%% together: a client can have only one of them, so write 100%% or less in all", 100*sum)
	}
	return nil
}

func (t *Troubles) sum() float64 { return float64(t.Freeze + t.Mute + t.SlowRead + t.Late + t.Drop) }

// roles makes a role for the healthy clients, and one for each fault with a share.
func (t *Troubles) roles(healthy Behaviour, p model.Policy) []Role {
	var roles []Role
	add := func(share Share, name string, change func(*Behaviour)) {
		if share < 1e-9 {
			return
		}
		b := healthy
		b.Name = name
		change(&b)
		roles = append(roles, Role{b, p, float64(share)})
	}
	add(Share(1-t.sum()), healthy.Name, func(*Behaviour) {})
	add(t.Freeze, "freezing", func(b *Behaviour) { b.Freeze = freezing.Freeze })
	add(t.Mute, "mute", func(b *Behaviour) { b.Mute = true })
	add(t.SlowRead, "slow-reading", func(b *Behaviour) { b.Slow = true })
	add(t.Late, "late", func(b *Behaviour) { b.Wobble = jittery.Wobble })
	add(t.Drop, "dropping", func(b *Behaviour) { b.Drop = dropping.Drop })
	return roles
}

// Share is a part of the clients, from 0 to 1.
type Share float64

// UnmarshalText reads a percentage.
func (s *Share) UnmarshalText(text []byte) error {
	number, ok := strings.CutSuffix(string(text), "%")
	percent, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || math.IsNaN(percent) || percent < 0 || percent > 100 {
		return fmt.Errorf("%q is not a share of the clients: write 0%% to 100%%", text)
	}
	*s = Share(percent / 100)
	return nil
}
