package host

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSmallestGroup(t *testing.T) {
	root := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := smallestGroup(root); got != 0 {
		t.Errorf("%d without any group", got)
	}
	write("proc/self/cgroup", "3:memory:/old\n0::/a.slice/b\n")
	if got := smallestGroup(root); got != 0 {
		t.Errorf("%d without a bound", got)
	}
	write("sys/fs/cgroup/a.slice/b/memory.max", "max\n")
	write("sys/fs/cgroup/a.slice/memory.max", "536870912\n")
	if got := smallestGroup(root); got != 512<<20 {
		t.Errorf("%d, want that of the group above", got)
	}
	write("sys/fs/cgroup/a.slice/b/memory.max", "1048576\n")
	if got := smallestGroup(root); got != 1<<20 {
		t.Errorf("%d, want the smaller one", got)
	}
	if Allowed() == 0 {
		t.Error("nothing is known of this machine")
	}
}
