//go:build unix

package swarm

import (
	"strings"
	"testing"
)

func TestEnough(t *testing.T) {
	if err := enough(936, 1000); err != nil {
		t.Error(err)
	}
	err := enough(937, 1000)
	if err == nil || !strings.Contains(err.Error(), "needs 1001, the limit is 1000") {
		t.Errorf("got %v", err)
	}
}
