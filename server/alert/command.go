package alert

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"holter/model"
)

const (
	commandWithin = 30 * time.Second
	// outputWithin is how long after the end of the command something that it has started may keep its output open.
	outputWithin = time.Second
)

// command runs a line of shell for alerts. Nothing of an alert becomes part of that line: the JSON of a webhook is its standard
// input, and a few words are in its environment. It runs once: what it does may be no good to do twice.
type command struct{ line, link string }

func (c *command) name() string { return "command" }

func (c *command) deliver(ctx context.Context, _ string, alerts []model.Alert) error {
	body, err := json.Marshal(notice(alerts, c.link))
	if err != nil {
		return backoff.Permanent(err)
	}
	ctx, cancel := context.WithTimeout(ctx, commandWithin)
	defer cancel()
	said := &tail{}
	cmd := exec.CommandContext(ctx, "sh", "-c", c.line)
	apart(cmd)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = bytes.NewReader(body), said, said, outputWithin
	cmd.Env = append(os.Environ(),
		"HOLTER_ALERT_NAME="+alerts[0].Rule, "HOLTER_ALERT_STATE="+string(alerts[0].State), fmt.Sprintf("HOLTER_ALERT_COUNT=%d", len(alerts)),
		"HOLTER_ALERT_SUMMARY="+line(cmp.Or(alerts[0].Annotation("summary"), alerts[0].Detail, alerts[0].Rule)), "HOLTER_ALERT_DETAIL="+line(alerts[0].Detail))
	err = cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() == context.DeadlineExceeded:
		return backoff.Permanent(fmt.Errorf("it did not end within %s, and was stopped", commandWithin))
	case said.last() != "":
		return backoff.Permanent(fmt.Errorf("%w: %s", err, said.last()))
	case errors.Is(err, exec.ErrNotFound):
		return backoff.Permanent(errors.New("there is no sh to run it"))
	}
	return backoff.Permanent(err)
}

// line makes one line of a text, without what an environment cannot have.
func line(text string) string { return strings.NewReplacer("\n", " ", "\x00", "").Replace(text) }

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

const longestTail = 1 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p[max(0, len(p)-longestTail):]...)
	if extra := len(t.text) - longestTail; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

// last is the last line.
func (t *tail) last() string {
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	return model.Clean(lines[len(lines)-1], 100)
}
