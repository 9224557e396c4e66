package advice

import (
	"fmt"
	"testing"
	"time"

	"holter/model"
)

func at(seconds float64) model.Instant { return model.Instant(seconds * float64(time.Second)) }

// What stands is news once; what has not stood for a minute is news again.
func TestWhatStandsIsNewsOnce(t *testing.T) {
	b := NewBook()
	race := func() *model.Warning { return &model.Warning{Kind: model.TimerRace, Path: "/ws"} }
	for _, step := range []struct {
		at, since float64
		news      bool
	}{{10, 10, true}, {11, 10, false}, {70, 10, false}, {131, 131, true}, {132, 131, false}} {
		w := race()
		since, news := b.Stand(w, at(step.at))
		if since != at(step.since) || news != step.news || w.ID != "a1" || w.Dismissed {
			t.Errorf("at %v s: since %v, news %t, %+v", step.at, time.Duration(since), news, w)
		}
	}
	other := &model.Warning{Kind: model.TimerRace, Path: "/other"}
	if _, news := b.Stand(other, at(133)); !news || other.ID != "a2" {
		t.Errorf("of another path: %+v", other)
	}
	b.Tidy(at(200))
	if w := race(); true {
		if _, known := b.Mark(w); known || w.ID != "" {
			t.Errorf("it is remembered although it has not stood for a minute: %+v", w)
		}
	}
}

// What is dismissed stays away, also when it stands anew, until it is more urgent or touches half as many again.
func TestWhatIsDismissedComesBackWhenItIsWorse(t *testing.T) {
	for name, tt := range map[string]struct {
		urgency model.Urgency
		touched int
		back    bool
	}{
		"the same":        {model.Risk, 20, false},
		"better":          {model.Hint, 2, false},
		"a few more":      {model.Risk, 29, false},
		"half as many":    {model.Risk, 30, true},
		"more urgent":     {model.Harm, 1, true},
		"less, but worse": {model.Harm, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := NewBook()
			first := &model.Warning{Kind: model.NoBeats, Path: "/ws", Urgency: model.Risk, Touched: 20}
			b.Stand(first, at(1))
			if err := b.Dismiss(first.ID); err != nil {
				t.Fatal(err)
			}
			if b.Mark(first); !first.Dismissed {
				t.Error("it is not dismissed")
			}
			b.Tidy(at(500))
			now := &model.Warning{Kind: model.NoBeats, Path: "/ws", Urgency: tt.urgency, Touched: tt.touched}
			_, news := b.Stand(now, at(501)) // anew, after minutes
			if news != tt.back || now.Dismissed == tt.back || now.ID != first.ID {
				t.Errorf("news %t, %+v", news, now)
			}
			if _, news := b.Stand(now, at(502)); news || now.Dismissed == tt.back {
				t.Errorf("a second later: news %t, %+v", news, now)
			}
		})
	}
}

// Of a few, some more are much worse only if they are several.
func TestOneMoreOfAFewIsNotWorse(t *testing.T) {
	b := NewBook()
	w := &model.Warning{Kind: model.Duplicate, Touched: 1}
	b.Stand(w, at(1))
	b.Dismiss(w.ID)
	for touched, dismissed := range map[int]bool{1: true, 2: true, 3: true} {
		w.Touched = touched
		if b.Stand(w, at(2)); w.Dismissed != dismissed {
			t.Errorf("with %d: %+v", touched, w)
		}
	}
	w.Touched = 4
	if b.Stand(w, at(3)); w.Dismissed {
		t.Errorf("with 4: %+v", w)
	}
}

func TestNothingIsDismissedByAWrongID(t *testing.T) {
	b := NewBook()
	b.Stand(&model.Warning{Kind: model.NoBeats}, at(1))
	for _, id := range []string{"", "a2", "A1", "1"} {
		for _, do := range []func(string) error{b.Dismiss, b.Recall} {
			if err := do(id); model.ErrorCode(err) != model.NotFound {
				t.Errorf("%q: %v", id, err)
			}
		}
	}
}

// What is dismissed by mistake comes back, without being news, and can be dismissed again.
func TestDismissalIsTakenBack(t *testing.T) {
	b := NewBook()
	w := &model.Warning{Kind: model.NoBeats, Urgency: model.Risk, Touched: 20}
	b.Stand(w, at(1))
	for second := 2.0; second < 6; second += 2 {
		if b.Dismiss(w.ID); b.Recall(w.ID) != nil {
			t.Fatal("it is not known any more")
		}
		if since, news := b.Stand(w, at(second)); w.Dismissed || news || since != at(1) {
			t.Errorf("news %t, since %v, %+v", news, since, w)
		}
		b.Dismiss(w.ID)
		if b.Stand(w, at(second+1)); !w.Dismissed {
			t.Error("it is not dismissed again")
		}
	}
}

// A book has room for the warnings of all paths, and forgets the oldest beyond that.
func TestABookIsBounded(t *testing.T) {
	b := NewBook()
	for i := range 3 * mostEntries {
		b.Stand(&model.Warning{Kind: model.NoBeats, Path: fmt.Sprint(i)}, at(float64(i)/1000))
	}
	if len(b.entries) != mostEntries {
		t.Errorf("%d entries, want %d", len(b.entries), mostEntries)
	}
	if _, known := b.Mark(&model.Warning{Kind: model.NoBeats, Path: fmt.Sprint(3*mostEntries - 1)}); !known {
		t.Error("the newest is forgotten")
	}
}
