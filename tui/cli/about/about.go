// Package about is what the program says of itself, whatever it is used for: whether it is up, its version, its manual, and
// what completes its command line in a shell. It starts nothing, and only package main embeds it.
package about

import (
	"holter/tui/cli/completion"
	"holter/tui/cli/health"
	"holter/tui/cli/manual"
	"holter/tui/cli/version"
)

// Commands are the commands for that.
type Commands struct {
	Health     health.Command     `cmd:"" help:"Ask a running holter whether it is up: an exit code for health checks."`
	Version    version.Command    `cmd:"" help:"Print the version."`
	Man        manual.Command     `cmd:"" help:"Print a page of the manual."`
	Completion completion.Command `cmd:"" help:"Print what makes your shell complete holter's flags."`
	Complete   completion.Answer  `cmd:"" hidden:""`
}
