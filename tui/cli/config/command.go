package config

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Command is holter config. It looks at the settings of a command, and runs none.
type Command struct {
	Check  checkCommand  `cmd:"" help:"Find the mistakes in the settings of a command: all of them, each with its line and what to write."`
	Show   showCommand   `cmd:"" help:"Print the settings of a command: each with its value, and where that comes from."`
	Schema schemaCommand `cmd:"" help:"Print the JSON schema of the configuration file, which editors complete and check it by."`
}

// Of is the command line whose settings are looked at.
type Of struct {
	Config  string   `placeholder:"FILE" type:"path" help:"Configuration file, as of that command."`
	Profile profile  `placeholder:"NAME" help:"Section of the configuration file, as of that command."`
	Command []string `arg:"" optional:"" passthrough:"" help:"The command line whose settings are meant, such as serve or proxy http://localhost:3000, with its flags; serve if it is left out."`
}

// args is the command line. The default command is named too.
func (o Of) args(app *kong.Application) []string {
	args := slices.Clone(o.Command)
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		args = slices.Insert(args, 0, app.DefaultCmd.Name)
	}
	// Those that come later win.
	if o.Profile != "" {
		args = slices.Insert(args, 1, "--profile="+string(o.Profile))
	}
	if o.Config != "" {
		args = slices.Insert(args, 1, "--config="+o.Config)
	}
	return args
}
