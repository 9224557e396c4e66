package hub

import (
	"reflect"
	"testing"
	"unsafe"

	"holter/model/habit"
	"holter/server/tap"
)

// What is kept of a proxied connection for its rhythm and its timers, on both legs together, takes less than 200 bytes.
func TestRhythmAndTimersAreSmall(t *testing.T) {
	perTap := fields(t, tap.Conn{}, "said", "flow")
	shared := fields(t, connection{}, "boxes", "route", "ownBeat", "peerBeat", "habit")
	flow, habit := unsafe.Sizeof(tap.Flow{}), unsafe.Sizeof(habit.Habit{})
	all := 2*perTap + shared + flow + habit
	t.Logf("%d bytes: twice %d in a tap, %d of the client's flow, %d in the connection, %d of its habit", all, perTap, flow, shared, habit)
	if all >= 200 {
		t.Errorf("%d bytes", all)
	}
}

// fields returns the size of some fields of a struct, without what pads them.
func fields(t *testing.T, of any, names ...string) (size uintptr) {
	t.Helper()
	for _, name := range names {
		f, ok := reflect.TypeOf(of).FieldByName(name)
		if !ok {
			t.Fatalf("there is no %T.%s", of, name)
		}
		size += f.Type.Size()
	}
	return size
}
