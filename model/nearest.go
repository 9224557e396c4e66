package model

import "strings"

// Nearest returns the word that a user who wrote text may have meant, "" if none is near: at most two mistakes away, or
// one if the text or the word is short. Upper and lower case are the same.
func Nearest(text string, words []string) string {
	text = strings.ToLower(text)
	if text == "" || len(text) > longestText {
		return ""
	}
	best, least := "", 3
	for _, w := range words {
		edits := EditDistance(text, strings.ToLower(w))
		if edits < least && edits <= min(len(text), len(w))/2 {
			best, least = w, edits
		}
	}
	return best
}

// longestText bounds what is compared with words, in bytes.
const longestText = 60

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
