// Package manual writes the manual pages of a kong command line, as man reads them: one for the program and one for each of
// its commands. All that they say comes from the commands and flags themselves, so it is what --help says.
//
// The package only writes text. The command line uses it, for --help too, and a release packs what it writes.
package manual

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"holter/model"
	"holter/tui/cli/version"
)

// Command prints a manual page, or writes all pages to a folder.
type Command struct {
	Command name   `arg:"" optional:"" help:"Command to describe, such as serve or config check; without it, the page of the program as a whole."`
	To      string `placeholder:"FOLDER" type:"path" help:"Write all pages to this folder, which is made if it is missing, instead of printing one."`
}

// name is that of a command in words, which may have dashes between them, as the names of pages have.
type name []string

// Suggest are the names of all pages.
func (name) Suggest(app *kong.Application) []string {
	var names []string
	for _, command := range shown(app.Children) {
		names = append(names, command.Name)
	}
	return names
}

func (n name) String() string { return strings.Join(n, "-") }

// Help is shown by holter man --help.
func (Command) Help() string {
	return `Examples:

    man -l <(holter man serve)
    holter man --to ~/.local/share/man/man1`
}

// Validate is called by kong.
func (c Command) Validate() error {
	if len(c.Command) > 0 && c.To != "" {
		return errors.New("--to writes the pages of all commands: leave out " + c.Command.String())
	}
	return nil
}

// Run prints the page, or writes the pages.
func (c Command) Run(k *kong.Kong) error {
	pages := all(k.Model)
	if c.To != "" {
		return write(c.To, pages)
	}
	wanted := k.Model.Name
	if len(c.Command) > 0 {
		wanted = c.Command.page(k.Model)
	}
	for _, p := range pages {
		if p.name == wanted {
			_, err := io.WriteString(k.Stdout, p.text)
			return err
		}
	}
	return fmt.Errorf("there is no command %.40q: write %s", c.Command, model.OneOf(c.Command.Suggest(k.Model)))
}

// page is the name of the page that describes a command: a command of a command is described with that. It is empty if there is
// no such command.
func (n name) page(app *kong.Application) string {
	for _, command := range shown(app.Children) {
		page := app.Name + "-" + command.Name
		if n.String() == command.Name {
			return page
		}
		for _, part := range shown(command.Children) {
			if n.String() == command.Name+"-"+part.Name {
				return page
			}
		}
	}
	return ""
}

