package path

import "strings"

// Wild stands for a segment that differs by client.
const Wild = "*"

const (
	// maxSegments bounds the segments of a path that are looked at. The rest of a longer path counts as one segment.
	maxSegments = 16
	longSegment = 24 // bytes: names with digits that people choose are shorter
	codeLength  = 8  // bytes of the shortest hexadecimal code
)

// Mask returns the template of a path as far as its shape shows it: the segments become Wild that look like the id of a
// client or of a session. It does so in doubt too, as with CP1, but not in the first segment: /ws1 is a route.
func Mask(path string) string { return mask(path, unsure) }

// mask replaces the segments that are at least that surely ids. It returns path itself if there are none.
func mask(path string, least likeness) string {
	if isPlain(path) {
		return path
	}
	var room [256]byte
	masked := appendMasked(room[:0], path, least)
	if string(masked) == path {
		return path
	}
	return string(masked)
}

// appendMasked appends path to b, the segments masked that are at least that surely ids.
func appendMasked(b []byte, path string, least likeness) []byte {
	done, named := 0, false // done are the bytes of path that are in b
	for from, n := 0, 1; from <= len(path); n++ {
		to := segmentEnd(path, from, n)
		if shape := shapeOf(path[from:to]); shape >= least && (shape == id || named) {
			b = append(append(b, path[done:from]...), Wild...)
			done = to
		}
		named = named || from < to
		from = to + 1
	}
	return append(b, path[done:]...)
}

// segmentEnd returns the end of the n-th segment of path, which begins at from.
func segmentEnd(path string, from, n int) int {
	if n < maxSegments {
		if to := strings.IndexByte(path[from:], '/'); to >= 0 {
			return from + to
		}
	}
	return len(path)
}

// likeness is how surely a segment is an id.
type likeness uint8

const (
	word   likeness = iota // no sign of an id
	unsure                 // a word with a number, such as CP1 or mqtt5
	id
)

// makeup counts what a segment is made of.
type makeup struct {
	digits, letters, marks int
	hex                    int // digits and letters of a hexadecimal number
	turns                  int // from a letter to a digit or back
	bends                  int // from an upper-case letter to a lower-case one or back
}

func makeupOf(s string) (m makeup) {
	before := byte(0)
	for _, c := range []byte(s) {
		kind := byte(0)
		switch {
		case '0' <= c && c <= '9':
			kind = '0'
			m.digits++
			m.hex++
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			kind = 'A' | c&0x20 // the bit of lower case
			m.letters++
			if c|0x20 <= 'f' {
				m.hex++
			}
		default:
			m.marks++
		}
		if kind != before && kind != 0 && before != 0 {
			if kind == '0' || before == '0' {
				m.turns++
			} else {
				m.bends++
			}
		}
		before = kind
	}
	return m
}

// cutMark ends a text that model.Clean has cut. Before it stands a checksum, which differs by text.
const cutMark = "…"

// shapeOf returns how surely a segment is an id, as it looks.
func shapeOf(s string) likeness {
	if isPlain(s) || isRest(s) {
		return word
	}
	m := makeupOf(s)
	switch {
	case strings.HasSuffix(s, cutMark), strings.IndexByte(s, '@') > 0:
		return id
	case m.digits == 0 && len(s) >= 2*codeLength && 3*m.bends >= len(s): // as in base64
		return id
	case m.digits == 0, isVersion(s):
		return word
	case m.letters == 0, len(s) > longSegment, m.hex >= codeLength && m.hex+strings.Count(s, "-") == len(s):
		return id
	case m.turns >= 3, m.digits >= 4, m.digits == 3 && !isLower(s[0]): // ocpp201 and h264 are names of people's making
		return id
	}
	return unsure
}

// isPlain reports whether s, a segment or a path, has nothing but lower-case letters and the marks that are usual between
// them. Most are plain.
func isPlain(s string) bool {
	for _, c := range []byte(s) {
		if !isLower(c) && c != '/' && c != '-' && c != '_' && c != '*' {
			return false
		}
	}
	return true
}

// isRest reports whether s is the rest of a path with more than maxSegments.
func isRest(s string) bool { return strings.IndexByte(s, '/') >= 0 }

// isVersion reports whether s is v1, v12, 1.6 or v2.0.1.
func isVersion(s string) bool {
	rest, named := strings.CutPrefix(s, "v")
	parts := 0
	for part := range strings.SplitSeq(rest, ".") {
		if parts++; part == "" || len(part) > 2 || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return parts <= 3 && (named || parts > 1)
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

// Match reports whether a path fits a template: each Wild stands for one segment that is not empty. Upper and lower case
// are the same, as everywhere in filters.
func Match(template, path string) bool {
	for {
		want, restOfTemplate, more := strings.Cut(template, "/")
		have, restOfPath, longer := strings.Cut(path, "/")
		switch {
		case more != longer:
			return false
		case want == Wild && have == "", want != Wild && !strings.EqualFold(want, have):
			return false
		case !more:
			return true
		}
		template, path = restOfTemplate, restOfPath
	}
}

// IsTemplate reports whether one of the segments of a path is Wild.
func IsTemplate(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == Wild {
			return true
		}
	}
	return false
}
