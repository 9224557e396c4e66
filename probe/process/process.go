// Package process is what this process may and does: how many descriptors it may open, how its garbage is
// collected, what happens before a panic ends it, and what a signal does to it.
//
// A process has one collector, one set of signals and one terminal, and a library leaves them to its
// application. So CollectGarbage, BeforePanic and Interruptible are for package main and for the commands
// that it runs. The parts that an application embeds may defer Tidy, which changes nothing unless main has
// called BeforePanic.
package process
