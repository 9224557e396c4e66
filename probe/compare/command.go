package compare

import (
	"context"
	"errors"
	"fmt"
	"io"

	"holter/probe/tty"

	"github.com/alecthomas/kong"
)

// Command is the command line of a comparison.
type Command struct {
	Options  `embed:""`
	Markdown bool `xor:"format" help:"Write the tables as Markdown."`
	JSON     bool `name:"json" xor:"format" help:"Write all figures as JSON."`
}

// Help is shown by holter compare --help.
func (Command) Help() string {
	return `The three schemes of holter and three common fixed settings keep real connections open over loopback. These are closed, reset, cut, frozen, delayed, or made to lose packets. The tables show when each end noticed, how often it was wrong, and what the heartbeats cost. This takes about three minutes; do not use the machine for anything else meanwhile.`
}

// Run is called by kong.
func (c *Command) Run(ctx context.Context, k *kong.Kong) error { return c.run(ctx, k.Stdout, k.Stderr) }

// run compares, and writes the tables to out. If live is a terminal, a line there shows how far it is.
func (c *Command) run(ctx context.Context, out, live io.Writer) error {
	if tty.Is(live) {
		c.Progress = func(line string) { fmt.Fprintf(live, "\r\x1b[K%s", line) }
		defer fmt.Fprint(live, "\r\x1b[K")
	}
	report, err := Run(ctx, c.Options)
	switch {
	case ctx.Err() != nil:
		return errors.New("compare was stopped before it had anything to report")
	case err != nil:
		return err
	case c.JSON:
		return report.WriteJSON(out)
	case c.Markdown:
		return report.WriteMarkdown(out)
	}
	return report.WriteText(out)
}
