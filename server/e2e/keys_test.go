//go:build unix

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// keyStep is keys pressed one after another, and what they bring onto the screen or take off it.
type keyStep struct {
	keys []string
	want string
	gone string // a regular expression
}

// keySteps press every key of the screen at least once, by tmux's names, in an order that leads from
// one effect to the next.
var keySteps = []keyStep{
	{keys: []string{"2"}, want: "BACK AFTER"},
	{keys: []string{"3"}, want: "There has been no storm"},
	{keys: []string{"4"}, want: "WHAT"},
	{keys: []string{"5"}, want: "This holter"},
	{keys: []string{"-"}, want: "charts show 5m"},
	{keys: []string{"+"}, want: "charts show 2m"},
	{keys: []string{"Tab"}, gone: "This holter"}, // the ward
	{keys: []string{"Tab"}, want: "MARGIN"},      // the paths
	{keys: []string{"Tab"}, want: "SILENCE"},
	{keys: []string{"BTab", "BTab", "BTab"}, want: "This holter"},
	{keys: []string{"6"}, gone: "This holter"},
	{keys: []string{"7"}, want: "MARGIN"},
	{keys: []string{"1"}, want: "SILENCE"},

	{keys: []string{"s", "c"}, want: "CLIENT▲"},
	{keys: []string{"S"}, want: "CLIENT▼"},
	{keys: []string{"S"}, want: "▸● normal  swarm-0001"},
	{keys: []string{"j"}, want: "▸● normal  swarm-0002"},
	{keys: []string{"k"}, want: "▸● normal  swarm-0001"},
	{keys: []string{"PageDown"}, gone: "▸● normal  swarm-0001"},
	{keys: []string{"PageUp", "g"}, want: "▸● normal  swarm-0001"},
	{keys: []string{"C-d"}, gone: "▸● normal  swarm-0001"},
	{keys: []string{"C-u", "Home"}, want: "▸● normal  swarm-0001"},
	{keys: []string{"G"}, gone: "swarm-0001 "},
	{keys: []string{"g", "c", "Down", "Down", "Space"}, want: "[ ] gen"},
	{keys: []string{"Enter"}, gone: "GEN "},

	{keys: []string{"p"}, want: "FROZEN"},
	{keys: []string{"p"}, gone: "FROZEN"},
	{keys: []string{"F"}, want: "FOLLOW swarm-0001"},
	{keys: []string{"Space"}, want: "1 marked"},
	{keys: []string{"v", "j", "j", "v"}, gone: `\b1 marked`}, // how many depends on who came in between
	{keys: []string{"X"}, want: "▸ Cancel"},
	{keys: []string{"Escape"}, gone: "▸ Cancel"},
	{keys: []string{"u"}, gone: `\d marked`},
	{keys: []string{"g", "Enter"}, want: "round trips"},
	{keys: []string{"Escape"}, gone: "round trips"},

	{keys: []string{"/", "s", "w", "a", "r", "m", "-", "0", "0", "0", "1", "Enter"}, want: "1/1 of 6"},
	{keys: []string{"Escape"}, gone: "of 6"},
	{keys: []string{"/", "Up"}, want: "/swarm-0001"},
	{keys: []string{"Down"}, gone: "/swarm-0001"},
	{keys: []string{"Escape"}, gone: "enter keep"},
	{keys: []string{"s", "s", "n"}, want: "▸"},
	{keys: []string{"N"}, want: "▸"},

	{keys: []string{"s", "c", "g"}, want: "▸● normal  swarm-0001"},
	{keys: []string{"x"}, want: "▸ Cancel"},
	{keys: []string{"Tab"}, want: "▸ Kick"},
	{keys: []string{"Tab", "Right"}, want: "1000 normal closure"},
	{keys: []string{"Left"}, want: "1001 going away"},
	{keys: []string{"BTab", "BTab", "BTab", "Space"}, want: "[x] instead of a close frame"},
	{keys: []string{"Escape"}, gone: "Cancel"},
	{keys: []string{"f"}, want: "Faults of swarm-"},
	{keys: []string{"Right"}, want: "far away"},
	{keys: []string{"Enter", "Enter", "Enter"}, want: "latency=200ms±50ms"},
	{keys: []string{"f"}, want: "Faults of swarm-"},
	{keys: []string{"0"}, want: "no faults on swarm-"},
	{keys: []string{"R"}, want: "refuse upgrades?"},
	{keys: []string{"Escape"}, gone: `refuse upgrades\?`},
	{keys: []string{"w", "j"}, want: "wrote holter-connections-"},
	{keys: []string{"y", "i"}, want: "copied, if the terminal allows it: c"},
	{keys: []string{"d"}, want: "demo clients start only while there are no connections"},
	{keys: []string{"t"}, want: "theme dark"},
	{keys: []string{"m"}, want: "mouse off"},
	{keys: []string{"m"}, want: "mouse on"},
	{keys: []string{"P"}, want: "MASKED"},
	{keys: []string{"?"}, want: "Here: connections"},
	{keys: []string{"Escape"}, gone: "Here: connections"},
}

func TestEveryKeyInTmux(t *testing.T) {
	t.Parallel()
	x := startTmux(t, 160, 46)
	dir := t.TempDir()
	address := freePort(t)
	x.write(t, "cd "+dir+" && "+holter+" --listen "+address+" --admin 127.0.0.1:0")
	x.press(t, "Enter")
	x.until(t, "No client is connected yet.")
	release(t, "ws://"+address+"/ws", "-n", "60") // unlike a demo's, its clients stay
	x.until(t, "1/60")                            // all of them, in whichever order
	for _, step := range keySteps {
		for _, key := range step.keys {
			x.press(t, key)
		}
		if step.want != "" {
			x.until(t, step.want)
		}
		if step.gone != "" {
			pattern := regexp.MustCompile(step.gone)
			x.shows(t, fmt.Sprintf("%q off the screen", step.gone), func(s string) bool { return !pattern.MatchString(s) })
		}
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "holter-connections-*.json")); len(files) != 1 {
		t.Errorf("w wrote %v", files)
	} else if info, err := os.Stat(files[0]); err != nil || info.Size() < 1000 {
		t.Errorf("the file is too small to be true: %v, %v", info, err)
	}
	x.press(t, "C-z")
	x.until(t, "enter shows it again")
	x.press(t, "Enter")
	x.until(t, "MASKED")
	x.press(t, "Q")
	x.until(t, "connections of others")
	x.press(t, "y")
	x.prompt(t)
	x.write(t, "echo left=$?")
	x.press(t, "Enter")
	x.until(t, "left=0")
	x.until(t, "SILENCE") // the last picture is still there
}
