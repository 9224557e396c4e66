package terminal

import (
	"fmt"
	"runtime"
)

// Refuses says in a sentence why the kind of terminal in TERM gets no screen, "" if it gets one. A terminal that says that it
// is dumb, or does not say what it is, may print escape sequences as text. Windows has no TERM.
func Refuses(getenv func(string) string) string {
	if runtime.GOOS == "windows" {
		return ""
	}
	switch kind := getenv("TERM"); kind {
	case "":
		return "TERM is not set, so nothing is known of this terminal"
	case "dumb", "unknown", "network":
		return fmt.Sprintf("TERM=%s is a terminal without a screen", kind)
	}
	return ""
}
