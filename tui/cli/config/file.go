package config

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"

	"github.com/alecthomas/kong"

	"holter/model"
	"holter/model/yaml"
)

// file is a configuration file whose keys are all known. It is a kong.Resolver.
type file struct {
	path     string
	settings map[string]yaml.Node // by flag name, those of the profile over the others
}

// parse reads the text of a file. An error names the line and says what to write.
func parse(path string, text []byte, profile string, app *kong.Application) (*file, error) {
	f := &file{path: path, settings: map[string]yaml.Node{}}
	root, err := yaml.Parse(path, text)
	if err != nil {
		return nil, err
	}
	top, err := section(root, func(key yaml.Node) error { return known(key, append(settable(app), "profiles")) })
	if err != nil {
		return nil, err
	}
	sections := top["profiles"]
	delete(top, "profiles")
	maps.Copy(f.settings, top)
	return f, f.readProfiles(sections, profile, app)
}

// readProfiles checks all profiles, so that a mistake in one shows before it is needed, and takes over
// the chosen one.
func (f *file) readProfiles(sections yaml.Node, profile string, app *kong.Application) error {
	names, err := section(sections, knownProfile)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		settings, err := section(names[name], func(key yaml.Node) error { return known(key, settable(app)) })
		if err != nil {
			return err
		}
		if name == profile {
			maps.Copy(f.settings, settings)
		}
	}
	if _, there := names[profile]; profile != "" && !there {
		return fmt.Errorf("%s has no profile %q: add a section profiles: %s: to it, or leave --profile out", f.path, profile, profile)
	}
	return nil
}

// section is a mapping by its keys, each of which has passed check. An empty node is an empty section.
func section(node yaml.Node, check func(key yaml.Node) error) (map[string]yaml.Node, error) {
	if node.Empty() {
		return nil, nil
	}
	fields, ok := node.Fields()
	if !ok {
		return nil, node.Errorf("expected settings, one to a line, such as interval: 5s")
	}
	values := make(map[string]yaml.Node, len(fields))
	for _, field := range fields {
		if err := cmp.Or(check(field.Key), field.Repeated); err != nil {
			return nil, err
		}
		values[field.Key.Text()] = field.Value
	}
	return values, nil
}

func knownProfile(key yaml.Node) error {
	if slices.Contains(profiles, key.Text()) {
		return nil
	}
	return key.Errorf("unknown profile %q: write %s", key.Text(), model.OneOf(profiles))
}

func known(key yaml.Node, names []string) error {
	name := key.Text()
	if slices.Contains(names, name) {
		return nil
	}
	if near := model.Nearest(name, names); near != "" {
		return key.Errorf("unknown setting %q: did you mean %s?", name, near)
	}
	return key.Errorf("unknown setting %q: the settings are the flags of holter serve --help without the dashes", name)
}

// Validate has nothing left to do: keys were checked when the file was read, values are when they are used.
func (f *file) Validate(*kong.Application) error { return nil }

// Resolve gives kong the file's value for a flag, or nil if the file has none or the environment has
// one: kong itself would let a resolver win over the environment.
func (f *file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	node, there := f.settings[flag.Name]
	if !there || slices.ContainsFunc(flag.Envs, isSet) {
		return nil, nil
	}
	value, err := value(node, flag)
	if err != nil {
		return nil, err
	}
	if err := try(flag, value); err != nil {
		return nil, node.Errorf("%w", err)
	}
	return value, nil
}

// value is what a command line would hold: text, or a list of texts for a flag that may be repeated.
func value(node yaml.Node, flag *kong.Flag) (any, error) {
	if node.IsText() {
		return node.Text(), nil
	}
	entries, ok := node.List()
	if !ok || !flag.IsSlice() {
		return nil, node.Errorf("expected a value, such as %s", flag.Name+": "+flag.FormatPlaceHolder())
	}
	list := make([]any, 0, len(entries))
	for _, entry := range entries {
		if takesRules(flag) {
			text, err := rule(entry)
			if err != nil {
				return nil, err
			}
			list = append(list, text)
			continue
		}
		if !entry.IsText() {
			return nil, entry.Errorf("expected one value to a list entry")
		}
		list = append(list, entry.Text())
	}
	return list, nil
}

// try parses value as kong will, to have an error while its line is still known.
func try(flag *kong.Flag, value any) error {
	scan := kong.Scan().PushTyped(value, kong.FlagValueToken)
	v := reflect.New(flag.Target.Type()).Elem()
	if err := flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: scan}, v); err != nil {
		return err
	}
	if text := fmt.Sprint(value); flag.Enum != "" && !slices.Contains(flag.EnumSlice(), text) {
		return fmt.Errorf("%q is unknown: write %s", text, model.OneOf(flag.EnumSlice()))
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
