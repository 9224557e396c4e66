//go:build unix

package alert

import (
	"os/exec"
	"syscall"
)

// apart gives a command a process group of its own, which is killed as a whole: the shell may have started more.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
