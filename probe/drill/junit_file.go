package drill

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// errUnfinished is in the report that stands in the file until there is another.
var errUnfinished = errors.New("the drill has not ended yet, or was killed")

// promise writes the report of a drill that has not ended to the file for --junit. So no client is disturbed for a
// report that cannot be written, that of an earlier run is not taken for this one's, and a process that is killed
// leaves a report as well.
func (c *Command) promise() error {
	if isStream(c.JUnit) {
		return nil // which takes one report
	}
	return c.saveJUnit(c.script.unbegun(errUnfinished))
}

// saveJUnit writes the report to the file for --junit, if there is one.
func (c *Command) saveJUnit(r *Report) error {
	if c.JUnit == "" {
		return nil
	}
	var text bytes.Buffer
	err := r.WriteJUnit(&text)
	if err == nil {
		err = save(c.JUnit, text.Bytes())
	}
	if err != nil {
		return fmt.Errorf("--junit: %w", err)
	}
	return nil
}

// save writes a file at once: a reader finds the old text or the new one. Where that is not possible, as for a
// stream or in a folder that takes no new files, it overwrites the file.
func save(path string, text []byte) error {
	switch {
	case filepath.Clean(path) == "/dev/stdout": // opening it would empty the file that it leads to
		_, err := os.Stdout.Write(text)
		return err
	case isStream(path):
		return os.WriteFile(path, text, 0o666)
	}
	if file, err := filepath.EvalSymlinks(path); err == nil {
		path = file // and the link stays
	}
	beside := temporary(path)
	file, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return os.WriteFile(path, text, 0o666)
	}
	defer os.Remove(beside)
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if os.Rename(beside, path) != nil {
		return os.WriteFile(path, text, 0o666)
	}
	return nil
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// temporary is the name of the file beside path that a new text is written to.
func temporary(path string) string { return fmt.Sprintf("%s.%d.tmp", path, os.Getpid()) }

// isStream reports whether path names something to write to that is not a file which can be replaced.
func isStream(path string) bool {
	if strings.HasPrefix(filepath.ToSlash(filepath.Clean(path)), "/dev/") {
		return true // /dev/stdout may lead to a file, which this process has open
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode()&(os.ModeDevice|os.ModeNamedPipe|os.ModeSocket) != 0
}
