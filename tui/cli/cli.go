// Package cli is the command line's furniture: how arguments are parsed, how help looks, what is said about
// arguments that make no sense, and whether connections are shown on a screen or in a log. In rooms of its
// own it has the configuration file and the environment (config), what the program says of itself (about:
// completion, health, manual, version), and what keeps libraries from asking the terminal before main begins
// (noquery).
//
// It does not know the commands, which are main's, and starts nothing. Only main uses it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"holter/model/yaml"
	"holter/tui/cli/config"
	"holter/tui/cli/manual"
)

// Streams are where a command reads from and writes to.
type Streams struct {
	In  io.Reader
	Out io.Writer // what was asked for
	Err io.Writer // warnings and progress
}

// UsageError is a command line that makes no sense.
type UsageError struct{ error }

// Program is a command line's grammar.
type Program struct {
	Name        string
	Description string
	Commands    any // a pointer to a struct with a field for each command
}

// Run parses args and runs the command that they name until it is done or ctx ends. The command's Run can have
// ctx, s, its *config.Settings and the *kong.Kong for arguments. The error is a UsageError if args make no sense.
func (p Program) Run(ctx context.Context, args []string, s Streams) error {
	unread := p.copy()
	helped := false
	parser := p.parser(s, func(int) { helped = true })
	if len(args) > 0 && args[0] == "help" { // as many programs have it
		args = append(args[1:len(args):len(args)], "--help")
	}
	command, err := parser.Parse(args)
	switch {
	case helped: // parsing goes on after that, and may fail
		return nil
	case err != nil:
		return UsageError{explain(parser, args, err)}
	}
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(s, config.NewSettings(command, args, func() *kong.Kong {
		return unread.copy().parser(Streams{Out: io.Discard, Err: io.Discard}, func(int) {})
	}))
	if _, ok := errors.AsType[config.Wrong](err); ok {
		return UsageError{err}
	}
	return err
}

// copy is p with other variables, which have the same values.
func (p Program) copy() Program {
	from := reflect.ValueOf(p.Commands).Elem()
	to := reflect.New(from.Type())
	to.Elem().Set(from)
	p.Commands = to.Interface()
	return p
}

func (p Program) parser(s Streams, exit func(int)) *kong.Kong {
	return kong.Must(p.Commands,
		kong.Name(p.Name),
		kong.Description(p.Description),
		kong.DefaultEnvars(strings.ToUpper(p.Name)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 80}),
		kong.ValueFormatter(manual.WithDefault),
		kong.Writers(s.Out, s.Err),
		kong.Exit(exit),
		config.Values(),
	)
}

// commands are the names of all that are not hidden.
func commands(app *kong.Application) string {
	var names []string
	for _, command := range app.Children {
		if !command.Hidden {
			names = append(names, command.Name)
		}
	}
	return strings.Join(names, ", ")
}

// explain says in one line why k refused args with err, and where to read on.
func explain(k *kong.Kong, args []string, err error) error {
	command := k.Model.DefaultCmd.Name
	if e, ok := errors.AsType[*kong.ParseError](err); ok && e.Context.Selected() != nil {
		command = e.Context.Selected().Name
	}
	message := strings.TrimPrefix(err.Error(), command+": ") // what kong puts before the command's own errors
	if m, ok := errors.AsType[*yaml.Mistake](err); ok && strings.HasPrefix(message, "--alert: ") {
		message = m.Error() // it says of which key of a rule it is, and the flag has none
	}
	help := k.Model.Name + " " + command + " --help"
	if strings.HasPrefix(message, "unexpected argument") && !slices.Contains(args, command) {
		help = k.Model.Name + " --help" // a word that is no command was taken for an argument of the default one
		message += ": the commands are " + commands(k.Model)
	}
	return fmt.Errorf("%s (see %s)", message, help)
}
