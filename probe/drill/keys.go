package drill

import (
	"slices"
	"time"

	"holter/model"
	"holter/model/yaml"
)

// key is a key that a mapping may have. T is what its value becomes part of.
type key[T any] struct {
	name    string
	example string // for users: the key with a value
	about   string
	kinds   []Kind // the steps that may have it; nil for all, and for a key of a drill
	read    func(*script, yaml.Node, *T)
}

// drillKeys are the keys of a drill.
var drillKeys = []key[Drill]{
	{"name", "name: restart", "what reports call the drill", nil, func(s *script, n yaml.Node, d *Drill) { d.Name = s.text(n) }},
	{"about", "about: a new version is deployed", "what it does, in a sentence", nil, func(s *script, n yaml.Node, d *Drill) { d.About = s.text(n) }},
	{"steps", "steps:", "a list of steps, in any order", nil, (*script).steps},
	{"stay", "stay: 5s", "how long a connection must last for its client to be back; 5s without it", nil, func(s *script, n yaml.Node, d *Drill) {
		d.Stay = s.duration(n, "stay", time.Millisecond, maxTime)
	}},
	{"watch", "watch: 90s", "how long clients have to come back, after the last step; then the drill waits until they have stayed; else 1m, or as long as an expectation needs", nil, func(s *script, n yaml.Node, d *Drill) {
		d.Watch, d.watches = s.duration(n, "watch", time.Millisecond, maxTime), true
	}},
	{"expect", "expect:", "a list of expectations", nil, (*script).expectations},
}

// stepKeys are the keys of a step. Each step has exactly one of those that are the names of kinds.
var stepKeys = []key[Step]{
	{"at", "at: 5s", "when the step begins, after the start of the drill; 0s without it", nil, func(s *script, n yaml.Node, st *Step) { st.At = s.duration(n, "at", 0, maxTime) }},
	{"kick", "kick: all", "close connections: all, or those of a filter", []Kind{Kick}, func(s *script, n yaml.Node, st *Step) { st.Selection = s.selection(n) }},
	{"refuse", "refuse: 10s", "refuse upgrades for this time", []Kind{Refuse}, func(s *script, n yaml.Node, st *Step) {
		st.For = s.duration(n, "refuse", time.Millisecond, model.MaxRefuse)
	}},
	{"fault", "fault: half-open", "put faults on connections", []Kind{Fault}, func(s *script, n yaml.Node, st *Step) { st.Faults = s.faults(n) }},
	{"on", "on: client~^app", "the connections that get the faults: all, or those of a filter", []Kind{Fault}, func(s *script, n yaml.Node, st *Step) { st.Selection = s.selection(n) }},
	{"share", "share: 50%", "of these connections, at random; 100% without it", []Kind{Kick, Fault}, func(s *script, n yaml.Node, st *Step) { st.Share = s.share(n) }},
	{"for", "for: 20s", "how long the faults last", []Kind{Fault}, func(s *script, n yaml.Node, st *Step) { st.For = s.duration(n, "for", time.Millisecond, maxTime) }},
	{"code", "code: 1012", "close code; 1001 without it", []Kind{Kick}, func(s *script, n yaml.Node, st *Step) { st.Kick.Code = s.code(n) }},
	{"reason", "reason: deploy", "reason in the close frame", []Kind{Kick}, func(s *script, n yaml.Node, st *Step) { st.Kick.Reason = s.reason(n) }},
	{"reset", "reset: true", "a TCP reset instead of a close frame", []Kind{Kick}, func(s *script, n yaml.Node, st *Step) { st.Kick.Reset = s.boolean(n) }},
	{"over", "over: 60s", "spread the closes over this time: a drain", []Kind{Kick}, func(s *script, n yaml.Node, st *Step) { st.Kick.Over = s.duration(n, "over", 0, maxTime) }},
}

// kinds are what a step can do, in the order of their keys.
var kinds = []Kind{Kick, Refuse, Fault}

// keysOf returns the keys of a step of that kind.
func keysOf(kind Kind) (keys []key[Step]) {
	for _, k := range stepKeys {
		if k.kinds == nil || slices.Contains(k.kinds, kind) {
			keys = append(keys, k)
		}
	}
	return keys
}

// example returns a step of that kind.
func (k Kind) example() string {
	i := slices.IndexFunc(stepKeys, func(s key[Step]) bool { return s.name == string(k) })
	return stepKeys[i].example
}

func names[T any](keys []key[T]) []string {
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = k.name
	}
	return list
}
