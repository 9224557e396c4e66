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
	words = rejoin(words)
	if len(words) == 0 {
		words = []string{""}
	}
	done, last := words[:len(words)-1], words[len(words)-1]
	command, named, after := selected(app, done)
	flags := flagsOf(command)

	name, value, hasValue := strings.Cut(last, "=")
	if flag := takesValue(flags, name); flag != nil && hasValue {
		return filter(values(app, flag.Value, name+"="), name+"="+value)
	}
	if len(done) > 0 {
		if flag := takesValue(flags, done[len(done)-1]); flag != nil {
			return filter(values(app, flag.Value, ""), last)
		}
	}
	if strings.HasPrefix(last, "-") {
		return filter(flagNames(flags), last)
	}
	if !named {
		return filter(commands(app.Node), last)
	}
	if len(command.Children) > 0 {
		return filter(commands(command), last)
	}
	if i := arguments(flags, after); i < len(command.Positional) {
		return filter(values(app, command.Positional[i], ""), last)
	}
	return nil
}

// rejoin puts together what bash has cut: to it, --flag=value and host:port are three words each. The value
// of a flag stays a word of its own.
func rejoin(words []string) []string {
	var whole []string
	glue := false
	for _, w := range words {
		last := len(whole) - 1
		cut := w != "" && strings.Trim(w, "=:") == ""
		switch {
		case cut && last >= 0 && strings.HasPrefix(whole[last], "--"):
			whole = append(whole, strings.TrimPrefix(w, "="))
		case (cut || glue && w != "") && last >= 0:
			whole[last] += w
		default:
			whole = append(whole, w)
		}
		glue = cut
	}
	return whole
}

// selected is the command that words name, with the words after it, else the default one. A command may have others of its own.
func selected(app *kong.Application, words []string) (command *kong.Node, named bool, after []string) {
	command = app.Node
	for i, word := range words {
		j := slices.IndexFunc(command.Children, func(child *kong.Node) bool { return child.Name == word && !child.Hidden })
		if j >= 0 {
			command, after = command.Children[j], words[i+1:]
		}
	}
	if command == app.Node {
		return app.DefaultCmd, false, nil
	}
	return command, true, after
}

// arguments counts the words that are neither flags nor their values.
func arguments(flags []*kong.Flag, words []string) int {
	n := 0
	for i, word := range words {
		value := i > 0 && takesValue(flags, words[i-1]) != nil
		if !value && !strings.HasPrefix(word, "-") {
			n++
		}
	}
	return n
}

func flagsOf(command *kong.Node) []*kong.Flag {
	return slices.Concat(slices.Concat(command.AllFlags(true)...))
}

// takesValue is the flag called word, if a value must follow.
func takesValue(flags []*kong.Flag, word string) *kong.Flag {
	for _, flag := range flags {
		if ("--"+flag.Name == word || "-"+string(flag.Short) == word) && !flag.IsBool() {
			return flag
		}
	}
	return nil
}

// suggester is a type of flags and arguments that take anything, and some well-known values among it.
type suggester interface{ Suggest() []string }

// commandSuggester is such a type whose values depend on what commands there are.
type commandSuggester interface {
	Suggest(app *kong.Application) []string
}

// values are those that v can have, as far as they are known.
func values(app *kong.Application, v *kong.Value, prefix string) []candidate {
	words := v.EnumSlice()
	switch s := v.Target.Interface().(type) {
	case suggester:
		words = s.Suggest()
	case commandSuggester:
		words = s.Suggest(app)
	}
	var list []candidate
	for _, w := range words {
		if w != "" {
			list = append(list, candidate{prefix + w, ""})
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

func commands(of *kong.Node) []candidate {
	var list []candidate
	for _, child := range of.Children {
		if !child.Hidden {
			list = append(list, candidate{child.Name, brief(child.Help)})
		}
	}
	return list
}

func filter(list []candidate, prefix string) []candidate {
	return slices.DeleteFunc(list, func(c candidate) bool { return !strings.HasPrefix(c.word, prefix) })
}

// brief is the help up to the end of its first clause.
func brief(help string) string {
	if i := strings.IndexAny(help, ".:;"); i >= 0 {
		return help[:i]
	}
	return help
}