// write writes pages to files of a folder.
func write(folder string, pages []page) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, p := range pages {
		if err := os.WriteFile(filepath.Join(folder, p.name+".1"), []byte(p.text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// page is one page of section 1.
type page struct{ name, text string }

// all are the page of the program and those of its commands, in the order of the help text.
func all(app *kong.Application) []page {
	pages := []page{{app.Name, whole(app)}}
	for _, command := range shown(app.Children) {
		pages = append(pages, page{app.Name + "-" + command.Name, about(app, command)})
	}
	return pages
}

// whole is the page of the program as a whole.
func whole(app *kong.Application) string {
	var r roff
	r.title(app.Name, app.Name+" "+version.String())
	r.section("Name")
	r.line(escape(app.Name) + ` \- ` + escape(strings.TrimSuffix(app.Help, ".")))
	r.section("Synopsis")
	r.usage(app.Name + " [" + app.DefaultCmd.Name + "] [flags]")
	r.usage(app.Name + " <command> [flags]")
	r.section("Description")
	r.prose(app.Detail)
	r.section("Commands")
	for _, command := range shown(app.Children) {
		r.item(bold(app.Name+"-"+command.Name)+"(1)", command.Help)
	}
	r.exitStatus()
	return r.String()
}

// about is the page of a command. The parts of a command that has commands of its own follow one after the other.
func about(app *kong.Application, command *kong.Node) string {
	var r roff
	name := app.Name + "-" + command.Name
	r.title(name, app.Name+" "+version.String())
	r.section("Name")
	r.line(escape(name) + ` \- ` + escape(strings.TrimSuffix(command.Help, ".")))
	leaves := command.Leaves(true)
	if len(leaves) == 0 {
		leaves = []*kong.Node{command}
	}
	r.section("Synopsis")
	for _, leaf := range leaves {
		r.usage(app.Name + " " + leaf.Summary())
	}
	r.section("Description")
	if leaves[0] != command {
		r.prose(command.Detail)
	}
	for _, leaf := range leaves {
		r.command(leaf, leaf != command)
	}
	r.settings(command)
	r.exitStatus()
	r.section("See also")
	r.line(bold(app.Name) + "(1)")
	return r.String()
}

// shown are the commands that are not hidden.
func shown(commands []*kong.Node) []*kong.Node {
	var list []*kong.Node
	for _, c := range commands {
		if !c.Hidden {
			list = append(list, c)
		}
	}
	return list
}

// command is the description of one command with its arguments and flags.
func (r *roff) command(c *kong.Node, part bool) {
	if part {
		r.section(c.Path())
		r.prose(c.Help)
	} else if c.Detail == "" {
		r.prose(c.Help)
	}
	r.prose(c.Detail)
	if len(c.Positional) > 0 {
		r.section("Arguments")
	}
	for _, a := range c.Positional {
		r.item(italic(a.Summary()), a.Help)
	}
	headed, group := false, ""
	for _, f := range flags(c) {
		if !headed {
			r.section("Options")
			headed = true
		}
		if title := heading(f); title != group {
			group = title
			r.subsection(title)
		}
		r.item(named(f), WithDefault(f.Value))
	}
}

// flags are the flags of a command and of those above it, those of one heading together, in the order of the help text.
func flags(c *kong.Node) []*kong.Flag {
	var headings []string
	under := map[string][]*kong.Flag{}
	for _, level := range c.AllFlags(true) {
		for _, f := range level {
			h := heading(f)
			if under[h] == nil {
				headings = append(headings, h)
			}
			under[h] = append(under[h], f)
		}
	}
	var list []*kong.Flag
	for _, h := range headings {
		list = append(list, under[h]...)
	}
	return list
}

func heading(f *kong.Flag) string {
	if f.Group == nil {
		return ""
	}
	return strings.TrimSuffix(f.Group.Title, ":")
}

// named is how a flag is written, with what stands for its value.
func named(f *kong.Flag) string {
	text := bold("--" + f.Name)
	if f.Short != 0 {
		text = bold("-"+string(f.Short)) + ", " + text
	}
	if f.IsBool() || f.IsCounter() {
		return text
	}
	return text + " " + italic(f.FormatPlaceHolder())
}

// WithDefault is the help of a flag with its default, where the placeholder does not show it. It is what --help says too.
func WithDefault(value *kong.Value) string {
	if value.Flag == nil || value.Flag.PlaceHolder == "" || value.Default == "" {
		return value.Help
	}
	return fmt.Sprintf("%s (default %s)", value.Help, value.Default)
}

// settings says how flags are set without the command line, for a command that looks there.
func (r *roff) settings(command *kong.Node) {
	var file, example *kong.Flag
	for _, f := range flags(command) {
		switch {
		case f.Name == "config":
			file = f
		case example == nil && len(f.Envs) > 0 && strings.Contains(f.Name, "-"):
			example = f
		}
	}
	if file == nil || example == nil {
		return
	}
	r.section("Environment")
	r.prose(fmt.Sprintf("Each flag can also be set in the environment, --%s as %s. Flags win over the environment, and the environment wins over the configuration file.",
		example.Name, example.Envs[0]))
	r.section("Files")
	r.prose("The configuration file is YAML, and its keys are the names of the flags. " + file.Help)
}

func (r *roff) exitStatus() {
	r.section("Exit status")
	r.item("0", "All went well.")
	r.item("1", "The command failed, or found what it was told to fail for.")
	r.item("2", "The command line or the configuration makes no sense.")
}
