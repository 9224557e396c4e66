package filter

import (
	"fmt"
	"math/bits"
	"strings"
)

// Field describes a field for users.
type Field struct {
	Name  string
	Also  []string // other names of it
	Takes string   // such as "a duration such as 100ms"
	About string
}

// Fields are those of a place, in the order in which they are shown to users.
func (p Place) Fields() []Field {
	var all []Field
	for _, f := range fields {
		if f.on.has(p) {
			all = append(all, Field{f.name, f.also, f.wants(p), f.about})
		}
	}
	return all
}

// Table is the Markdown table of all fields for the README, with the values that they take somewhere.
func Table() string {
	var b strings.Builder
	b.WriteString("| field | takes | |\n| --- | --- | --- |\n")
	for _, f := range fields {
		name := "`" + f.name + "`"
		for _, also := range f.also {
			name += ", `" + also + "`"
		}
		about := f.about
		if f.where() != "" {
			about += "; " + f.where()
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, f.takesAnywhere(), about)
	}
	return b.String()
}

// where says in which places a field is.
func (f field) where() string {
	switch f.on {
	case everywhere:
		return ""
	case everywhere | onServices:
		return "of services too"
	case nearlyAll:
		return "not for events"
	case nearlyAll | onServices:
		return "of services too, not for events"
	case onRows:
		return "only on the screen"
	}
	return "for " + f.on.String()
}

// takesAnywhere lists the values that a field takes. Those of some places only have a note.
func (f field) takesAnywhere() string {
	if f.values == nil {
		return f.wants(Connections)
	}
	var words []string
	noted := map[string]bool{}
	for p := range Place(len(placeNouns)) {
		if !f.on.has(p) {
			continue
		}
		for _, v := range f.values(p) {
			if noted[v] {
				continue
			}
			noted[v] = true
			words = append(words, "`"+v+"`"+f.limits(f.takenOn(v)))
		}
	}
	return strings.Join(words, ", ")
}

// limits is a note on a value that the field takes in these places only, "" for all of its places.
func (f field) limits(on places) string {
	off := f.on &^ on
	switch {
	case off&^onServices == 0:
		return "" // what is for connections and what is for services is plain to see
	case on == onServices|onEvents:
		return " (of services)"
	case bits.OnesCount8(uint8(off)) < bits.OnesCount8(uint8(on)):
		return " (not for " + off.String() + ")"
	}
	return " (for " + on.String() + ")"
}

// takenOn returns where a field takes a value.
func (f field) takenOn(value string) (where places) {
	for p := range Place(len(placeNouns)) {
		if f.on.has(p) && contains(f.values(p), value) {
			where |= 1 << p
		}
	}
	return where
}

// Figure returns the full name of the field that is called name in this place, and what reads its figure of a row: a duration in
// nanoseconds, a share in millionths, a count as it is. get is nil if there is no such figure.
func (p Place) Figure(name string) (full string, get func(Row) (value int64, known bool)) {
	f, there := findField(name)
	if !there || f.figure == nil || !f.on.has(p) {
		return "", nil
	}
	return f.name, f.figure
}
