package model

import (
	"fmt"
	"hash/crc32"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cutMarkSize is the size of the mark at the end of a string that Clean has cut: a checksum of the whole string in
// hexadecimal, and an ellipsis. Without the checksum, two long client ids that differ only near their ends
// would become one client.
const cutMarkSize = 8 + len("…")

// Clean makes a string from a socket safe to show, log and compare. It replaces each invisible character, and each
// byte that is not UTF-8, by U+FFFD. Invisible are control characters, marks that change the direction of text,
// characters without a width, separators of lines and paragraphs, and spaces other than the plain one. They are
// replaced and not removed, so that a client id with an invisible character differs from the one without.
//
// The result has at most limit bytes. A longer one is cut between two characters, and ends in a checksum of s in
// eight hexadecimal digits, and "…". Below a limit of 11 there is no room for these, and it is only cut. Clean
// returns s itself, without an allocation, if there is nothing to do.
func Clean(s string, limit int) string {
	limit = max(limit, 0)
	if len(s) <= limit && FirstInvisible(s) < 0 {
		return s
	}
	clean, whole := cleanPrefix(s, limit)
	if whole || limit < cutMarkSize {
		return clean
	}
	return cut(clean, limit-cutMarkSize) + fmt.Sprintf("%08x…", crc32.ChecksumIEEE([]byte(s)))
}

// Abridge is Clean for a text that is read and not compared, such as a sentence or an error: a longer one is cut and ends in "…"
// alone, without a checksum.
func Abridge(s string, limit int) string {
	limit = max(limit, 0)
	if len(s) <= limit && FirstInvisible(s) < 0 {
		return s
	}
	clean, whole := cleanPrefix(s, limit)
	if whole || limit < len("…") {
		return clean
	}
	return strings.TrimRight(cut(clean, limit-len("…")), " ") + "…"
}

// FirstInvisible returns the offset of the first character or byte in s that Clean replaces, -1 if there is none.
func FirstInvisible(s string) int {
	ascii := 0 // the usual case, without decoding
	for ascii < len(s) && ' ' <= s[ascii] && s[ascii] <= '~' {
		ascii++
	}
	for i, r := range s[ascii:] {
		i += ascii
		if !visible(r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return i
		}
	}
	return -1
}

// visible reports whether r takes room on a screen and does not change its neighbours. The tables list characters
// that count as letters or marks but show nothing, such as the Hangul fillers. U+2800 is the braille pattern
// without a dot.
func visible(r rune) bool {
	if r < utf8.RuneSelf {
		return ' ' <= r && r <= '~'
	}
	return unicode.IsPrint(r) && r != '\u2800' &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// cleanPrefix replaces what is invisible in s, up to a result of limit bytes.
func cleanPrefix(s string, limit int) (clean string, whole bool) {
	var b strings.Builder
	b.Grow(min(len(s), limit))
	for _, r := range s {
		if !visible(r) {
			r = utf8.RuneError
		}
		if b.Len()+utf8.RuneLen(r) > limit {
			return b.String(), false
		}
		b.WriteRune(r)
	}
	return b.String(), true
}

// cut shortens s to at most limit bytes without splitting a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// sizeUnits are tried in order, so that a longer one comes before those that it ends with.
var sizeUnits = []struct {
	name  string
	bytes float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12},
	{"k", 1e3}, {"m", 1e6}, {"g", 1e9}, {"t", 1e12}, // as the screen shows sizes
	{"b", 1}, {"", 1},
}

// ParseSize parses a size in bytes, such as 4096, 64KiB, 1.5MB or 310k.
func ParseSize(s string) (int64, bool) {
	s = strings.ToLower(s)
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		bytes := n * u.bytes
		return int64(bytes), err == nil && strings.Trim(number, "0123456789.") == "" && bytes < math.MaxInt64
	}
	return 0, false
}
