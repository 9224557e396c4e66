// Package version knows which version of holter this is. Go takes it from the repository when the program
// is built. It is for the command line, and for what main passes on.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// Command prints the version.
type Command struct{}

// Run prints one line.
func (Command) Run(k *kong.Kong) error {
	_, err := fmt.Fprintf(k.Stdout, "holter %s %s %s/%s\n", String(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// String is the version, such as v1.2.3, or (devel) where the repository was not known.
func String() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
