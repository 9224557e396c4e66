package swarm

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"holter/model"
	"holter/model/reconnect"
)

func TestHelpNamesEveryPreset(t *testing.T) {
	flag, _ := reflect.TypeFor[Return]().FieldByName("Preset")
	if help, names := flag.Tag.Get("help"), model.OneOf(PresetName("").Suggest()); !strings.Contains(help, ": "+names+" (") {
		t.Errorf("the help of --preset is\n%s\nand the presets are %s", help, names)
	}
}

func TestReadmeNamesEveryPreset(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	const head = "| preset | client |\n| --- | --- |\n"
	_, rest, _ := strings.Cut(string(text), head)
	got, _, _ := strings.Cut(rest, "\n\n")
	var want []string
	for _, c := range reconnect.KnownClients {
		want = append(want, "| `"+c.Preset+"` | "+c.Name+" |")
	}
	if got != strings.Join(want, "\n") {
		t.Errorf("README.md has the presets\n%s\nand reconnect.KnownClients has\n%s", got, strings.Join(want, "\n"))
	}
}
