package reload

import (
	"errors"
	"strings"
	"testing"
)

// lamp is a part with one setting.
type lamp struct{ colour string }

func (l *lamp) Prepare(next string) (Commit, error) {
	switch next {
	case "":
		return nil, errors.New("no colour")
	case l.colour:
		return nil, nil
	}
	return func() { l.colour = next }, nil
}

func TestAllOrNone(t *testing.T) {
	a, b := &lamp{"red"}, &lamp{"red"}
	commit, err := All(Of(a, "green"), Of(b, "red"))
	if err != nil || a.colour != "red" {
		t.Fatalf("%v, %s before the commit", err, a.colour)
	}
	commit()
	if a.colour != "green" || b.colour != "red" {
		t.Errorf("%s, %s", a.colour, b.colour)
	}
	commit, err = All(Of(a, ""), Of(b, "blue"), Of(a, ""))
	if commit != nil || err == nil || strings.Count(err.Error(), "no colour") != 2 || b.colour != "red" {
		t.Errorf("%v, %s", err, b.colour)
	}
}
