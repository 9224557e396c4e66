// Package filter is the language that selects connections, clients and events, on the screen, in the API and in drills, and the
// order in which lists show them.
//
// Parse turns a text into a Filter, once. Filter.Match then tests a connection, nearly always without an
// allocation. The files follow the way of a text: scan (words, operators, quotes), parse (or, and, not,
// parentheses), field (what can be compared), value (how values are parsed and compared), match (the expressions).
// An error has a position and says what was expected there; suggest finds the field that a mistyped name may mean.
//
// The package reads connections and changes none. A Filter never changes after Parse, and any goroutine may use it.
package filter
