package expect

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var some = Language{
	{Name: "back", Alias: "b", Unit: Share, Timed: true},
	{Name: "took", Unit: Length},
	{Name: "rate", Unit: PerSecond},
	{Name: "kind", Unit: Word, Joins: true, Words: []string{"a", "b c"}, Form: "a or b c"},
	{Name: "size", Unit: Number, Joins: true},
	{Name: "done", Unit: Flag},
}

func TestParse(t *testing.T) {
	for text, want := range map[string][]Comparison{
		"back>=99% within 10s": {{Subject: 0, Op: ">=", Value: Value{Number: 0.99}, Within: 10 * time.Second}},
		" b<5%@1m ":            {{Subject: 0, Op: "<", Value: Value{Number: 0.05}, Within: time.Minute}},
		"took<=1.5s":           {{Subject: 1, Op: "<=", Value: Value{Number: 1.5}}},
		"rate>20%/s":           {{Subject: 2, Op: ">", Value: Value{Number: 0.2, Relative: true}}},
		`kind!="b c" size=3`:   {{Subject: 3, Op: "!=", Value: Value{Word: "b c"}}, {Subject: 4, Op: "=", Value: Value{Number: 3}}},
		"done":                 {{Subject: 5}},
		"kind=a":               {{Subject: 3, Op: "=", Value: Value{Word: "a"}}},
		"rate<200/s":           {{Subject: 2, Op: "<", Value: Value{Number: 200}}},
	} {
		e, err := some.Parse(text)
		if err != nil || len(e.Parts) != len(want) || e.Text != strings.TrimSpace(text) {
			t.Errorf("%q: %+v, %v", text, e, err)
			continue
		}
		for i := range want {
			if e.Parts[i] != want[i] {
				t.Errorf("%q, part %d: %+v, want %+v", text, i, e.Parts[i], want[i])
			}
		}
	}
}

func TestParseSaysWhatToWrite(t *testing.T) {
	for text, want := range map[string]string{
		"":               "one of back, took, rate, kind, size, done",
		"kind=c":         "a or b c after kind",
		"kind=a back>1%": "kind or size: write back as another expectation",
		"done now":       "the end: write the rest as another expectation",
		"kind>a":         "= or != after kind",
		"took<5":         "a duration such as 10s after took",
	} {
		_, err := some.Parse(text)
		if e, ok := errors.AsType[*SyntaxError](err); !ok || e.Expected != want {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// A time that was never reached is later than all others.
func TestTimesThatAreNeverReached(t *testing.T) {
	for text, want := range map[string]bool{"took<1h": false, "took>1h": true, "took!=1s": true, "took<=9h": false} {
		e, err := some.Parse(text)
		if err != nil || e.Parts[0].HoldsTime(0) != want {
			t.Errorf("%s: want %t, error %v", text, want, err)
		}
	}
}
