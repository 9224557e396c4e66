package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"holter/model"
)

// file is a configuration file whose keys are all known. It is a kong.Resolver.
type file struct {
	path     string
	settings map[string]*yaml.Node // by flag name, those of the profile over the others
}

// parse reads the text of a file. An error names the line and says what to write.
func parse(path string, text []byte, profile string, app *kong.Application) (*file, error) {
	f := &file{path: path, settings: map[string]*yaml.Node{}}
	root, err := document(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var sections *yaml.Node
	top, err := f.section(root, func(key, value *yaml.Node) error {
		if key.Value == "profiles" {
			sections = value
			return nil
		}
		return f.known(key, settable(app))
	})
	if err != nil {
		return nil, err
	}
	delete(top, "profiles")
	maps.Copy(f.settings, top)
	return f, f.readProfiles(sections, profile, app)
}

// document is the only document in text, nil if there is none.
func document(text []byte) (*yaml.Node, error) {
	var root yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("holds more than one YAML document: keep the first")
	}
	return root.Content[0], nil
}

// readProfiles checks all profiles, so that a mistake in one shows before it is needed, and takes over
// the chosen one.
func (f *file) readProfiles(sections *yaml.Node, profile string, app *kong.Application) error {
	names, err := f.section(sections, func(key, _ *yaml.Node) error {
		if slices.Contains(profiles, key.Value) {
			return nil
		}
		return f.errorf(key, "unknown profile %q: write %s", key.Value, model.OneOf(profiles))
	})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		settings, err := f.section(names[name], func(key, _ *yaml.Node) error { return f.known(key, settable(app)) })
		if err != nil {
			return err
		}
		if name == profile {
			maps.Copy(f.settings, settings)
		}
	}
	if profile != "" && names[profile] == nil {
		return fmt.Errorf("%s has no profile %q: add a section profiles: %s: to it, or leave --profile out", f.path, profile, profile)
	}
	return nil
}

// section is a mapping by its keys, each of which has passed check. An empty node is an empty section.
func (f *file) section(node *yaml.Node, check func(key, value *yaml.Node) error) (map[string]*yaml.Node, error) {
	node = target(node)
	if empty(node) {
		return nil, nil
	}
	if node.Kind != yaml.MappingNode {
		return nil, f.errorf(node, "expected settings, one to a line, such as interval: 5s")
	}
	values := make(map[string]*yaml.Node, len(node.Content)/2)
	for pair := range slices.Chunk(node.Content, 2) {
		key, value := pair[0], target(pair[1])
		if err := check(key, value); err != nil {
			return nil, err
		}
		if values[key.Value] != nil {
			return nil, f.errorf(key, "%s stands here twice: keep one", key.Value)
		}
		values[key.Value] = value
	}
	return values, nil
}

func (f *file) known(key *yaml.Node, names []string) error {
	if slices.Contains(names, key.Value) {
		return nil
	}
	if near := nearest(key.Value, names); near != "" {
		return f.errorf(key, "unknown setting %q: did you mean %s?", key.Value, near)
	}
	return f.errorf(key, "unknown setting %q: the settings are the flags of holter serve --help without the dashes", key.Value)
}

// Validate has nothing left to do: keys were checked when the file was read, values are when they are used.
func (f *file) Validate(*kong.Application) error { return nil }

// Resolve gives kong the file's value for a flag, or nil if the file has none or the environment has
// one: kong itself would let a resolver win over the environment.
func (f *file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	node := f.settings[flag.Name]
	if node == nil || slices.ContainsFunc(flag.Envs, isSet) {
		return nil, nil
	}
	value, err := f.value(node, flag)
	if err != nil {
		return nil, err
	}
	if err := try(flag, value); err != nil {
		return nil, f.errorf(node, "%w", err)
	}
	return value, nil
}

// value is what a command line would hold: text, or a list of texts for a flag that may be repeated.
// YAML's own types are left aside, so that 5 is no duration here either.
func (f *file) value(node *yaml.Node, flag *kong.Flag) (any, error) {
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag != "!!null":
		return node.Value, nil
	case node.Kind == yaml.SequenceNode && flag.IsSlice():
		list := make([]any, 0, len(node.Content))
		for _, item := range node.Content {
			if item = target(item); item.Kind != yaml.ScalarNode {
				return nil, f.errorf(item, "expected one value to a list entry")
			}
			list = append(list, item.Value)
		}
		return list, nil
	}
	return nil, f.errorf(node, "expected a value, such as %s", flag.Name+": "+flag.FormatPlaceHolder())
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

func (f *file) errorf(at *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", f.path, at.Line, fmt.Errorf(format, args...))
}

// target follows an alias to what it stands for.
func target(node *yaml.Node) *yaml.Node {
	if node != nil && node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func empty(node *yaml.Node) bool {
	return node == nil || node.Kind == yaml.ScalarNode && strings.TrimSpace(node.Value) == "" || node.Tag == "!!null"
}

func isSet(variable string) bool {
	_, ok := os.LookupEnv(variable)
	return ok
}
