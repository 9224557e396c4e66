package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"holter/model"
)

// each is how many clients a scene has.
const each = 20

// matrix is what holter has called the trouble of all clients: a row for each scene, with the verdicts on its clients.
type matrix struct {
	mu   sync.Mutex // protects rows
	rows []tally
}

type tally struct {
	*scene
	verdicts map[model.Cause]int
	astray   []string // clients of which something else was told on the way
}

// nothing is the verdict on a client in whose trouble holter saw no cause.
const nothing model.Cause = ""

func (m *matrix) add(r tally) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows = append(m.rows, r)
}

// named reports whether a verdict claims to know the cause.
func named(c model.Cause) bool { return c != nothing && c != model.CauseUnknown }

// right is how many of the clients have the verdict that the scene is about.
func (r *tally) right() int {
	if !named(r.cause) {
		return r.verdicts[nothing] + r.verdicts[model.CauseUnknown]
	}
	return r.verdicts[r.cause]
}

// check wants 95 of 100 to be named as they should, and none as they should not.
func (r *tally) check(t *testing.T) {
	t.Helper()
	all := 0
	for verdict, n := range r.verdicts {
		all += n
		if named(verdict) && verdict != r.cause {
			t.Errorf("%s: %d are called %s", r.name, n, verdict)
		}
	}
	if all != each || r.right()*100 < each*95 {
		t.Errorf("%s: %d of %d are called %s: %v", r.name, r.right(), all, r.cause, r.verdicts)
	}
	if len(r.astray) > 0 {
		t.Errorf("%s: on the way some were called otherwise:\n%s", r.name, strings.Join(r.astray, "\n"))
	}
}

// String is the table: each column is a cause that holter named, and each row is a scene. Its letter is that of the column in
// which its clients should be.
func (m *matrix) String() string {
	var causes []model.Cause
	for _, all := range [][]model.Cause{model.Causes[:], model.CohortCauses[:], {model.CauseHandshakeBroken, nothing}} {
		for _, c := range all {
			if slices.ContainsFunc(m.rows, func(r tally) bool { return r.cause == c || r.verdicts[c] > 0 }) {
				causes = append(causes, c)
			}
		}
	}
	letter := func(c model.Cause) string { return string(rune('a' + slices.Index(causes, c))) }
	order := func(a, b tally) int { return slices.Index(causes, a.cause) - slices.Index(causes, b.cause) }
	var b strings.Builder
	fmt.Fprintf(&b, "of %d clients in each kind of trouble, holter calls so many:\n", each)
	for _, c := range causes {
		fmt.Fprintf(&b, "%4s", letter(c))
	}
	b.WriteString("\n")
	for _, r := range slices.SortedStableFunc(slices.Values(m.rows), order) {
		for _, c := range causes {
			fmt.Fprintf(&b, "%4s", strings.TrimPrefix(fmt.Sprint(r.verdicts[c]), "0"))
		}
		name := string(r.cause)
		if r.cause == nothing {
			name = "no cause"
		}
		fmt.Fprintf(&b, "   %s %s: %s\n", letter(r.cause), name, r.what)
	}
	if columns := slices.Collect(maps.Keys(m.strangers(causes))); len(columns) > 0 {
		slices.Sort(columns)
		fmt.Fprintf(&b, "%s\n", strings.Join(columns, "\n"))
	}
	return b.String()
}

// strangers are the columns that are no row's own.
func (m *matrix) strangers(causes []model.Cause) map[string]bool {
	all := map[string]bool{}
	for i, c := range causes {
		if !slices.ContainsFunc(m.rows, func(r tally) bool { return r.cause == c }) {
			all[fmt.Sprintf("%c is %s", 'a'+i, c)] = true
		}
	}
	return all
}

// These wait for most of their minutes: they run beside each other, and beside no other test.
func TestLongWaits(t *testing.T) {
	long(t, "they take minutes")
	for name, wait := range map[string]func(*testing.T){"causes": causes, "hidden tab": hiddenTab, "no beats": noBeats} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wait(t)
		})
	}
}

// Clients die and fall into trouble in all ways that holter has a name for, many at the same time, behind real proxies and
// across real networks. Each is named by what it died of, and what nothing shows is not named. The table is the confusion
// matrix.
func causes(t *testing.T) {
	m := new(matrix)
	t.Run("stages", func(t *testing.T) { // ends when all have ended
		for name, play := range map[string]func(*testing.T, *matrix){
			"mixture": playMixture, "streams": playStreams, "late": playLate, "race": playRace,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				play(t, m)
			})
		}
	})
	t.Logf("%s", m)
	for i := range m.rows {
		m.rows[i].check(t)
	}
}
