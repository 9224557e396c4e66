package filter

import (
	"slices"
	"strings"

	"holter/model"
)

// suggestFields lists the fields of a place that a user who wrote name may have meant.
func suggestFields(name string, p Place) string {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	if hint := hints[name]; hint != "" {
		return hint
	}
	near := nearFields(name, p)
	switch {
	case len(near) > 0:
		return "a field such as " + strings.Join(near, ", ")
	case p == EventRows:
		return "a field such as event, client, cause or time"
	}
	return "a field such as client, state, rtt or silence"
}

// longestName bounds what is compared with names, in bytes.
const longestName = 20

// nearFields returns at most four names, the nearest first. A name is near if few changes lead to it, or if it
// contains what was written. A field that has another name like that is near too.
func nearFields(name string, p Place) []string {
	type candidate struct {
		name  string
		edits int
	}
	if len(name) > longestName || name == "" {
		return nil
	}
	var near []candidate
	for _, f := range fields {
		if !f.on.has(p) {
			continue
		}
		best := candidate{f.name, -1}
		for _, called := range append([]string{f.name}, f.also...) {
			n := model.EditDistance(name, called)
			if n > max(1, len(name)/3) && (len(name) == 1 || !strings.Contains(called, name)) {
				continue
			}
			if best.edits < 0 || n < best.edits {
				best.edits = n
			}
		}
		if best.edits >= 0 {
			near = append(near, best)
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.edits - b.edits })
	var names []string
	for _, c := range near[:min(len(near), 4)] {
		names = append(names, c.name)
	}
	return names
}
