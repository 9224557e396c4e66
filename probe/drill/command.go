package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"holter/probe/tty"
)

// Command is the command line of a drill.
type Command struct {
	URL   string `arg:"" optional:"" name:"admin-url" help:"Address of the holter's admin plane, such as http://127.0.0.1:7071."`
	Drill Name   `arg:"" optional:"" help:"A file, or one that is ready made: deploy, blip or herd."`

	Token  string   `placeholder:"SECRET" help:"Token that the holter was started with."`
	Expect []string `sep:"none" placeholder:"TEXT" help:"One more expectation, such as 'peak_rate<200/s'; may be repeated."`
	JSON   bool     `name:"json" help:"Write the report as JSON."`
	JUnit  string   `name:"junit" placeholder:"FILE" help:"Write the report to a file as JUnit does, for CI."`
	Print  Name     `placeholder:"NAME" help:"Print one of those that are ready made, to begin your own with, and do nothing else."`

	script *Drill `kong:"-"`
}

// Help is shown by holter drill --help.
func (Command) Help() string {
	return `A drill closes connections, refuses upgrades or puts faults on connections at given times, watches the clients come back, and compares that with what it expects. The exit code is 0 if all of that holds, 1 if not or if it could not be found out, and 2 if the drill makes no sense.

Expectations:

    recovered>=99% within 60s   of those that lost their connection
    back<50%@2s                 the same: not too many too soon
    back_99<20s                 when 99% were back; or back_50, back_90
    peak_rate<200/s             attempts in the worst second
    peak_rate<50%/s             of those that lost their connection
    crowding<3                  the peak over that of an even spread
    policy=exponential jitter>=50% factor>1.5
    like=Phoenix                a known client
    refused<1000   lost>=40   no_client_gave_up

Examples:

    holter drill http://127.0.0.1:7071 deploy
    holter drill --print herd >ours.yaml
    holter drill 127.0.0.1:7071 ours.yaml --junit drill.xml
    holter drill 127.0.0.1:7071 herd --expect 'peak_rate<200/s'`
}

// Validate is called by kong. It reads the drill.
func (c *Command) Validate() (err error) {
	switch {
	case c.Print != "" && c.URL != "":
		return errors.New("--print only prints: leave address and drill out")
	case c.Print != "":
		_, err = Template(string(c.Print))
		return err
	case c.URL == "":
		return errors.New("write the address of an admin plane and a drill, such as http://127.0.0.1:7071 deploy")
	case c.Drill == "":
		return fmt.Errorf("%s without a drill: write a file after it, or deploy, blip or herd", c.URL)
	}
	if c.script, err = Open(string(c.Drill)); err != nil {
		return err
	}
	for _, text := range c.Expect {
		e, err := ParseExpectation(text)
		if err != nil {
			return fmt.Errorf("--expect %q: %w", text, err)
		}
		c.script.Expect = append(c.script.Expect, e)
	}
	if len(c.script.Expect) == 0 {
		return fmt.Errorf("%s expects nothing: write expect: into it, or --expect", c.Drill)
	}
	return nil
}

// PrintTemplate prints what --print asks for.
func (c *Command) PrintTemplate(out io.Writer) error {
	text, err := Template(string(c.Print))
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}

// Run drills the clients of t, writes the report to out, and tells live how it goes. It is an error if an
// expectation does not hold.
func (c *Command) Run(ctx context.Context, t Target, out io.Writer, live io.Writer) error {
	junit, err := c.create()
	if err != nil {
		return err
	}
	ticker := &Ticker{Out: live, Terminal: tty.Is(live)}
	report, err := c.script.Run(ctx, t, ticker.Show)
	ticker.Clear()
	if err != nil {
		discard(junit)
		if ctx.Err() != nil {
			err = errors.New("interrupted, so there is no verdict")
		}
		return fmt.Errorf("drill %s: %w", c.script.Name, err)
	}
	if err := c.write(report, out, junit); err != nil {
		return err
	}
	if !report.Passed() {
		return fmt.Errorf("drill %s %s", report.Drill, report.verdict())
	}
	return nil
}

// create makes the file for CI before anything is disturbed, so that a drill is not for nothing. It
// answers nil if none is asked for.
func (c *Command) create() (*os.File, error) {
	if c.JUnit == "" {
		return nil, nil
	}
	file, err := os.Create(c.JUnit)
	if err != nil {
		return nil, fmt.Errorf("--junit: %w", err)
	}
	return file, nil
}

// discard leaves no empty file that might be taken for a report.
func discard(file *os.File) {
	if file != nil {
		file.Close()
		os.Remove(file.Name())
	}
}

func (c *Command) write(r *Report, out io.Writer, junit *os.File) error {
	if junit != nil {
		if err := errors.Join(r.WriteJUnit(junit), junit.Close()); err != nil {
			return fmt.Errorf("--junit: %w", err)
		}
	}
	if c.JSON {
		return r.WriteJSON(out)
	}
	return r.WriteText(out)
}
