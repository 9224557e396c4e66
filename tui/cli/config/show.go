package config

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// showCommand is holter config show.
type showCommand struct {
	Of
	Given bool `help:"Only what is set: on the command line, in the environment or in the file."`
	JSON  bool `name:"json" help:"A list in JSON."`
}

// Help is shown by holter config show --help.
func (showCommand) Help() string {
	return `What it prints is a configuration file too. What may be secret is masked; ↻ marks what a reload takes anew.

Examples:

    holter config show --given
    HOLTER_MAX_CONNS=100 holter config show --profile prod serve --interval 2s`
}

// Run prints the settings.
func (c showCommand) Run(k *kong.Kong, settings *Settings) error {
	args := c.args(k.Model)
	ctx, err := settings.fresh().Parse(args)
	if err != nil {
		return Wrong{fmt.Errorf("%s (%s)", plain(args[0], err), hint(k, err))}
	}
	list := settingsOf(ctx)
	if c.Given {
		kept := list[:0]
		for _, s := range list {
			if s.from != byDefault {
				kept = append(kept, s)
			}
		}
		list = kept
	}
	if c.JSON {
		return printJSON(k.Stdout, list)
	}
	return printYAML(k.Stdout, list)
}

// hint is where to read on after an error in the command line that is shown, whose flags come last: config show's own would be taken
// for one of them.
func hint(k *kong.Kong, err error) string {
	for _, own := range []string{"--given", "--json"} {
		if strings.Contains(err.Error(), "unknown flag "+own) {
			return "write " + own + " before the command: " + k.Model.Name + " config show " + own + " ..."
		}
	}
	return k.Model.Name + " config check finds the other mistakes too"
}

// shown is a setting in JSON.
type shown struct {
	Name   string `json:"name"`
	Value  any    `json:"value"`
	Origin string `json:"origin"`
	Reload bool   `json:"reload"` // a reload takes it anew
}

func printJSON(w io.Writer, list []setting) error {
	out := make([]shown, len(list))
	for i, s := range list {
		out[i] = shown{s.flag.Name, s.shownValue(), s.origin(), s.flag.Tag.Has("reload")}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// printYAML prints settings below the headings of the help, with comments in a column. What has no value is a comment too.
func printYAML(w io.Writer, list []setting) error {
	lines, longest := make([]string, len(list)), 0
	for i, s := range list {
		lines[i] = s.flag.Name + ": " + yamlOf(s.shownValue())
		if s.flag.Target.IsZero() && !s.flag.IsBool() && s.flag.Default == "" {
			lines[i] = "# " + s.flag.Name + ":"
		}
		if n := utf8.RuneCountInString(lines[i]); n <= widest {
			longest = max(longest, n)
		}
	}
	var b strings.Builder
	for _, group := range groupsOf(list) {
		fmt.Fprintf(&b, "\n# %s\n", strings.TrimSuffix(cmp.Or(group, "Others"), ":"))
		for i, s := range list {
			if groupOf(s.flag) != group {
				continue
			}
			fmt.Fprintf(&b, "%-*s  # %s", longest, lines[i], s.origin())
			if s.flag.Tag.Has("reload") {
				b.WriteString(" ↻")
			}
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, strings.TrimPrefix(b.String(), "\n"))
	return err
}

// widest is the longest setting that moves the comments to the right.
const widest = 50

// groupsOf are the headings of settings, in the order of the first of each.
func groupsOf(list []setting) []string {
	var groups []string
	for _, s := range list {
		if group := groupOf(s.flag); !slices.Contains(groups, group) {
			groups = append(groups, group)
		}
	}
	return groups
}

func groupOf(flag *kong.Flag) string {
	if flag.Group == nil {
		return ""
	}
	return flag.Group.Title
}

// yamlOf is a value in YAML, on one line.
func yamlOf(value any) string {
	switch v := value.(type) {
	case nil:
		return `""`
	case string:
		if plainScalar.MatchString(v) {
			return v
		}
		return inJSON(v)
	case []any:
		texts := make([]string, len(v))
		for i, element := range v {
			texts[i] = yamlOf(element)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case bool, json.Number:
		return fmt.Sprint(v)
	}
	return inJSON(value)
}

// plainScalar are texts that YAML reads as they are, and as nothing else.
var plainScalar = regexp.MustCompile(`^[a-zA-Z0-9/][a-zA-Z0-9_./+%-]*(:[a-zA-Z0-9_./+%-]+)*$`)

// inJSON is a value in JSON, which is YAML too.
func inJSON(value any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(value) // of texts, lists and maps of them: it cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}
