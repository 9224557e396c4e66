// Package habit learns the rhythm in which data comes over a connection, and tells when it stops against that habit.
//
// A Habit is that of one connection, in both directions. Its owner looks at it about once in the time between two beats,
// and passes the longest pause between two messages since the look before. From these a Habit knows the usual pause and
// the longest. Only what is steady is a habit: pauses of a conversation differ by far too much, and then nothing is ever
// found. A habit that changes slowly is followed.
//
// A Path is what all connections to one path template have in common. It knows how many of them have a habit and how
// many are quiet now, so that a quiet which they share, as at night, is no finding for any. It also remembers that
// streams on this path stop again and again, or came back from a quiet by themselves: then that is their habit.
//
// A page in a browser has a habit of its own kind: browsers run the timers of a hidden tab about once a minute, or not at
// all, and answer pings all the same.
//
// A Habit belongs to one goroutine at a time: its owner holds a lock around each call. Any goroutine may use a Path. No
// call waits or allocates.
package habit
