// Package completion completes a kong command line in a shell. The shell's part is a few lines that
// ask the program for what could come next; the program answers from its own flags and commands.
package completion

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Command prints the lines for a shell.
type Command struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is shown by holter completion --help.
func (Command) Help() string {
	return `Put one of these into your shell's start-up file:

    source <(holter completion bash)
    source <(holter completion zsh)
    holter completion fish | source`
}

// Run prints the script.
func (c Command) Run(k *kong.Kong) error {
	_, err := io.WriteString(k.Stdout, strings.ReplaceAll(scripts[c.Shell], "NAME", k.Model.Name))
	return err
}

// Answer is the command that the scripts ask: what could the last of these words become?
type Answer struct {
	Words []string `arg:"" optional:""`
}

// Run prints a line for each candidate: the word and, if there is one, a tab and its help.
func (a Answer) Run(k *kong.Kong) error {
	for _, c := range candidates(k.Model, a.Words) {
		if _, err := fmt.Fprintln(k.Stdout, c); err != nil {
			return err
		}
	}
	return nil
}

type candidate struct{ word, help string }

func (c candidate) String() string {
	if c.help == "" {
		return c.word
	}
	return c.word + "\t" + c.help
}

// candidates are what the last of words could become, in the order of the help text. The words are
// those after the program's name.
func candidates(app *kong.Application, words []string) []candidate {
	// bash takes --flag=value for three words.
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "=" })
	if len(words) == 0 {
		words = []string{""}
	}
	done, last := words[:len(words)-1], words[len(words)-1]
	command, named := selected(app, done)
	flags := flagsOf(command)

	name, value, hasValue := strings.Cut(last, "=")
	if flag := takesValue(flags, name); flag != nil && hasValue {
		return filter(values(flag, name+"="), name+"="+value)
	}
	if len(done) > 0 {
		if flag := takesValue(flags, done[len(done)-1]); flag != nil {
			return filter(values(flag, ""), last)
		}
	}
	if strings.HasPrefix(last, "-") {
		return filter(flagNames(flags), last)
	}
	if named {
		return filter(arguments(command), last)
	}
	return filter(commands(app), last)
}

// selected is the command that words name, else the default one.
func selected(app *kong.Application, words []string) (command *kong.Node, named bool) {
	for _, word := range words {
		for _, child := range app.Children {
			if child.Name == word && !child.Hidden {
				return child, true
			}
		}
	}
	return app.DefaultCmd, false
}

func flagsOf(command *kong.Node) []*kong.Flag {
	return slices.Concat(slices.Concat(command.AllFlags(true)...))
}

// takesValue is the flag called word, if a value must follow.
func takesValue(flags []*kong.Flag, word string) *kong.Flag {
	for _, flag := range flags {
		if "--"+flag.Name == word && !flag.IsBool() {
			return flag
		}
	}
	return nil
}

func values(flag *kong.Flag, prefix string) []candidate {
	var list []candidate
	if flag.Enum != "" {
		for _, v := range flag.EnumSlice() {
			list = append(list, candidate{prefix + v, ""})
		}
	}
	return list
}

func flagNames(flags []*kong.Flag) []candidate {
	var list []candidate
	for _, flag := range flags {
		list = append(list, candidate{"--" + flag.Name, brief(flag.Help)})
	}
	return list
}

func arguments(command *kong.Node) []candidate {
	var list []candidate
	for _, arg := range command.Positional {
		for _, v := range arg.EnumSlice() {
			list = append(list, candidate{v, ""})
		}
	}
	return list
}

func commands(app *kong.Application) []candidate {
	var list []candidate
	for _, child := range app.Children {
		if !child.Hidden {
			list = append(list, candidate{child.Name, brief(child.Help)})
		}
	}
	return list
}

func filter(list []candidate, prefix string) []candidate {
	return slices.DeleteFunc(list, func(c candidate) bool { return c.word == "" || !strings.HasPrefix(c.word, prefix) })
}

// brief is the help up to the end of its first clause.
func brief(help string) string {
	if i := strings.IndexAny(help, ".:;"); i >= 0 {
		return help[:i]
	}
	return help
}
