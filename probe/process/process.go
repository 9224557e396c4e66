// Package process is what this process may and does: how many descriptors it may open, how its garbage is
// collected, how its goroutines are started, what happens before a panic ends it, and what a signal does
// to it.
//
// A process has one collector, one set of signals and one terminal, and a library leaves them to its
// application. So CollectGarbage, BeforeAbort and Interruptible are for package main and for the commands
// that it runs. All others start their goroutines here, with Go, Group, Run or Guard. These change nothing
// about a panic unless main has called BeforeAbort. Packages model and tui start no goroutines and do not
// need this one.
package process
