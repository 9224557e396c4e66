package process

import (
	"strings"
	"testing"
)

func TestCanOpen(t *testing.T) {
	for _, tc := range []struct {
		sockets int
		limit   uint64
		want    string
	}{
		{0, 64, ""},
		{960, 1024, ""},
		{961, 1024, "961 sockets need 1025 file descriptors and the limit is 1024"},
		{1, 0, "1 sockets need 65"},
	} {
		err := canOpen(tc.sockets, tc.limit)
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%d sockets of %d: %v, want %q", tc.sockets, tc.limit, err, tc.want)
		}
	}
}

func TestLimitOfThisProcess(t *testing.T) {
	if err := CanOpen(1); err != nil {
		t.Error(err)
	}
}
