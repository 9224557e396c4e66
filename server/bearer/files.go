package bearer

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// files are the files with keys.
type files struct {
	paths []string // of keys
	jwks  string   // of a set, empty for none

	mu   sync.Mutex // protects all following
	seen []stamp    // of each file, when it was last read
	read content
}

// content is what was read from files. It never changes.
type content struct {
	own []any
	set *set // of jwks, or of a set among paths
}

// stamp tells whether a file has changed.
type stamp struct {
	at   time.Time
	size int64
}

// content returns what was read last.
func (f *files) content() content {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.read
}

// keep takes over what was read.
func (f *files) keep(c content, seen []stamp) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.read, f.seen = c, seen
}

// readChanged reads all files if one of them has changed since they were read. With an error what was read before stays,
// and it tries again when a file changes again.
func (f *files) readChanged() (changed bool, err error) {
	now := f.stamps()
	f.mu.Lock()
	same := slices.Equal(now, f.seen)
	f.seen = now
	f.mu.Unlock()
	if same {
		return false, nil
	}
	c, seen, err := f.load()
	if err != nil {
		return false, err
	}
	f.keep(c, seen)
	return true, nil
}

// load reads all files, and changes nothing.
func (f *files) load() (c content, seen []stamp, err error) {
	seen = f.stamps() // before they are read, so that a change meanwhile is one
	for i, path := range f.list() {
		keys, s, err := readKeys(path)
		switch {
		case err != nil:
			return content{}, nil, err
		case s != nil && c.set != nil:
			return content{}, nil, fmt.Errorf("%s is a second set of keys: write one with --jwt-jwks, and other keys with --jwt-key", path)
		case s == nil && i == len(f.paths):
			return content{}, nil, fmt.Errorf("--jwt-jwks %s is no JSON Web Key Set, which begins with {\"keys\":[: write it with --jwt-key", path)
		case s != nil:
			c.set = s
		}
		c.own = append(c.own, keys...)
	}
	return c, seen, nil
}

func readKeys(path string) (keys []any, s *set, err error) {
	text, err := readKeyFile(path)
	if err == nil {
		keys, s, err = parseKeys(text)
	}
	if err != nil {
		err = fmt.Errorf("keys for tokens in %s: %w", path, err)
	}
	return keys, s, err
}

// readKeyFile reads a file with keys, which is short.
func readKeyFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	case info.Size() > maxSet:
		return nil, fmt.Errorf("it has %d bytes: keys take at most %d", info.Size(), maxSet)
	}
	return os.ReadFile(path)
}

// list are all files.
func (f *files) list() []string {
	if f.jwks == "" {
		return f.paths
	}
	return append(slices.Clip(f.paths), f.jwks)
}

func (f *files) stamps() []stamp {
	all := f.list()
	stamps := make([]stamp, len(all))
	for i, path := range all {
		if info, err := os.Stat(path); err == nil {
			stamps[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return stamps
}
