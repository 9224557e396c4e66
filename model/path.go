package model

import "strings"

// PathTemplate masks what differs by client in a path: each segment with a digit in it that is not a version such
// as v1, and each long one, becomes "*".
func PathTemplate(path string) string {
	if !strings.ContainsAny(path, "0123456789") && len(path) <= longSegment {
		return path
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if differs(s) {
			segments[i] = "*"
		}
	}
	return strings.Join(segments, "/")
}

const longSegment = 24 // bytes: names of people's making are shorter

func differs(segment string) bool {
	if len(segment) > longSegment {
		return true
	}
	if rest, ok := strings.CutPrefix(segment, "v"); ok && len(rest) <= 2 {
		return false
	}
	return strings.ContainsAny(segment, "0123456789")
}
