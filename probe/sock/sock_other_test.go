//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package sock

import (
	"errors"
	"testing"
)

func TestUnsupported(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("ping")} {
		if n, err := TryWrite(^uintptr(0), b); n != 0 || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("TryWrite(%q) = %d, %v, want ErrUnsupported", b, n, err)
		}
	}
}
