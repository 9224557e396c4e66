// Package noquery keeps the libraries behind the screen from asking the terminal for its background
// colour. Importing Bubble Tea v1 asks before main begins, for every command, and waits for seconds
// where nothing answers, such as under docker run -t or ssh -tt.
//
// They do not ask when the variable CI is set, so it is set while packages initialise. What makes
// this package come first is the order that the language lays down: of the packages whose imports
// are initialised, the one whose path sorts first is next. This one imports os alone; Bubble Tea also
// imports os/exec, which sorts after holter and needs os too. Another import here would break that.
package noquery

import "os"

var before, wasSet = os.LookupEnv("CI")

func init() { os.Setenv("CI", "1") }

// Restore gives CI the value it had. It is the first thing that main does: later, colours and
// programs that are started depend on it.
func Restore() {
	if wasSet {
		os.Setenv("CI", before)
	} else {
		os.Unsetenv("CI")
	}
}
