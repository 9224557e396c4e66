package config

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"

	"github.com/alecthomas/kong"

	"holter/model"
	"holter/model/yaml"
)

// file is a configuration file. It is a kong.Resolver if it has no mistakes.
type file struct {
	path     string
	found    bool                            // in the current directory, and not named by anybody
	settings map[string]yaml.Node            // by flag name, those of the profile over the others
	sections map[string]map[string]yaml.Node // by profile, and that for all by ""
	mistakes mistakes                        // in its form and its keys; those in values show when they are used
	values   map[string]any                  // of the settings that were resolved
}

// parse reads the text of a file.
func parse(path string, text []byte, profile string, app *kong.Application) *file {
	f := &file{path: path, settings: map[string]yaml.Node{}, sections: map[string]map[string]yaml.Node{}, values: map[string]any{}}
	root, err := yaml.Parse(path, text)
	if err != nil {
		f.mistakes.add(err)
		return f
	}
	names := settable(app)
	withProfiles := append(slices.Clone(names), "profiles")
	top, err := section(root, func(key yaml.Node) error { return known(key, withProfiles) })
	f.mistakes.add(err)
	sections := top["profiles"]
	delete(top, "profiles")
	maps.Copy(f.settings, top)
	f.sections[""] = top
	f.readProfiles(sections, profile, names)
	return f
}

// readProfiles checks all profiles, so that a mistake in one shows before it is needed, and takes over
// the chosen one.
func (f *file) readProfiles(sections yaml.Node, profile string, settable []string) {
	names, err := section(sections, knownProfile)
	f.mistakes.add(err)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		settings, err := section(names[name], func(key yaml.Node) error { return known(key, settable) })
		f.mistakes.add(err)
		f.sections[name] = settings
		if name == profile {
			maps.Copy(f.settings, settings)
		}
	}
	if _, there := names[profile]; profile != "" && !there {
		f.mistakes.add(fmt.Errorf("%s has no profile %q: add a section profiles: %s: to it, or leave --profile out", f.path, profile, profile))
	}
}

// section is a mapping by its keys. An empty node is an empty section. The error joins those of all keys that check refuses, and
// of those that stand there twice.
func section(node yaml.Node, check func(key yaml.Node) error) (map[string]yaml.Node, error) {
	if node.Empty() {
		return nil, nil
	}
	fields, ok := node.Fields()
	if !ok {
		return nil, node.Errorf("expected settings, one to a line, such as interval: 5s")
	}
	values := make(map[string]yaml.Node, len(fields))
	var wrong mistakes
	for _, field := range fields {
		if err := cmp.Or(check(field.Key), field.Repeated); err != nil {
			if wrong.add(err); wrong.full() {
				break
			}
			continue
		}
		values[field.Key.Text()] = field.Value
	}
	return values, wrong.join()
}

func knownProfile(key yaml.Node) error {
	if slices.Contains(profiles, key.Text()) {
		return nil
	}
	return key.Errorf("unknown profile %q: write %s", brief(key.Text()), model.OneOf(profiles))
}

func known(key yaml.Node, names []string) error {
	name := key.Text()
	if slices.Contains(names, name) {
		return nil
	}
	if name == "<<" {
		return key.Errorf("<< is not read: write what it would bring in, or put what only some runs need under profiles")
	}
	if near := model.Nearest(name, names); near != "" {
		return key.Errorf("unknown setting %q: did you mean %s?", brief(name), near)
	}
	return key.Errorf("unknown setting %q: the settings are the flags that holter COMMAND --help lists, without the dashes", brief(name))
}

// Validate has nothing left to do: keys were checked when the file was read, values are when they are used.
func (f *file) Validate(*kong.Application) error { return nil }

// Resolve gives kong the file's value for a flag, or nil if the file has none or the environment has
// one: kong itself would let a resolver win over the environment. Of several mistakes it returns the first.
func (f *file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	node, there := f.settings[flag.Name]
	if !there || slices.ContainsFunc(flag.Envs, isSet) {
		return nil, nil
	}
	if err := f.mayNot(flag, node); err != nil {
		return nil, err
	}
	value, err := checked(node, flag)
	if err != nil {
		return nil, each(err)[0]
	}
	f.values[flag.Name] = value
	return value, nil
}

// checked is the value of a node for a flag, which the flag takes.
func checked(node yaml.Node, flag *kong.Flag) (any, error) {
	value, err := value(node, flag)
	if err != nil {
		return nil, err
	}
	if _, tried := value.(ruleList); tried {
		return value, nil
	}
	if err := try(flag, value); err != nil {
		return nil, node.Errorf("%w", err)
	}
	return value, nil
}

// value is what a command line would hold: text, or a list of texts for a flag that may be repeated; rules of alerts are a ruleList.
// The error joins those of all entries of a list.
func value(node yaml.Node, flag *kong.Flag) (any, error) {
	if node.IsText() {
		return node.Text(), nil
	}
	entries, ok := node.List()
	if !ok || !flag.IsSlice() {
		return nil, node.Errorf("expected a value, such as %s", flag.Name+": "+flag.FormatPlaceHolder())
	}
	if takesRules(flag) {
		return rulesOf(entries)
	}
	list := make([]any, 0, len(entries))
	var wrong mistakes
	for _, entry := range entries {
		if wrong.add(validEntry(entry, flag)); wrong.full() {
			break
		}
		list = append(list, entry.Text())
	}
	return list, wrong.join()
}

// validEntry refuses an entry of a list that its flag does not take. kong reads a list by its JSON, and its own errors show that.
func validEntry(entry yaml.Node, flag *kong.Flag) error {
	if !entry.IsText() {
		return entry.Errorf("expected one value to a list entry")
	}
	text, err := json.Marshal([]string{entry.Text()})
	if err == nil {
		err = json.Unmarshal(text, reflect.New(flag.Target.Type()).Interface())
	}
	if err != nil {
		return entry.Errorf("%w", err)
	}
	return nil
}

// try parses value as kong will, to have an error while its line is still known.
func try(flag *kong.Flag, value any) error {
	scan := kong.Scan().PushTyped(value, kong.FlagValueToken)
	v := reflect.New(flag.Target.Type()).Elem()
	if err := flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: scan}, v); err != nil {
		return err
	}
	if text := fmt.Sprint(value); flag.Enum != "" && !slices.Contains(flag.EnumSlice(), text) {
		return fmt.Errorf("%q is unknown: write %s", brief(text), model.OneOf(flag.EnumSlice()))
	}
	if own, ok := v.Interface().(interface{ Validate() error }); ok {
		return own.Validate()
	}
	return nil
}

func isSet(variable string) bool {
	_, ok := os.LookupEnv(variable)
	return ok
}

// mistakes are errors, of which there may be many.
type mistakes []error

// most bounds the mistakes that are looked for at a time.
const most = 100

// add adds an error, or each of those that it joins, unless it is nil.
func (m *mistakes) add(err error) {
	if err != nil {
		*m = append(*m, each(err)...)
	}
}

func (m mistakes) full() bool { return len(m) >= most }

func (m mistakes) join() error { return errors.Join(m...) }

// each are the errors that an error joins, or it alone.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
