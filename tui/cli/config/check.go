package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"holter/model"
	"holter/model/yaml"
)

// checkCommand is holter config check.
type checkCommand struct{ Of }

// Help is shown by holter config check --help.
func (checkCommand) Help() string {
	return `It looks at the file, at all of its profiles, at the environment and at the command line as the command would. The exit code is 2 if there is a mistake.

Examples:

    holter config check
    holter config check --config /etc/holter/config.yaml
    holter config check --profile prod proxy http://localhost:3000`
}

// Wrong is the error for settings with mistakes, which have been printed.
type Wrong struct{ error }

// Run prints the mistakes.
func (c checkCommand) Run(k *kong.Kong, settings *Settings) error {
	args := c.args(k.Model)
	found := check{fresh: settings.fresh, args: args}
	found.run()
	for _, mistake := range found.sorted() {
		fmt.Fprintln(k.Stdout, mistake)
	}
	switch n := len(found.mistakes); {
	case n == 1:
		return Wrong{errors.New("there is a mistake in the settings")}
	case n > 0:
		return Wrong{fmt.Errorf("there are %d mistakes in the settings", n)}
	case found.file == nil:
		fmt.Fprintf(k.Stdout, "no mistake; there is no configuration file, which would be %s\n", model.OneOf(places()))
		return nil
	}
	fmt.Fprintf(k.Stdout, "%s: no mistake", found.file.path)
	if names := found.profiles(); len(names) > 0 {
		fmt.Fprintf(k.Stdout, ", with and without its profiles (%s)", strings.Join(names, ", "))
	}
	fmt.Fprintln(k.Stdout)
	return nil
}

// check looks for mistakes in the settings of a command line.
type check struct {
	fresh func() *kong.Kong
	args  []string

	file *file // nil if there is none
	mistakes
}

func (c *check) run() {
	k := c.fresh()
	ctx, err := kong.Trace(k, c.args)
	if err = cmp.Or(err, ctx.Error); err != nil {
		c.add(err)
		return
	}
	c.environment(ctx)
	if c.file, err = open(given(ctx, "config"), given(ctx, "profile"), k.Model); err != nil {
		c.add(err)
	}
	if c.file != nil {
		c.mistakes = append(c.mistakes, c.file.mistakes...)
		c.values(ctx)
	}
	if len(c.mistakes) == 0 {
		c.together(given(ctx, "profile"))
	}
}

// environment looks at the variables, and gives the flags of ctx their values.
func (c *check) environment(ctx *kong.Context) {
	c.add(checkEnvironment(ctx.Model, os.Environ()))
	for _, flag := range ctx.Flags() {
		if i := slices.IndexFunc(flag.Envs, isSet); i >= 0 {
			if err := try(flag, os.Getenv(flag.Envs[i])); err != nil {
				c.add(fmt.Errorf("%s: %w", flag.Envs[i], err))
			}
		}
	}
	ctx.Reset() // the errors are those above
}

// values looks at each value in the file, those of all profiles, as the command takes it. Settings that the command does not have
// are those of the first command that does.
func (c *check) values(ctx *kong.Context) {
	byName := make(map[string]*kong.Flag)
	for _, flag := range append(ctx.Flags(), flags(ctx.Model)...) {
		if byName[flag.Name] == nil {
			byName[flag.Name] = flag
		}
	}
	for _, section := range c.file.sections {
		for name, node := range section {
			_, err := checked(node, byName[name])
			c.add(cmp.Or(c.file.mayNot(byName[name], node), err))
		}
	}
}

// profiles are those that the file has.
func (c *check) profiles() []string {
	names := slices.Sorted(maps.Keys(c.file.sections))
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// together looks for settings that contradict each other: with the profile that the command line chooses, or with each of the
// file, and without one.
func (c *check) together(chosen string) {
	profiles := []string{chosen}
	if chosen == "" && c.file != nil {
		profiles = append(profiles, c.profiles()...)
	}
	seen := make(map[string]bool)
	for _, name := range profiles {
		args := c.args
		if name != chosen {
			args = slices.Insert(slices.Clone(args), 1, "--profile="+name)
		}
		k := c.fresh()
		_, err := k.Parse(args)
		if err == nil || errors.Is(err, errEmptyPipe) { // which open has read
			continue
		}
		if err = c.placed(err, name); !seen[err.Error()] {
			seen[err.Error()] = true
			c.add(err)
		}
	}
}

// flagInText is the name of a flag in an error. Without its dashes in front it has one in it, or it could be any word.
var flagInText = regexp.MustCompile(`--([a-z][a-z0-9-]*)|\b([a-z][a-z0-9]*-[a-z0-9-]*[a-z0-9])\b`)

// placed is an error with the place in the file of the first setting that it names, and the profile that has it.
func (c *check) placed(err error, profile string) error {
	if m, ok := errors.AsType[*yaml.Mistake](err); ok {
		return m
	}
	err = errors.New(plain(c.args[0], err))
	if c.file == nil {
		return err
	}
	for _, names := range flagInText.FindAllStringSubmatch(err.Error(), -1) {
		for _, section := range []string{profile, ""} {
			if node, there := c.file.sections[section][names[1]+names[2]]; there {
				return node.Errorf("%w", err)
			}
		}
	}
	if profile != "" {
		return fmt.Errorf("%w (with --profile %s)", err, profile)
	}
	return err
}

// sorted are the mistakes in the order of the file, after those that are elsewhere.
func (c *check) sorted() []error {
	place := func(err error) (line, column int) {
		if m, ok := errors.AsType[*yaml.Mistake](err); ok {
			return m.Line, m.Column
		}
		return 0, 0
	}
	slices.SortStableFunc(c.mistakes, func(a, b error) int {
		la, ca := place(a)
		lb, cb := place(b)
		return cmp.Or(la-lb, ca-cb)
	})
	return c.mistakes
}
