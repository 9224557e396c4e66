package model

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// The worst come first: by urgency, then by how many they touch, then the older. Those that are dismissed are left out.
func TestAdviceIsTheWorst(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	all := []Warning{
		{ID: "hint", Urgency: Hint, Touched: 900, Since: noon},
		{ID: "few", Urgency: Harm, Touched: 2, Since: noon},
		{ID: "gone", Urgency: Harm, Touched: 99, Since: noon, Dismissed: true},
		{ID: "young", Urgency: Risk, Touched: 5, Since: noon.Add(time.Minute)},
		{ID: "many", Urgency: Harm, Touched: 40, Since: noon},
		{ID: "old", Urgency: Risk, Touched: 5, Since: noon},
	}
	if got := ids(Advice(all)); !slices.Equal(got, []string{"many", "few", "old", "young", "hint"}) {
		t.Errorf("the advice is %v", got)
	}
	if all[0].ID != "hint" || len(all) != 6 {
		t.Errorf("the warnings have changed: %v", ids(all))
	}
	for i := range 100 {
		all = append(all, Warning{ID: fmt.Sprint(i), Urgency: Risk, Touched: 10, Since: noon.Add(time.Duration(i) * time.Second)})
	}
	if got := Advice(all); len(got) != MaxAdvice || got[0].ID != "many" {
		t.Errorf("of many: %v", ids(got))
	}
	kept := KeepWorst(all)
	if len(kept) != MaxWarnings || !slices.IsSortedFunc(kept, func(a, b Warning) int { return a.Since.Compare(b.Since) }) {
		t.Errorf("%d are kept: %v", len(kept), ids(kept))
	}
	if got := ids(kept); !slices.Contains(got, "many") || slices.Contains(got, "hint") {
		t.Errorf("kept are %v", got)
	}
	for i := range all {
		all[i].Dismissed = all[i].ID != "hint"
	}
	if got := ids(KeepWorst(all)); len(got) != MaxWarnings || !slices.Contains(got, "hint") {
		t.Errorf("of many that are dismissed, kept are %v", got)
	}
	if got := Dismissed(all); len(got) != len(all)-1 || got[0].ID != "gone" {
		t.Errorf("dismissed are %v", ids(got))
	}
}

func ids(all []Warning) (ids []string) {
	for _, w := range all {
		ids = append(ids, w.ID)
	}
	return ids
}
