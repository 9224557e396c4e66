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
	found := check{fresh: settings.fresh, args: args, wrong: wrong{}}
	found.run()
	list := found.sorted()
	for _, mistake := range list[:min(len(list), most)] {
		fmt.Fprintln(k.Stdout, mistake)
	}
	switch n := len(list); {
	case n >= most:
		return Wrong{fmt.Errorf("there are %d mistakes in the settings, or more: mend these first", most)}
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
	wrong wrong
}

func (c *check) run() {
	k := c.fresh()
	ctx, err := kong.Trace(k, c.args)
	if err = cmp.Or(err, ctx.Error); err != nil {
		c.add(err)
		return
	}
	c.environment(ctx)
	unread := len(c.mistakes) > 0 // variables are wrong, and the command reads no further
	if c.file, err = open(given(ctx, "config"), given(ctx, "profile"), k.Model); err != nil {
		c.add(err)
	}
	if c.file != nil {
		c.mistakes = append(c.mistakes, c.file.mistakes...)
		c.values(ctx)
	}
	if !unread && (c.file != nil || len(c.mistakes) == 0) {
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
	for profile, section := range c.file.sections {
		for name, node := range section {
			_, err := checked(node, byName[name])
			if err = cmp.Or(c.file.mayNot(byName[name], node), err); err != nil {
				c.add(err)
				c.wrong[place{profile, name}] = true
			}
		}
	}
}

// profiles are those that the file has.
func (c *check) profiles() []string {
	names := slices.Sorted(maps.Keys(c.file.sections))
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// together looks for settings that are out of range or contradict each other: with the profile that the command line chooses, or
// with each of the file, and without one.
func (c *check) together(chosen string) {
	profiles := []string{chosen}
	if chosen == "" && c.file != nil {
		profiles = append(profiles, c.profiles()...)
	}
	for _, name := range profiles {
		args := c.args
		if name != chosen {
			args = slices.Insert(slices.Clone(args), 1, "--profile="+name)
		}
		for c.refused(args, name) {
		}
	}
}

// refused has the command parse its settings, without those that were found to be wrong before, and reports whether that found
// another one: a command says one mistake at a time.
func (c *check) refused(args []string, profile string) bool {
	k := c.fresh()
	if err := kong.Bind(c.wrong).Apply(k); err != nil {
		c.add(err)
		return false
	}
	_, err := k.Parse(args)
	if err == nil || errors.Is(err, errEmptyPipe) || c.full() || c.follows(err, profile) { // which open has read
		return false
	}
	at, err := c.placed(err, profile)
	if !slices.ContainsFunc(c.mistakes, func(m error) bool { return m.Error() == err.Error() }) {
		c.add(err)
	}
	if at == nil {
		return false
	}
	c.wrong[*at] = true
	return true
}

// follows reports whether an error names a setting that is left out as it is wrong: it may be there only without that.
func (c *check) follows(err error, profile string) bool {
	return slices.ContainsFunc(flagsIn(err.Error()), func(name string) bool {
		_, written := c.section(name, profile)
		return !written && (c.wrong[place{profile, name}] || c.wrong[place{"", name}])
	})
}

// section is where a setting is that holds with a profile, without those that are wrong.
func (c *check) section(name, profile string) (at place, written bool) {
	if c.file == nil {
		return at, false
	}
	for _, section := range []string{profile, ""} {
		if _, there := c.file.sections[section][name]; there && !c.wrong[place{section, name}] {
			return place{section, name}, true
		}
	}
	return at, false
}

// place is that of a setting in the file.
type place struct{ profile, flag string }

// wrong are settings in the file that are left out, so that the mistakes in others show.
type wrong map[place]bool

// leaveOut takes wrong settings away. The mistakes of the file, which have been said, are gone with them.
func (f *file) leaveOut(w wrong, profile string) {
	f.mistakes = nil
	for at := range w {
		delete(f.sections[at.profile], at.flag)
	}
	clear(f.settings)
	maps.Copy(f.settings, f.sections[""])
	maps.Copy(f.settings, f.sections[profile])
}

// flagInText is the name of a flag in an error. Without its dashes in front it has one in it, or it could be any word.
var flagInText = regexp.MustCompile(`--([a-z][a-z0-9-]*)|\b([a-z][a-z0-9]*-[a-z0-9-]*[a-z0-9])\b`)

// flagsIn are the flags that an error names.
func flagsIn(text string) (names []string) {
	for _, found := range flagInText.FindAllStringSubmatch(text, -1) {
		names = append(names, found[1]+found[2])
	}
	return names
}

// placed returns the first setting in the file that an error names, nil if there is none, and the error with its place or its
// profile.
func (c *check) placed(err error, profile string) (at *place, _ error) {
	if m, ok := errors.AsType[*yaml.Mistake](err); ok {
		return nil, m
	}
	err = errors.New(plain(c.args[0], err))
	if c.file == nil {
		return nil, err
	}
	for _, name := range append(flagsIn(err.Error()), c.quoted(err.Error(), profile)...) {
		if at, written := c.section(name, profile); written {
			return &at, c.file.sections[at.profile][at.flag].Errorf("%w", err)
		}
	}
	if profile != "" {
		return nil, fmt.Errorf("%w (with --profile %s)", err, profile)
	}
	return nil, err
}

// quoted are the settings whose name is a word of an error that has their value in it too.
func (c *check) quoted(text, profile string) (names []string) {
	words := strings.Fields(text)
	for _, section := range []string{profile, ""} {
		for _, name := range slices.Sorted(maps.Keys(c.file.sections[section])) {
			value := c.file.sections[section][name].Text()
			if value != "" && strings.Contains(text, value) && slices.Contains(words, name) {
				names = append(names, name)
			}
		}
	}
	return names
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
