package filter

import (
	"fmt"
	"strings"
	"time"

	"holter/model"
)

// MaxLength bounds a filter in bytes.
const MaxLength = 4096

// Filter selects rows, which are connections or what the screen lists beside them. Its zero value is the empty filter,
// which selects all of them.
//
//	filter      = conjunction { "or" conjunction } .
//	conjunction = term { [ "and" ] term } .
//	term        = "!" term | "(" filter ")" | "all" | word | field operator value .
//	operator    = "=" | "!=" | ">" | ">=" | "<" | "<=" | "~" .
//
// The term all matches every row wherever it stands, so !all matches none; to search for that word, write it in
// quotes. A word matches a connection if it is a part of the id, client, address, path, user agent or cause, and an event
// also if it is a part of what the screen says of it. A value ends at the next space, or at a closing parenthesis that
// was not opened in it. A word or value in double quotes may contain anything; \" and \\ stand for a quote and a
// backslash, and any other backslash for itself. Upper and lower case are the same everywhere.
//
// The fields have the names of the API, without the unit: rtt, bytes_in, user_agent. Each also has the names by which the
// screen calls it. An underscore in a name may be written as a space or a hyphen: data silence>30s. So a word that begins
// such a name and is to be searched for needs quotes if the rest of the name follows. Table lists them all.
//
//   - A figure has the operators = != > >= < <= and a value in its unit: 1m30s, 1.5MiB, 10k, 3, c17.
//   - A text has = and != for the whole of it, and ~ for a regular expression (RE2) anywhere in it.
//   - A path also has = and != for a template, where a * stands for one segment: path=/rooms/*.
//   - The faults have = and != for the name of a fault on the connection, as in fault=freeze.
//   - The addresses ip and remote have those of a text, and = and != also take a network: ip=10.0.0.0/8.
//
// A figure that is not there yet, such as the RTT before the first pong or the close code of an open connection,
// matches != and no other operator; !rtt>0 finds connections without one. A text that is not there is the empty
// text: cause="" finds the connections with nothing wrong.
//
// Some fields, and some words of others, are there in some places only. Elsewhere they are an error that says where they
// work: a filter never selects more than the same filter does in another place.
type Filter struct {
	root expression // nil in the empty filter
}

// Parse parses a filter of connections by themselves. A blank text is the empty filter. The term "all" matches
// everything too, but is not empty. The error is a *Error.
func Parse(s string) (Filter, error) { return Connections.Parse(s) }

// Parse parses a filter for this place, as the function Parse does for connections.
func (p Place) Parse(s string) (Filter, error) {
	if blank(s) {
		return Filter{}, nil
	}
	root, err := parse(s, p)
	if err != nil {
		return Filter{}, err
	}
	return Filter{root: root}, nil
}

// ParseSelection parses a filter for a command that changes the connections that match. The empty filter is an
// error: a command for every connection has to say "all".
func ParseSelection(s string) (Filter, error) {
	if blank(s) {
		return Filter{}, model.Errorf(model.Invalid, `an empty filter selects nothing here: write "all" for every connection`)
	}
	return Parse(s)
}

// Empty reports whether f is the empty filter.
func (f Filter) Empty() bool { return f.root == nil }

// Match reports whether f selects c at the time now. f was parsed for Connections: of rates and clients it knows nothing.
func (f Filter) Match(c *model.Connection, now time.Time) bool {
	return f.Selects(Row{Connection: c, Now: now})
}

// Selects reports whether f selects r. It allocates only for a regular expression on an address, and for a comparison
// with the faults of a disturbed connection. r has what the place has for which f was parsed.
func (f Filter) Selects(r Row) bool { return f.root == nil || f.root.match(r) }

// String returns f as it was understood: with the full names of its fields, and without spaces, parentheses and
// quotes that change nothing. Parse accepts the result.
func (f Filter) String() string {
	if f.root == nil {
		return ""
	}
	return f.root.String()
}

// Error is where a filter cannot be understood, and what could stand there.
type Error struct {
	Pos      int    // byte offset in the filter, from 0 up to its length
	Expected string // such as "a duration such as 100ms after rtt>"
}

func (e *Error) Error() string {
	return fmt.Sprintf("position %d: expected %s", e.Pos, e.Expected)
}

// Unwrap gives every Error the code Invalid: see model.ErrorCode.
func (e *Error) Unwrap() error { return &model.Error{Code: model.Invalid, Message: e.Error()} }

// blank reports whether s has nothing but spaces.
func blank(s string) bool { return strings.Trim(s, space) == "" }
