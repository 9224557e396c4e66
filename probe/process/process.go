// Package process holds what concerns the process as a whole: how goroutines are started, what happens before a
// panic or a second signal ends the program, how garbage is collected, and how many descriptors may be open.
//
// Any package may start goroutines with Go, Guard, Group, Run, Together, Beside and Gently, call Every, and ask
// CanOpen and DescriptorLimit. A panic in such a goroutine ends the program as usual, unless main has called
// BeforeAbort.
// (Together alone turns a panic of a part into an error.)
//
// A process has one garbage collector, one set of signals and one terminal, and a library must leave them to its
// application. So only package main and the commands that it runs may call CollectGarbage, BeforeAbort and
// Interruptible.
package process
