package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"holter/probe/tty"
)

// Command is the command line of a drill.
type Command struct {
	URL   string `arg:"" optional:"" name:"admin-url" help:"Address of the holter's admin plane, such as http://127.0.0.1:7071."`
	Drill Name   `arg:"" optional:"" help:"A file with a drill, or one of the built-in drills: deploy, blip or herd."`

	Expect []string `group:"Drill:" sep:"none" placeholder:"TEXT" help:"Further expectation, such as 'peak_rate<200/s'; may be repeated."`
	JSON   bool     `group:"Report:" name:"json" help:"Write the report as JSON."`
	JUnit  string   `group:"Report:" name:"junit" placeholder:"FILE" help:"Also write the report to a file as JUnit XML, for CI, even if the drill ends early."`
	Print  Name     `group:"Drill:" placeholder:"NAME" help:"Print a built-in drill, as a start for your own, and exit."`

	script *Drill `kong:"-"`
}

// Help is shown by holter drill --help.
func (Command) Help() string {
	return `A drill disturbs the clients of a running holter at given times: it closes connections, refuses upgrades or puts faults on connections. Then it watches the clients come back and compares that with its expectations. The exit code is 0 if all expectations hold, 1 if one does not or if the drill could not be finished, and 2 if the drill or the command line is invalid.
` + help() + `
Examples:

    holter drill http://127.0.0.1:7071 deploy
    holter drill --print herd >ours.yaml
    holter drill 127.0.0.1:7071 ours.yaml --junit drill.xml
    holter drill 127.0.0.1:7071 herd --expect 'peak_rate<200/s'
    holter drill https://ops.example:7071 deploy --ca ca.pem --token-file token`
}

// Validate is called by kong. It reads the drill and parses its expectations.
func (c *Command) Validate() (err error) {
	switch {
	case c.Print != "" && c.URL != "":
		return errors.New("--print only prints a drill: leave out address and drill")
	case c.Print != "" && (c.JSON || c.JUnit != "" || len(c.Expect) > 0):
		return errors.New("--print only prints a drill: leave out --json, --junit and --expect")
	case c.Print != "":
		_, err = Template(string(c.Print))
		return err
	case c.URL == "":
		return errors.New("write the address of an admin plane and a drill, such as http://127.0.0.1:7071 deploy")
	case c.Drill == "":
		return fmt.Errorf("%s without a drill: write a file after the address, or deploy, blip or herd", c.URL)
	}
	if c.script, err = Open(string(c.Drill)); err != nil {
		return err
	}
	if sameFile(c.JUnit, string(c.Drill)) {
		return fmt.Errorf("--junit %s would write over the drill: name another file", c.JUnit)
	}
	for _, text := range c.Expect {
		if err := c.script.expect(text); err != nil {
			return fmt.Errorf("--expect %q: %w", text, err)
		}
	}
	if len(c.script.Expect) == 0 {
		return fmt.Errorf("%s has no expectations: write expect: in the file, or --expect", c.Drill)
	}
	return nil
}

// PrintTemplate prints the built-in drill that --print names.
func (c *Command) PrintTemplate(out io.Writer) error {
	text, err := Template(string(c.Print))
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}

// Run performs the drill on t and writes the report to out. Meanwhile it shows the progress on live. It returns
// an error if an expectation does not hold, or if the drill ends early.
func (c *Command) Run(ctx context.Context, t Target, out io.Writer, live io.Writer) error {
	if err := c.promise(); err != nil {
		return err
	}
	ticker := &Ticker{Out: live, Terminal: tty.Is(live)}
	report, err := c.script.Run(ctx, t, ticker.Show)
	ticker.Clear()
	if err != nil {
		return c.abandon(report, out)
	}
	if err := c.write(report, out); err != nil {
		return err
	}
	if !report.Passed() {
		return fmt.Errorf("drill %s %s", report.Drill, report.verdict()+report.moreover())
	}
	return nil
}

// Abandon is for a drill whose target cannot be reached. It writes what programs read of the report, and returns err.
func (c *Command) Abandon(err error, out io.Writer) error {
	return c.writeAfter(err, c.script.unbegun(err), out)
}

// abandon writes what programs read of the report of a drill that has ended early, and returns why it has.
func (c *Command) abandon(r *Report, out io.Writer) error {
	err := r.Early
	if r.reason() == interrupted {
		err = errors.New(interrupted + ", so there is no verdict")
	}
	return c.writeAfter(fmt.Errorf("drill %s: %w", r.Drill, err), r, out)
}

// writeAfter writes the reports as JUnit and JSON after err, and returns err with what went wrong then.
func (c *Command) writeAfter(err error, r *Report, out io.Writer) error {
	failed := c.saveJUnit(r)
	if c.JSON {
		failed = cmp.Or(failed, r.WriteJSON(out))
	}
	if failed != nil {
		return fmt.Errorf("%w; %w", err, failed)
	}
	return err
}

func (c *Command) write(r *Report, out io.Writer) error {
	if err := c.saveJUnit(r); err != nil {
		return err
	}
	if c.JSON {
		return r.WriteJSON(out)
	}
	return r.WriteText(out)
}
