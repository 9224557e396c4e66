package filter

import (
	"slices"
	"strings"
)

// suggestFields lists the fields that a user who wrote name may have meant.
func suggestFields(name string) string {
	near := nearFields(strings.ToLower(name))
	if len(near) == 0 {
		return "a field such as client, state, rtt or silence"
	}
	return "a field such as " + strings.Join(near, ", ")
}

// nearFields returns at most four names, the nearest first. A name is near if few changes lead to it, or if it
// contains what was written.
func nearFields(name string) []string {
	type candidate struct {
		name  string
		edits int
	}
	if len(name) > 20 {
		return nil
	}
	var near []candidate
	for _, f := range fields {
		n := EditDistance(name, f.name)
		if n <= max(1, len(name)/3) || len(name) > 1 && strings.Contains(f.name, name) {
			near = append(near, candidate{f.name, n})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.edits - b.edits })
	var names []string
	for _, c := range near[:min(len(near), 4)] {
		names = append(names, c.name)
	}
	return names
}

// EditDistance returns the number of bytes to insert, delete or change to turn a into b (Levenshtein 1965). It
// computes Wagner and Fischer's table, of which it keeps one row.
func EditDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
