package drill

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"holter/model"
	"holter/model/reconnect"
)

// Each key that help and README list is one that a drill can have as it stands there.
func TestKeysAreAsListed(t *testing.T) {
	for _, kind := range kinds {
		for _, k := range keysOf(kind) {
			lines := []string{kind.example()}
			if kind == Fault {
				lines = append(lines, "on: all", "for: 20s")
			}
			lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, k.name+":") })
			text := "name: x\nsteps:\n- " + strings.Join(append(lines, k.example), "\n  ") + "\n"
			if _, err := Parse("x.yaml", []byte(text)); err != nil {
				t.Errorf("%s\n%v", text, err)
			}
		}
	}
	for _, k := range drillKeys {
		text := "name: x\nsteps: [{kick: all}]\n"
		switch k.name {
		case "name", "steps":
			continue
		case "expect":
			text += k.example + "\n- lost>1\n"
		default:
			text += k.example + "\n"
		}
		if _, err := Parse("x.yaml", []byte(text)); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

// Each subject and each key is listed, with examples that can be parsed.
func TestEverythingIsListed(t *testing.T) {
	help, readme := Command{}.Help(), Reference()
	listed := func(what string) {
		t.Helper()
		if !strings.Contains(help, what) || !strings.Contains(readme, what) {
			t.Errorf("%s is not listed", what)
		}
	}
	for i := range language {
		s := &language[i]
		if len(s.Examples) == 0 || !strings.HasPrefix(s.Examples[0].Text, s.Name) {
			t.Errorf("%s has no example", s.Name)
		}
		for _, e := range s.Examples {
			listed(e.Text)
			if parsed, err := ParseExpectation(e.Text); err != nil || parsed.Parts[0].Subject != i || e.About == "" {
				t.Errorf("%s: %v", e.Text, err)
			}
		}
	}
	for _, k := range stepKeys {
		listed(k.example)
	}
	for _, k := range drillKeys {
		listed(k.example)
	}
	for i := range reconnect.KnownClients {
		listed(reconnect.KnownClients[i].Name)
	}
	for _, name := range likes() {
		if _, err := ParseExpectation("like=" + name); err != nil {
			t.Error(err)
		}
	}
	for _, line := range strings.Split(help, "\n") {
		if n := len([]rune(line)); n > helpWidth && strings.HasPrefix(line, helpIndent) {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// The help of flags and the README name the built-in drills, and the drills in the README can be read.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	drills := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllSubmatch(text, -1)
	for _, d := range drills {
		if _, err := Parse("README.md", d[1]); err != nil {
			t.Error(err)
		}
	}
	field, _ := reflect.TypeFor[Command]().FieldByName("Drill")
	if all := model.OneOf(Names); len(drills) == 0 || !strings.Contains(field.Tag.Get("help"), all) || len(Names) != 3 {
		t.Errorf("%d drills, help %s, want %s", len(drills), field.Tag, all)
	}
	for _, name := range Names {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("README.md does not name %s", name)
		}
	}
}
