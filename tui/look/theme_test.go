package look

import (
	"os"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"holter/model"
)

func TestThemes(t *testing.T) {
	th, err := FindTheme("")
	if err != nil || th != Themes[0] {
		t.Errorf("the default theme is %v, %v", th, err)
	}
	seen := map[string]bool{}
	for range Themes {
		found, err := FindTheme(th.Name)
		if err != nil || found != th {
			t.Errorf("%s is %v, %v", th.Name, found, err)
		}
		seen[th.Name] = true
		th = th.Next()
	}
	if len(seen) != len(Themes) || th != Themes[0] {
		t.Errorf("went through %v", seen)
	}
	if _, err := FindTheme("pink"); model.ErrorCode(err) != model.Invalid {
		t.Errorf("pink: %v", err)
	}
	s := New(Themes[2], Braille, func(name string) string { return map[string]string{"NO_COLOR": "1", "LANG": "C.UTF-8"}[name] })
	if got := s.States[model.Failed].On; got != ansi.NewStyle().Bold().String() {
		t.Errorf("failed without colour is %q", got)
	}
}

func TestChooseGraph(t *testing.T) {
	for _, test := range []struct {
		name string
		env  map[string]string
		want Graph
	}{
		{"", map[string]string{"LANG": "C.UTF-8", "TERM": "xterm"}, Braille},
		{"", map[string]string{"LANG": "C.UTF-8", "TERM": "linux"}, Block},
		{"", map[string]string{"LC_ALL": "C", "LANG": "C.UTF-8"}, ASCII},
		{"", map[string]string{"LANG": "C.UTF-8", "TERM": "dumb"}, ASCII},
		{"block", nil, Block},
	} {
		got, err := ChooseGraph(test.name, func(name string) string { return test.env[name] })
		if err != nil || got != test.want {
			t.Errorf("%q in %v is %q, %v, want %q", test.name, test.env, got, err, test.want)
		}
	}
	if _, err := ChooseGraph("sixel", os.Getenv); model.ErrorCode(err) != model.Invalid {
		t.Errorf("sixel: %v", err)
	}
}
