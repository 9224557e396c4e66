package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/alecthomas/kong"

	"holter/model"
	"holter/model/reload"
)

// Settings are those of a command that runs, in the variables of its flags. They can be read anew, from where they were read.
type Settings struct {
	fresh   func() *kong.Kong
	args    []string
	running *kong.Context

	mu      sync.Mutex         // protects inForce, and the variables of running
	inForce map[string]setting // by the names of the flags
}

// NewSettings are the settings of a command that has been parsed from args. fresh makes a parser like the one that did that, with
// variables of its own.
func NewSettings(running *kong.Context, args []string, fresh func() *kong.Kong) *Settings {
	s := &Settings{fresh: fresh, args: args, running: running, inForce: make(map[string]setting)}
	for _, now := range settingsOf(running) {
		s.inForce[now.flag.Name] = now
	}
	return s
}

// Reloader returns a function that reads all settings anew, and puts in force what can be without a restart: the flags with the tag
// `reload`. It gives these their new values in the variables of the command that runs, calls prepare, and if that fails gives them
// the old values back.
func (s *Settings) Reloader(prepare reload.Step) func() model.Reload {
	return func() model.Reload {
		s.mu.Lock()
		defer s.mu.Unlock()
		next, err := s.fresh().Parse(s.args)
		if err == nil {
			err = sameFile(fileOf(s.running), fileOf(next))
		}
		if err != nil {
			return model.Reload{Error: plain(s.command(), err)}
		}
		changed, kept := s.compare(next)
		r := model.Reload{Changed: s.report(changed), Kept: s.report(kept)}
		undo := s.take(changed)
		commit, err := s.check(prepare)
		if err != nil {
			undo()
			return model.Reload{Error: plain(s.command(), err)}
		}
		if commit != nil {
			commit()
		}
		for _, c := range changed {
			c.flag = s.inForce[c.flag.Name].flag
			s.inForce[c.flag.Name] = c
		}
		return r
	}
}

// sameFile refuses to go on from a file to another one, or to none: what only the first one sets would be dropped, such as a token.
func sameFile(was, is *file) error {
	switch {
	case was == nil || is != nil && is.path == was.path:
		return nil
	case is != nil && is.found:
		return fmt.Errorf("%s is in force, and %s would come before it: remove that one, or restart holter", was.path, is.path)
	}
	return fmt.Errorf("%s is gone: write it anew, or restart holter to go on without it", was.path)
}

// compare returns the settings that are written otherwise than they are in force: those that can change now, and the others. They
// are sorted by name.
func (s *Settings) compare(next *kong.Context) (changed, kept []setting) {
	for _, n := range settingsOf(next) {
		now, known := s.inForce[n.flag.Name]
		switch {
		case !known || n.same(&now):
		case n.flag.Tag.Has("reload"):
			changed = append(changed, n)
		default:
			kept = append(kept, n)
		}
	}
	byName := func(a, b setting) int { return cmp.Compare(a.flag.Name, b.flag.Name) }
	slices.SortFunc(changed, byName)
	slices.SortFunc(kept, byName)
	return changed, kept
}

// take gives the variables of the command that runs the values of settings. It returns what takes that back.
func (s *Settings) take(changed []setting) (undo func()) {
	before := make([]reflect.Value, len(changed))
	for i, c := range changed {
		target := s.inForce[c.flag.Name].flag.Target
		before[i] = reflect.New(target.Type()).Elem()
		before[i].Set(target)
		target.Set(c.flag.Target)
	}
	return func() {
		for i, c := range changed {
			s.inForce[c.flag.Name].flag.Target.Set(before[i])
		}
	}
}

// check refuses what is wrong only together with settings that stay as they are, and then has the parts prepare.
func (s *Settings) check(prepare reload.Step) (reload.Commit, error) {
	if err := s.running.Validate(); err != nil {
		return nil, err
	}
	return prepare()
}

// report tells of settings that are not in force yet.
func (s *Settings) report(list []setting) []model.SettingChange {
	var out []model.SettingChange
	for _, n := range list {
		now := s.inForce[n.flag.Name]
		out = append(out, model.SettingChange{Name: n.flag.Name, Was: brief(now.shown()), Is: brief(n.shown()), Origin: n.origin()})
	}
	return out
}

// brief cuts a value that is too long for a line.
func brief(text string) string { return model.Abridge(text, 200) }

// plain is an error without the name of the command that kong puts before it.
func plain(command string, err error) string { return strings.TrimPrefix(err.Error(), command+": ") }

// command is the name of the command that runs.
func (s *Settings) command() string {
	if command := s.running.Selected(); command != nil {
		return command.Path()
	}
	return ""
}
