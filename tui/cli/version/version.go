// Package version knows which version of holter this is. A release is told its version when it is linked; for any other
// program, Go takes the version from the repository. The package is for the command line, and for what main passes on.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// stamped is the version of a release, for the linker to set: -X holter/tui/cli/version.stamped=v1.2.3.
var stamped string

// Command prints the version.
type Command struct{}

// Run prints one line.
func (Command) Run(k *kong.Kong) error {
	_, err := fmt.Fprintf(k.Stdout, "holter %s %s %s/%s\n", String(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// String is the version, such as v1.2.3, or (devel) where the repository was not known.
func String() string {
	if stamped != "" {
		return stamped
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
