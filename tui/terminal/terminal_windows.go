package terminal

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/windows"
)

// hungUp reports whether an error is that of a console whose window is closed.
func hungUp(err error) bool { return errors.Is(err, windows.ERROR_INVALID_HANDLE) }

// reopen returns nil: a write to a console cannot be broken off.
func reopen(*os.File) *os.File { return nil }

// Changes signals nothing: a console does not tell, so one has to look.
func Changes() (changed <-chan os.Signal, stop func()) { return nil, func() {} }

// Continued reports false: nothing is signalled.
func Continued(os.Signal) bool { return false }

// CanSuspend reports whether there are shells that stop a process and have it go on.
const CanSuspend = false

// Suspend does nothing.
func Suspend() {}

// consoleModes are how the console of the output was.
type consoleModes struct {
	before uint32
	known  bool
}

// set has the console obey escape sequences.
func (m *consoleModes) set(out io.Writer) error {
	f, ok := out.(*os.File)
	if !ok {
		return nil
	}
	h := windows.Handle(f.Fd())
	var now uint32
	if err := windows.GetConsoleMode(h, &now); err != nil {
		return err
	}
	if !m.known {
		m.before, m.known = now, true
	}
	return windows.SetConsoleMode(h, now|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING)
}

func (m *consoleModes) restore(out io.Writer) {
	if f, ok := out.(*os.File); ok && m.known {
		windows.SetConsoleMode(windows.Handle(f.Fd()), m.before)
	}
}
