//go:build !unix

package alert

import "os/exec"

// apart does nothing: there are no process groups here.
func apart(*exec.Cmd) {}
