package process

import (
	"runtime"
	"testing"
)

func TestMemoryGrowsWithWhatIsHeld(t *testing.T) {
	before := Memory()
	held := make([]byte, 64<<20)
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1
	}
	if after := Memory(); after < before+32<<20 {
		t.Errorf("%d bytes before, %d with 64 MiB more", before, after)
	}
	runtime.KeepAlive(held)
}
