package throttle

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann, bob := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
		th := New(10, 3)
		for i := range 3 {
			if _, ok := th.Take(ann); !ok {
				t.Errorf("number %d was not let in", i+1)
			}
		}
		if wait, ok := th.Take(ann); ok || wait != 100*time.Millisecond {
			t.Errorf("one too many: %v, %v", wait, ok)
		}
		if _, ok := th.Take(netip.MustParseAddr("::ffff:192.0.2.1")); ok {
			t.Error("the same address in another form was let in")
		}
		if _, ok := th.Take(bob); !ok {
			t.Error("another address was not let in")
		}
		time.Sleep(100 * time.Millisecond)
		if _, ok := th.Take(ann); !ok {
			t.Error("not let in after its wait")
		}
		if _, ok := th.Take(ann); ok {
			t.Error("two after a wait for one")
		}
	})
}

// However many addresses come, the memory is bounded, and those that are known keep their bucket.
func TestManyAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := New(1, 2)
		address := func(i uint32) netip.Addr {
			return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, i)))
		}
		th.Take(address(1))
		time.Sleep(10 * time.Second) // its bucket is full again
		for i := uint32(2); i < 3*mostAddresses; i++ {
			th.Take(address(i))
			th.Take(address(i))
		}
		if n := len(th.buckets); n > mostAddresses {
			t.Errorf("%d buckets", n)
		}
		if _, ok := th.Take(address(100)); ok {
			t.Error("the bucket of one that is known was forgotten")
		}
		time.Sleep(10 * time.Second) // all buckets are full again
		if _, ok := th.Take(address(1 << 30)); !ok || len(th.buckets) != 1 {
			t.Errorf("%d buckets after a while", len(th.buckets))
		}
	})
}
