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
	{Name: "like", Unit: Word, Joins: true, Words: []string{"A.B", "long name"}, Or: " or ", Form: "A.B or long name"},
	{Name: "done", Unit: Flag},
	{Name: "gone", Unit: Amount},
}

func TestParse(t *testing.T) {
	for text, want := range map[string][]Comparison{
		"back>=99% within 10s": {{Subject: 0, Op: ">=", Value: Value{Number: 0.99}, Within: 10 * time.Second}},
		" b<5%@1m ":            {{Subject: 0, Op: "<", Value: Value{Number: 0.05}, Within: time.Minute}},
		"took<=1.5s":           {{Subject: 1, Op: "<=", Value: Value{Number: 1.5}}},
		"rate>20%/s":           {{Subject: 2, Op: ">", Value: Value{Number: 0.2, Relative: true}}},
		`kind!="b c" size=3`:   {{Subject: 3, Op: "!=", Value: Value{Word: "b c"}}, {Subject: 4, Op: "=", Value: Value{Number: 3}}},
		"done":                 {{Subject: 6}},
		"gone<=3":              {{Subject: 7, Op: "<=", Value: Value{Number: 3}}},
		"gone<=10%":            {{Subject: 7, Op: "<=", Value: Value{Number: 0.1, Relative: true}}},
		"gone=0%":              {{Subject: 7, Op: "="}},
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
		"":               "one of back, took, rate, kind, size, like, done, gone",
		"kind=c":         "a or b c after kind",
		"kind=a back>1%": "kind, size or like: write back as another expectation",
		"done now":       "the end: write the rest as another expectation",
		"kind>a":         "= or != after kind",
		"took<5":         "a duration such as 10s, up to 24h, after took",
		"took<25h":       "a duration such as 10s, up to 24h, after took",
		"back<5%@25h":    "a duration such as 10s, up to 24h, after within",
		"size=0x10":      "a number such as 3 after size",
		"size=NaN":       "a number such as 3 after size",
		"size=+Inf":      "a number such as 3 after size",
		"size=1e300":     "a number such as 3 after size",
		"back>0x1p-1%":   "a share from 0% to 100%, such as 99% after back",
		"size<0":         "another value, because this never holds",
		"back>100%":      "another value, because this never holds",
		"rate>=0%/s":     "another value, because this always holds",
		"back<=100%@10s": "another value, because this always holds",
		"gone>100%":      "another value, because this never holds",
		"gone>101%":      "a number or a share of the clients, such as 3 or 10%, after gone",
		"gone>=0%":       "another value, because this always holds",
		"like=nobody":    "A.B or long name after like",
	} {
		_, err := some.Parse(text)
		if e, ok := errors.AsType[*SyntaxError](err); !ok || e.Expected != want {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// What is nearly a word is taken for a slip of that word.
func TestParseKnowsTheNearestWord(t *testing.T) {
	for text, want := range map[string]string{
		"bakc>1%":                 `position 0: unknown "bakc": did you mean back?`,
		"Took<1s":                 `position 0: unknown "Took": did you mean took?`,
		"like=a.b":                `position 5: unknown "a.b": did you mean A.B?`,
		"like=ab":                 `position 5: unknown "ab": did you mean A.B?`,
		"like=long name":          `position 5: unknown "long": did you mean "long name"?`,
		`like!="A.B or long nam"`: `position 6: unknown "long nam": did you mean "long name"?`,
		`kind=a lik="long name"`:  `position 7: unknown "lik": did you mean like?`,
		strings.Repeat("x", 100):  "position 0: expected one of back, took, rate, kind, size, like, done, gone",
	} {
		if _, err := some.Parse(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if e, err := some.Parse(`like="long name or A.B"`); err != nil || e.Parts[0].Value.Word != "long name or A.B" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestAmounts(t *testing.T) {
	for text, want := range map[string]bool{"gone<=3": true, "gone<3": false, "gone<=10%": true, "gone<10%": false, "gone=0%": false} {
		e, err := some.Parse(text)
		if err != nil || e.Parts[0].HoldsAmount(3, 30) != want {
			t.Errorf("%s of 3 in 30: want %t, error %v", text, want, err)
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
