// Package filter is the language that chooses connections, on the screen, in the API and in drills, and the
// order in which lists show them.
//
// Parse turns a text into a Filter, once; Filter.Match then asks one connection without an allocation. The
// way of a text: scan (words, operators, quotes), parse (or, and, not, parentheses), field (what can be
// compared, and how its values are read), match (the expressions). An error knows its position and says
// what was expected; suggest finds the field that a mistyped name was meant to be.
//
// All values are immutable after Parse, and safe for use by many goroutines.
package filter
