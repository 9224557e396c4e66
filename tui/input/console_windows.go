package input

import (
	"io"
	"os"
)

// console reports whether from is the console of a Windows process.
func console(from io.Reader) bool { return from == nil || from == io.Reader(os.Stdin) }
