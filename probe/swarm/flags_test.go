package swarm

import (
	"strings"
	"testing"

	"holter/model/reconnect"
)

func TestHelpNamesEveryPreset(t *testing.T) {
	help := Command{}.Help()
	for i := range reconnect.KnownClients {
		c := &reconnect.KnownClients[i]
		if _, row, ok := strings.Cut(help, "\n    "+c.Preset+" "); !ok || !strings.Contains(strings.Join(strings.Fields(row), " "), c.Ends.String()) { // it goes over several lines
			t.Errorf("the help lacks %s, or what ends it: %s", c.Preset, &c.Ends)
		}
	}
}

// The help has an example of each figure. Their expressions are right.
func TestHelpNamesEveryFigure(t *testing.T) {
	help := Command{}.Help()
	for i := range figures {
		name := figures[i].Name
		if stem, _, _ := strings.Cut(name, "_"); name != "no_client_gave_up" && !strings.Contains(help, stem) {
			t.Errorf("the help lacks %s", name)
		}
	}
	_, list, _ := strings.Cut(help, "its first connection:\n\n")
	list, _, _ = strings.Cut(list, "\n\n")
	for _, line := range strings.Split(list, "\n") {
		text, _, _ := strings.Cut(strings.TrimSpace(line[:min(len(line), 31)]), "  ")
		if !strings.ContainsAny(text, "<>") {
			continue
		}
		if _, err := language.Parse(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
